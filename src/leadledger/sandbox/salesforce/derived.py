"""Computes the fields that Salesforce itself keeps in step with others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from leadledger.sandbox.salesforce.schema import SObject
from leadledger.sandbox.salesforce.tables import full_name

_RESPONDED = frozenset({"Responded", "Registered", "Attended"})


def derive(
    sobject: SObject, before: Mapping[str, Any], columns: Mapping[str, Any], at: str
) -> dict[str, Any]:
    """The columns that follow from a change; `before` is empty for a new row, `at` the stamp of the change."""
    after = {**before, **columns}
    derived: dict[str, Any] = {}
    if sobject.has("LastName") and {"FirstName", "LastName"} & columns.keys():
        derived["Name"] = full_name(after)
    match sobject.name:
        case "Task" if "Status" in columns:
            closed = after["Status"] == "Completed"
            derived["IsClosed"] = int(closed)
            derived["CompletedDateTime"] = (before.get("CompletedDateTime") or at) if closed else None
        case "Opportunity" if "StageName" in columns:
            derived["IsClosed"] = int(after["StageName"] in {"Closed Won", "Closed Lost"})
            derived["IsWon"] = int(after["StageName"] == "Closed Won")
            if after["StageName"] != before.get("StageName"):
                derived["LastStageChangeDate"] = at
        case "CampaignMember":
            derived["LeadOrContactId"] = after.get("ContactId") or after.get("LeadId")
            if "Status" in columns:
                responded = after["Status"] in _RESPONDED
                derived["HasResponded"] = int(responded)
                if responded and not before.get("FirstRespondedDate"):
                    derived["FirstRespondedDate"] = at[:10]
        case _:
            pass
    # A person who edits a derived field by hand (in the sandbox's control panel) gets what they typed.
    return {name: value for name, value in derived.items() if name not in columns}
