"""writeback.yaml: which computed value goes into which CRM field."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from leadledger.definition.documents.strict import (
    Document,
    FieldName,
    ObjectName,
    Points,
    Text,
    ValueName,
    Version,
)
from leadledger.definition.documents.times import Span


class MappingDocument(Document):
    """A computed value with its conditions."""

    value: ValueName = Field(description="The computed value: score, grade, stage, mql_counter, …")
    policy: Literal["own", "yield", "fill", "never_lower"] | None = Field(
        None,
        description="`own`: ours, corrected when it drifts (default). `yield`: people win (default of stage and owner). "
        "`fill`: only into an empty field. `never_lower`: a larger number in the CRM stays.",
    )
    min_change: Points | None = Field(None, description="Smaller changes of the points are not written.")
    at_most_every: Span | None = Field(None, description="The points are written at most once in this span.")
    values: dict[Text, Text] = Field(
        default_factory=dict,
        description="Stage, grade or cell -> what is written for it; others are written as they are.",
    )
    decimals: int = Field(0, ge=0, le=6, description="Decimals of the points; 0 by default.")


Target = Annotated[
    Annotated[ValueName, Tag("<text>")] | Annotated[MappingDocument, Tag("<mapping>")],
    Discriminator(lambda value: "<mapping>" if isinstance(value, (dict, MappingDocument)) else "<text>"),
]
Targets = dict[ObjectName, Annotated[dict[FieldName, Target], Field(min_length=1)]]


class WritebackDocument(Document):
    """The whole file."""

    version: Version | None = None
    salesforce: Targets | None = Field(
        None, min_length=1, description="Object -> field -> computed value, or {value, policy, …}."
    )
    hubspot: Targets | None = Field(
        None, min_length=1, description="Object -> property -> computed value, or {value, policy, …}."
    )
