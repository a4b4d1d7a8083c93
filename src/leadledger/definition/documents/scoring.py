"""scoring.yaml: points for what people do (engagement) and for who they are (fit), and what follows from both."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from leadledger.definition.documents.conditions import Condition
from leadledger.definition.documents.engagement import EngagementDocument
from leadledger.definition.documents.fit import ClassificationDocument, FitDocument, ModelDocument
from leadledger.definition.documents.strict import Document, Id, Value, Version


class PersonaDocument(Document):
    """A buyer persona."""

    id: Id = Field(description="The persona's name; the fact `persona` is this.")
    when: Condition = Field(description="Which people: {fact: title, words: [VP, Head]}.")


class ScoringDocument(Document):
    """The whole file."""

    version: Version | None = None
    engagement: EngagementDocument | None = Field(None, description="Points from activities.")
    fit: FitDocument | None = Field(None, description="Points from facts, and the grade.")
    models: dict[Id, ModelDocument] = Field(
        default_factory=dict,
        description="More fit models, side by side: name -> {when, fit}. The first whose `when` holds is the person's.",
    )
    personas: tuple[PersonaDocument, ...] = Field(
        (), description="Buyer personas; the first whose `when` holds is the person's, as the fact `persona`."
    )
    classification: ClassificationDocument | None = Field(
        None, description="Bands of fit and of engagement, and what to do with each cell (A1 … D4)."
    )
    exclude_when: Condition | None = Field(
        None, description="People who are neither scored nor staged: own staff, competitors, students."
    )
    lists: dict[Id, Annotated[tuple[Value, ...], Field(min_length=1)]] = Field(
        default_factory=dict,
        description="Lists that `in` and `not_in` may name, in any file: {competitors: [acme.com]}.",
    )
