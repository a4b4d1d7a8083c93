"""The properties of contacts: those of HubSpot that a lead-scoring tool reads, and the group `leadledger`."""

from __future__ import annotations

from leadledger.sandbox.http import JsonObject
from leadledger.sandbox.hubspot.definitions import definition, lifecycle, owner, table

CONTACT_GROUPS = (
    ("contactinformation", "Contact information"),
    ("analyticsinformation", "Web analytics history"),
    ("emailinformation", "Email information"),
    ("conversioninformation", "Conversion information"),
    ("sales_properties", "Sales properties"),
    ("leadledger", "leadledger"),
)

_LEAD_STATUS = (
    ("NEW", "New"),
    ("OPEN", "Open"),
    ("IN_PROGRESS", "In Progress"),
    ("OPEN_DEAL", "Open Deal"),
    ("UNQUALIFIED", "Unqualified"),
    ("ATTEMPTED_TO_CONTACT", "Attempted to Contact"),
    ("CONNECTED", "Connected"),
    ("BAD_TIMING", "Bad Timing"),
    # The account's own two, as its sales team works with them.
    ("ACCEPTED", "Accepted"),
    ("RECYCLE", "Recycle"),
)
_SOURCES = (
    ("ORGANIC_SEARCH", "Organic Search"),
    ("PAID_SEARCH", "Paid Search"),
    ("EMAIL_MARKETING", "Email Marketing"),
    ("SOCIAL_MEDIA", "Organic Social"),
    ("REFERRALS", "Referrals"),
    ("OTHER_CAMPAIGNS", "Other Campaigns"),
    ("DIRECT_TRAFFIC", "Direct Traffic"),
    ("OFFLINE", "Offline Sources"),
    ("PAID_SOCIAL", "Paid Social"),
    ("AI_REFERRALS", "AI Referrals"),
)

_INFORMATION = """
email | Email | string/text
firstname | First Name | string/text
lastname | Last Name | string/text
salutation | Salutation | string/text
jobtitle | Job Title | string/text
job_function | Job function | string/text
seniority | Seniority | string/text
company | Company Name | string/text
industry | Industry | string/text
company_size | Company size | string/text
numberofemployees | Number of Employees | number/number
annualrevenue | Annual Revenue | string/text
country | Country/Region | string/text
state | State/Region | string/text
city | City | string/text
zip | Postal Code | string/text
address | Street Address | string/text
website | Website URL | string/text
phone | Phone Number | string/phonenumber
mobilephone | Mobile Phone Number | string/phonenumber
hs_language | Preferred language | string/text
message | Message | string/textarea
purchase_timeframe | Purchase timeframe | string/text
budget | Budget | string/text
contact_me | Please contact me | bool/booleancheckbox
hs_timezone | Time Zone | string/text
"""
_SYSTEM = """
createdate | Create Date | datetime/date
lastmodifieddate | Last Modified Date | datetime/date
hs_object_id | Record ID | number/number
hs_merged_object_ids | Merged record IDs | string/text
hs_calculated_merged_vids | Merged contact IDs with timestamps | string/text
associatedcompanyid | Primary Associated Company ID | number/number
hubspot_owner_assigneddate | Owner Assigned Date | datetime/date
hubspot_team_id | HubSpot Team | string/text
hs_all_owner_ids | All owner IDs | string/text
hs_is_unworked | Contact unworked | bool/calculation_equation
"""
_ANALYTICS = """
hs_analytics_source_data_1 | Original Traffic Source Drill-Down 1 | string/text
hs_analytics_source_data_2 | Original Traffic Source Drill-Down 2 | string/text
hs_analytics_first_url | First Page Seen | string/text
hs_analytics_last_url | Last Page Seen | string/text
hs_analytics_first_referrer | First Referring Site | string/text
hs_analytics_first_timestamp | Time First Seen | datetime/date
hs_analytics_last_timestamp | Time Last Seen | datetime/date
hs_analytics_first_visit_timestamp | Time of First Session | datetime/date
hs_analytics_last_visit_timestamp | Time of Last Session | datetime/date
hs_analytics_num_page_views | Number of Pageviews | number/number
hs_analytics_num_visits | Number of Sessions | number/number
hs_analytics_num_event_completions | Number of event completions | number/number
hs_analytics_average_page_views | Average Pageviews | number/number
hs_latest_source_timestamp | Latest Traffic Source Date | datetime/date
"""
_EMAIL = """
hs_email_bounce | Marketing emails bounced | number/number
hs_email_click | Marketing emails clicked | number/number
hs_email_delivered | Marketing emails delivered | number/number
hs_email_open | Marketing emails opened | number/number
hs_email_replied | Marketing emails replied | number/number
hs_email_first_click_date | First marketing email click date | datetime/date
hs_email_first_open_date | First marketing email open date | datetime/date
hs_email_last_click_date | Last marketing email click date | datetime/date
hs_email_last_open_date | Last marketing email open date | datetime/date
hs_email_last_reply_date | Last marketing email reply date | datetime/date
hs_email_last_send_date | Last marketing email send date | datetime/date
hs_email_last_email_name | Last marketing email name | string/text
hs_email_optout | Unsubscribed from all email | bool/booleancheckbox
hs_email_hard_bounce_reason_enum | Email hard bounce reason | string/text
hs_email_sends_since_last_engagement | Sends Since Last Engagement | number/number
"""
_CONVERSION = """
num_conversion_events | Number of Form Submissions | number/number
num_unique_conversion_events | Number of Unique Forms Submitted | number/number
first_conversion_date | First Conversion Date | datetime/date
first_conversion_event_name | First Conversion | string/text
recent_conversion_date | Recent Conversion Date | datetime/date
recent_conversion_event_name | Recent Conversion | string/text
"""
_SALES = """
hs_sales_email_last_opened | Recent Sales Email Opened Date | datetime/date
hs_sales_email_last_clicked | Recent Sales Email Clicked Date | datetime/date
hs_sales_email_last_replied | Recent Sales Email Replied Date | datetime/date
hs_last_sales_activity_timestamp | Last Engagement Date | datetime/date
hs_first_outreach_date | First outreach date | datetime/date
hs_sa_first_engagement_date | Date of first engagement | datetime/date
hs_latest_meeting_activity | Latest meeting activity | datetime/date
engagements_last_meeting_booked | Date of last meeting booked in meetings tool | datetime/date
notes_last_contacted | Last Contacted | datetime/date
notes_last_updated | Last Activity Date | datetime/date
notes_next_activity_date | Next Activity Date | datetime/date
num_notes | Number of Sales Activities | number/number
num_contacted_notes | Number of times contacted | number/number
num_associated_deals | Number of Associated Deals | number/number
hs_sequences_is_enrolled | Currently in Sequence | bool/booleancheckbox
"""
_OWN = """
mql_counter | MQL counter | number/number
first_mql_date | First MQL date | datetime/date
last_mql_date | Last MQL date | datetime/date
lead_score | Lead score | number/number
engagement_score | Engagement score | number/number
fit_score | Fit score | number/number
lead_grade | Lead grade | string/text
lifecycle_stage_since | Lifecycle stage since | datetime/date
score_reasons | Score reasons | string/textarea
why_now | Why now | string/text
missing_facts | Missing facts | string/text
leadledger_stamp | leadledger stamp | string/text
"""


def contact_properties() -> list[JsonObject]:
    """The definitions of a freshly opened account that the setup command has visited."""
    group = "contactinformation"
    return [
        *table(group, _INFORMATION),
        *table(group, _SYSTEM, read_only=True),
        owner("sales_properties"),
        definition(
            "hs_lead_status",
            "Lead Status",
            "enumeration",
            "radio",
            "sales_properties",
            options=_LEAD_STATUS,
        ),
        *lifecycle(group),
        definition(
            "hs_analytics_source",
            "Original Traffic Source",
            "enumeration",
            "select",
            "analyticsinformation",
            options=_SOURCES,
            read_only=True,
        ),
        definition(
            "hs_latest_source",
            "Latest Traffic Source",
            "enumeration",
            "select",
            "analyticsinformation",
            options=_SOURCES,
            read_only=True,
        ),
        *table("analyticsinformation", _ANALYTICS, read_only=True),
        *table("emailinformation", _EMAIL, read_only=True),
        *table("conversioninformation", _CONVERSION, read_only=True),
        *table("sales_properties", _SALES, read_only=True),
        *table("leadledger", _OWN, custom=True),
    ]
