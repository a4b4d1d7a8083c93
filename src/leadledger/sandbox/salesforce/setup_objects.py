"""The objects of the set-up: users, queues, record types, lead statuses, the organization."""

from __future__ import annotations

from leadledger.sandbox.salesforce.schema import Kind, check, choice, link, moment, sobject, text, whole
from leadledger.sandbox.salesforce.standard_fields import NAMES, SETUP

USER = sobject(
    "User",
    "User",
    "005",
    (
        *SETUP,
        text("Username", 80, required=True),
        *NAMES,
        text("Email", 128, kind=Kind.EMAIL, required=True),
        text("Alias", 8),
        text("Title", 80),
        text("Department", 80),
        text("CompanyName", 80),
        text("Country", 80),
        check("IsActive", default=True),
        choice("UserType", "Standard", "Guest", restricted=True, default="Standard"),
        text("TimeZoneSidKey", 40),
        link("UserRoleId"),
        link("ProfileId"),
        link("ManagerId", "User"),
        moment("LastLoginDate"),
    ),
    createable=False,
    deletable=False,
)

GROUP = sobject(
    "Group",
    "Group",
    "00G",
    (
        *SETUP,
        text("Name", 40, required=True),
        text("DeveloperName", 80),
        link("RelatedId"),
        choice("Type", "Regular", "Queue", "Role", "RoleAndSubordinates", restricted=True, required=True),
        text("Email", 128, kind=Kind.EMAIL),
        link("OwnerId", "User"),
        check("DoesSendEmailToMembers"),
        check("DoesIncludeBosses"),
    ),
    deletable=False,
)

GROUP_MEMBER = sobject(
    "GroupMember",
    "Group Member",
    "011",
    (*SETUP, link("GroupId", "Group", required=True), link("UserOrGroupId", "User", "Group", required=True)),
)

QUEUE_SOBJECT = sobject(
    "QueueSobject",
    "Queue Sobject",
    "03g",
    (*SETUP, link("QueueId", "Group", required=True), text("SobjectType", 40, required=True)),
)

RECORD_TYPE = sobject(
    "RecordType",
    "Record Type",
    "012",
    (
        *SETUP,
        text("Name", 80, required=True),
        text("DeveloperName", 80, required=True),
        text("SobjectType", 40, required=True),
        text("Description"),
        check("IsActive", default=True),
    ),
    deletable=False,
)

LEAD_STATUS = sobject(
    "LeadStatus",
    "Lead Status Value",
    "01J",
    (
        *SETUP,
        text("MasterLabel"),
        text("ApiName"),
        whole("SortOrder"),
        check("IsDefault"),
        check("IsConverted"),
    ),
    createable=False,
    updateable=False,
    deletable=False,
)

ORGANIZATION = sobject(
    "Organization",
    "Organization",
    "00D",
    (
        *SETUP,
        text("Name", 80, required=True),
        text("InstanceName", 5),
        choice("OrganizationType", "Developer Edition", "Enterprise Edition", "Unlimited Edition"),
        check("IsSandbox"),
        text("Country", 80),
        text("TimeZoneSidKey", 40),
        text("DefaultLocaleSidKey", 40),
        text("LanguageLocaleKey", 40),
    ),
    createable=False,
    updateable=False,
    deletable=False,
)
