"""Pulls one stream of Salesforce: everything, or what changed since the watermark, page by page.

A stamp is taken inside a transaction and seen at its commit, so rows appear behind a watermark (facts 3.2).
Each increment therefore looks back ten minutes; what we wrote ourselves in that time is not asked for again.
The new watermark is the server's clock before the query: what changes meanwhile is given now and once more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from leadledger.crm.salesforce.api import SalesforceApi
from leadledger.crm.salesforce.errors import CursorLostError
from leadledger.crm.salesforce.rows import lookup, queues_of, rows_of
from leadledger.crm.salesforce.streams import CREATED, NAME, person_fields
from leadledger.domain.instants import MINUTE, SECOND, iso
from leadledger.errors import BugError, CrmUnavailableError
from leadledger.ports import Kind, Page, Pull, Stream, Watermark

LOOK_BACK_US = 10 * MINUTE
"""As long as a call may run on the server (facts section 2), so as late as a commit may be."""
CURSOR_RESTARTS = 3

_SOURCE = {"LeadConversion": "Lead"}
_FIXED = {
    Kind.PEOPLE: ("OwnerId", "CreatedDate", "MasterRecordId"),
    Kind.ACCOUNTS: ("OwnerId",),
    Kind.HISTORY: ("LeadId", "Field", "OldValue", "NewValue", "CreatedDate", "CreatedById"),
    Kind.DEALS: ("CreatedDate", "IsWon", "IsClosed", "LastStageChangeDate", "CloseDate", "OwnerId"),
}
_FIXED_OF = {
    "Lead": ("IsConverted", "ConvertedContactId", "ConvertedDate"),
    "Contact": ("AccountId",),
    "OpportunityContactRole": ("OpportunityId", "ContactId"),
    "LeadConversion": ("ConvertedOpportunityId",),
}
_ONLY = {"Event": "IsChild = false", "LeadConversion": "ConvertedOpportunityId != null"}
"""Child events repeat their parent for each invitee (facts section 6)."""
_USERS = "SELECT Id, Email, Name, IsActive, SystemModstamp FROM User WHERE UserType = 'Standard' ORDER BY Id"
_QUEUES = "SELECT QueueId, Queue.DeveloperName, Queue.Name, SobjectType FROM QueueSobject ORDER BY QueueId"


def pull_stream(api: SalesforceApi, stream: Stream, since: Watermark | None) -> Pull:
    """The pages of a stream and the watermark that they reach."""
    low_us = None if since is None else int(since["hi_us"])
    # A watermark ahead of the server's clock never moves back: nothing is given until time has caught up.
    high_us = max(api.server_now_us // SECOND * SECOND, low_us or 0)
    watermark = {"hi_us": high_us}
    pages = _owners(api, stream) if stream.kind is Kind.OWNERS else _pages(api, stream, low_us)
    return Pull(pages, lambda: watermark)


def _pages(api: SalesforceApi, stream: Stream, low_us: int | None) -> Iterator[Page]:
    last_id = ""
    for _ in range(CURSOR_RESTARTS):
        try:
            for page in api.query(soql_of(stream, low_us, me=api.login.grant().user_id, after_id=last_id)):
                rows, rejected = rows_of(stream, page.records, increment=low_us is not None)
                if page.records:
                    last_id = str(lookup(page.records[-1], "Id"))
                yield Page(rows, rejected, page.total)
        except CursorLostError:
            continue
        return
    msg = f"Salesforce {stream.name}: the query lost its cursor {CURSOR_RESTARTS} times. Run again"
    raise CrmUnavailableError(msg)


def _owners(api: SalesforceApi, stream: Stream) -> Iterator[Page]:
    users = [record for page in api.query(_USERS, deleted=False) for record in page.records]
    queues = [record for page in api.query(_QUEUES, deleted=False) for record in page.records]
    rows, rejected = rows_of(stream, users, increment=False)
    rows += queues_of(queues)
    yield Page(rows, rejected, len(rows), replaces="all")


def soql_of(stream: Stream, low_us: int | None, *, me: str, after_id: str = "") -> str:
    """The query of a stream. Names were checked when the stream was made, and are checked again here."""
    # Imported here: simple_salesforce brings zeep, which `--help` must not pay for.
    from simple_salesforce.format import format_soql  # noqa: PLC0415

    source = _SOURCE.get(stream.name, stream.name)
    fields = _select(stream)
    if not all(NAME.match(name) for name in (source, *fields)):
        msg = f"a name of stream {stream.name} is not one of Salesforce's"
        raise BugError(msg)
    conditions = [_ONLY[stream.name]] if stream.name in _ONLY else []
    if stream.kind is Kind.HISTORY:
        # What we wrote ourselves is no evidence of what a person did.
        conditions += [format_soql("Field IN {}", list(stream.options)), format_soql("CreatedById != {}", me)]
    if low_us is None:
        if stream.name in {"Task", "Event"}:
            conditions.append("WhoId != null")
    else:
        conditions.append(_changed(stream, low_us, format_soql("LastModifiedById != {}", me)))
    if after_id:
        conditions.append(format_soql("Id > {}", after_id))
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return f"SELECT {', '.join(fields)} FROM {source}{where} ORDER BY Id"


def _changed(stream: Stream, low_us: int, not_by_us: str) -> str:
    stamp = "CreatedDate" if stream.kind is Kind.HISTORY else "SystemModstamp"
    low, back = iso(low_us), iso(low_us - LOOK_BACK_US)
    if stream.kind is Kind.PEOPLE:
        return f"({stamp} >= {low} OR ({stamp} >= {back} AND {not_by_us}))"
    return f"{stamp} >= {back}"


def _select(stream: Stream) -> Sequence[str]:
    common = ("Id", "IsDeleted") if stream.kind is Kind.HISTORY else ("Id", "SystemModstamp", "IsDeleted")
    wanted = [*common, *_FIXED.get(stream.kind, ()), *_FIXED_OF.get(stream.name, ())]
    if stream.kind is Kind.ACTIVITIES:
        wanted += person_fields(stream)
        if CREATED in stream.options:
            wanted.append("CreatedDate")
    # A field that is selected twice is an error, and SOQL knows no case.
    return tuple({name.lower(): name for name in [*stream.fields, *wanted]}.values())
