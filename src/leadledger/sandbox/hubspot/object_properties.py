"""The properties of companies, deals and activities that a lead-scoring tool reads or writes."""

from __future__ import annotations

from leadledger.sandbox.http import JsonObject
from leadledger.sandbox.hubspot.contact_properties import CONTACT_GROUPS, contact_properties
from leadledger.sandbox.hubspot.definitions import definition, lifecycle, owner, table

DEAL_STAGES = (
    ("appointmentscheduled", "Appointment Scheduled", "0.2", False),
    ("qualifiedtobuy", "Qualified To Buy", "0.4", False),
    ("presentationscheduled", "Presentation Scheduled", "0.6", False),
    ("decisionmakerboughtin", "Decision Maker Bought-In", "0.8", False),
    ("contractsent", "Contract Sent", "0.9", False),
    ("closedwon", "Closed Won", "1.0", True),
    ("closedlost", "Closed Lost", "0.0", True),
)
"""(id, label, probability, closed) of the one pipeline of a new account, in order."""
DEAL_PIPELINE = ("default", "Sales Pipeline")

_COMPANY = """
name | Company name | string/text
domain | Company Domain Name | string/text
industry | Industry | string/text
numberofemployees | Number of Employees | number/number
annualrevenue | Annual Revenue | number/number
country | Country/Region | string/text
state | State/Region | string/text
city | City | string/text
zip | Postal Code | string/text
website | Website URL | string/text
phone | Phone Number | string/phonenumber
description | Description | string/textarea
founded_year | Year Founded | string/text
is_public | Is Public | bool/booleancheckbox
"""
_COMPANY_SYSTEM = """
createdate | Create Date | datetime/date
hs_lastmodifieddate | Last Modified Date | datetime/date
hs_object_id | Record ID | number/number
hs_merged_object_ids | Merged record IDs | string/text
hubspot_owner_assigneddate | Owner Assigned Date | datetime/date
hs_all_owner_ids | All owner IDs | string/text
num_associated_contacts | Number of Associated Contacts | number/number
num_associated_deals | Number of Associated Deals | number/number
"""
_COMPANY_TYPES = (
    ("PROSPECT", "Prospect"),
    ("PARTNER", "Partner"),
    ("RESELLER", "Reseller"),
    ("VENDOR", "Vendor"),
    ("OTHER", "Other"),
)

_DEAL = """
dealname | Deal Name | string/text
amount | Amount | number/number
createdate | Create Date | datetime/date
closedate | Close Date | datetime/date
description | Deal Description | string/textarea
closed_lost_reason | Closed Lost Reason | string/textarea
closed_won_reason | Closed Won Reason | string/textarea
"""
_DEAL_SYSTEM = """
hs_lastmodifieddate | Last Modified Date | datetime/date
hs_object_id | Record ID | number/number
hs_merged_object_ids | Merged record IDs | string/text
hs_is_closed | Is Deal Closed? | bool/calculation_equation
hs_is_closed_won | Is Closed Won | bool/calculation_equation
hs_deal_stage_probability | Deal probability | number/number
hubspot_owner_assigneddate | Owner Assigned Date | datetime/date
hs_all_owner_ids | All owner IDs | string/text
num_associated_contacts | Number of Associated Contacts | number/number
"""
_DEAL_TYPES = (("newbusiness", "New Business"), ("existingbusiness", "Existing Business"))

_ACTIVITY_SYSTEM = """
hs_createdate | Create date | datetime/date
hs_lastmodifieddate | Last modified date | datetime/date
hs_object_id | Record ID | number/number
hs_merged_object_ids | Merged record IDs | string/text
hubspot_owner_assigneddate | Owner assigned date | datetime/date
hs_all_owner_ids | All owner IDs | string/text
"""
_ACTIVITY = {
    "calls": """
hs_timestamp | Activity date | datetime/date
hs_activity_type | Call and meeting type | string/text
hs_call_title | Call Title | string/text
hs_call_body | Call notes | string/textarea
hs_call_direction | Call Direction | string/text
hs_call_disposition | Call outcome | string/text
hs_call_duration | Call duration | number/number
hs_call_status | Call Status | string/text
""",
    "emails": """
hs_timestamp | Activity date | datetime/date
hs_email_subject | Email subject | string/text
hs_email_text | Email body | string/textarea
hs_email_html | Email HTML | string/textarea
hs_email_direction | Email Direction | string/text
hs_email_status | Email send status | string/text
hs_email_from_email | Email from address | string/text
hs_email_to_email | Email to address | string/text
hs_email_open_count | Number of email opens | number/number
hs_email_click_count | Number of email clicks | number/number
hs_email_reply_count | Number of email replies | number/number
""",
    "meetings": """
hs_timestamp | Activity date | datetime/date
hs_activity_type | Call and meeting type | string/text
hs_meeting_title | Meeting name | string/text
hs_meeting_body | Meeting description | string/textarea
hs_internal_meeting_notes | Internal meeting notes | string/textarea
hs_meeting_start_time | Meeting start time | datetime/date
hs_meeting_end_time | Meeting end time | datetime/date
hs_meeting_location | Meeting location | string/text
hs_meeting_source | Meeting source | string/text
""",
    "notes": """
hs_timestamp | Activity date | datetime/date
hs_note_body | Note body | string/textarea
""",
    "tasks": """
hs_timestamp | Due date | datetime/date
hs_task_subject | Task Title | string/text
hs_task_body | Task Notes | string/textarea
hs_task_reminders | Reminder | string/text
hs_task_completion_date | Completed at | datetime/date
""",
}
_CHOICES = {
    "meetings": {
        "hs_meeting_outcome": ("Meeting outcome", "SCHEDULED COMPLETED RESCHEDULED NO_SHOW CANCELED"),
    },
    "tasks": {
        "hs_task_status": ("Task Status", "NOT_STARTED IN_PROGRESS WAITING COMPLETED DEFERRED"),
        "hs_task_priority": ("Priority", "NONE LOW MEDIUM HIGH"),
        "hs_task_type": ("Task Type", "TODO EMAIL CALL LINKED_IN MEETING"),
    },
}


def _companies() -> list[JsonObject]:
    group = "companyinformation"
    return [
        *table(group, _COMPANY),
        *table(group, _COMPANY_SYSTEM, read_only=True),
        definition("type", "Type", "enumeration", "select", group, options=_COMPANY_TYPES),
        owner(group),
        *lifecycle(group),
    ]


def _deals() -> list[JsonObject]:
    group = "dealinformation"
    stages = [(id_, label) for id_, label, _, _ in DEAL_STAGES]
    return [
        *table(group, _DEAL),
        *table(group, _DEAL_SYSTEM, read_only=True),
        definition("dealstage", "Deal Stage", "enumeration", "radio", group, options=stages),
        definition("pipeline", "Pipeline", "enumeration", "select", group, options=[DEAL_PIPELINE]),
        definition("dealtype", "Deal Type", "enumeration", "radio", group, options=_DEAL_TYPES),
        owner(group),
    ]


def _activities(name: str) -> list[JsonObject]:
    return [
        *table("engagement", _ACTIVITY[name]),
        *table("engagement", _ACTIVITY_SYSTEM, read_only=True),
        *(
            definition(
                property_,
                label,
                "enumeration",
                "select",
                "engagement",
                options=[(value, value.replace("_", " ").title()) for value in values.split()],
            )
            for property_, (label, values) in _CHOICES.get(name, {}).items()
        ),
        owner("engagement"),
    ]


def standard_properties() -> dict[str, list[JsonObject]]:
    """Object name -> its definitions in a new account."""
    return {
        "contacts": contact_properties(),
        "companies": _companies(),
        "deals": _deals(),
        **{name: _activities(name) for name in _ACTIVITY},
    }


def standard_groups() -> dict[str, list[JsonObject]]:
    """Object name -> its property groups in a new account."""
    named = {
        "contacts": CONTACT_GROUPS,
        "companies": (("companyinformation", "Company information"),),
        "deals": (("dealinformation", "Deal information"),),
        **dict.fromkeys(_ACTIVITY, (("engagement", "Engagement"),)),
    }
    return {
        object_: [
            {"name": name, "label": label, "displayOrder": order, "archived": False}
            for order, (name, label) in enumerate(groups)
        ]
        for object_, groups in named.items()
    }
