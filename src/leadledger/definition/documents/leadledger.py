"""leadledger.yaml: what the definition is called, where it applies, and how far it may go."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from leadledger.definition.documents.strict import Document, DomainName, Id, Share, Text, Version
from leadledger.definition.documents.times import FineSpan, Span, TimeZone

CrmName = Literal["salesforce", "hubspot"]


class IdentityDocument(Document):
    """What makes records one person."""

    by: Literal["email", "record"] = Field(
        description="`email`: the same address is the same person. `record`: every record is a person of its own."
    )
    ignore_domains: tuple[DomainName, ...] = Field(
        (), description="Mail domains whose addresses join nobody, such as shared mailboxes."
    )
    plus_tags: bool = Field(
        default=True, description="`true` (default): ana+news@acme.com is another address than ana@acme.com."
    )
    references: tuple[Id, ...] = Field(
        (), description="Facts that hold the id of the same person's record in the other CRM."
    )
    same_activity: FineSpan | None = Field(
        None,
        description="Activities of equal type and asset from different streams, this close (60s), are one.",
    )


class HistoryDocument(Document):
    """How the past before the first run is treated."""

    mode: Literal["replay", "from_now"] = Field(
        description="`replay` derives stages and counters from past activities; with `from_now` they only give points."
    )
    since: Span | None = Field(
        None, description="How far back activities count (2y); all of them when not given."
    )


class GuardsDocument(Document):
    """Limits on one plan; a plan beyond one of them is stopped before the first write."""

    max_people_changing_stage: Share | None = Field(
        None, description="Share of all people (20%), or a number of people."
    )
    max_owner_changes: Share | None = Field(None, description="Share of all people, or a number of records.")
    max_emptied_fields: Share | None = Field(None, description="Share of all people, or a number of fields.")


class LeadledgerDocument(Document):
    """The whole file."""

    version: Version
    name: Text = Field(description="The definition's name, as reports show it.")
    definition_version: Text = Field(
        description="Your own version, such as the date of the agreement. Written to the ledger and, if mapped, to the CRM."
    )
    time_zone: TimeZone = Field(description="Where a day begins: an IANA name such as Europe/Berlin.")
    connections: tuple[CrmName, ...] = Field(
        min_length=1, description="The CRMs. Their secrets live in the environment, never here."
    )
    identity: IdentityDocument | None = Field(
        None, description="What makes records one person; e-mail by default."
    )
    history: HistoryDocument | None = Field(
        None, description="The past before the first run; `replay` by default."
    )
    guards: GuardsDocument | None = Field(None, description="Limits on one plan.")
