"""routing.yaml: who gets the lead."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Discriminator, Field, Tag, model_validator

from leadledger.definition.documents.conditions import Condition
from leadledger.definition.documents.strict import Document, Email, Id, Text, Version, refuse


class MemberDocument(Document):
    """A member with a weight."""

    user: Email = Field(description="E-mail address of the CRM user.")
    weight: int = Field(1, ge=1, le=1000, description="Twice the weight, twice the leads; 1 by default.")


def _text_or_mapping(value: Any) -> str:
    return "<mapping>" if isinstance(value, (dict, MemberDocument)) else "<text>"


MemberEntry = Annotated[
    Annotated[Email, Tag("<text>")] | Annotated[MemberDocument, Tag("<mapping>")],
    Discriminator(_text_or_mapping),
]


class PoolDocument(Document):
    """People who share leads."""

    strategy: Literal["round_robin"] = Field("round_robin", description="Weighted round robin.")
    members: tuple[MemberEntry, ...] = Field(
        min_length=1, description="E-mail addresses of CRM users, or {user, weight}."
    )


class RouteRuleDocument(Document):
    """Which leads go to which pool."""

    id: Id = Field(description="The rule's name, for the receipt of the assignment.")
    when: Condition | None = Field(
        None, description="Which people, by their facts; every lead when not given."
    )
    pool: Id = Field(description="The pool that gets them.")


class AccountOwnerDocument(Document):
    """Whether the account's owner comes first."""

    first: bool = Field(
        description="`true`: the owner of the person's account gets the lead before any rule."
    )
    unless: Condition | None = Field(None, description="Not when this holds.")


class FallbackDocument(Document):
    """Where a lead goes that no rule claims."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    queue: Text | None = Field(
        None, description="Developer name of a queue; where a queue cannot own, the user."
    )
    user: Email | None = Field(None, description="E-mail address of a CRM user.")

    @model_validator(mode="after")
    def _somebody(self) -> FallbackDocument:
        if self.queue is None and self.user is None:
            raise refuse("names nobody", "Give a queue, a user, or both.")
        return self


class RoutingDocument(Document):
    """The whole file."""

    version: Version | None = None
    sticky: tuple[Id, ...] = Field(
        (), description="Stages whose re-entry keeps the owner of the earlier cycle."
    )
    account_owner: AccountOwnerDocument | None = Field(
        None, description="Whether the account's owner comes first."
    )
    pools: dict[Id, PoolDocument] = Field(default_factory=dict, description="Pool -> its members.")
    rules: tuple[RouteRuleDocument, ...] = Field(
        (), description="Tried in order; the first that holds gives the pool."
    )
    fallback: FallbackDocument | None = Field(None, description="Where a lead goes that no rule claims.")
