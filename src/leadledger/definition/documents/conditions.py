"""The YAML forms of a condition.

    {fact: employees, at_least: 50, below: 1000}          a fact of the person
    {field: Campaign.Type, is: Webinar}                   a field of the CRM row, while it is mapped
    {type: page_view, asset: {matches: "*/pricing*"}}     names: of an activity, or of computed values
    {all: [...]}, {any: [...]}, {not: ...}                several conditions
    {at_least: 3, of: [...]}                              so many of several

Each may carry `and:` with more conditions. Which names may stand where is checked across files, since one
form serves activities (`type`, `asset`) and computed values (`score`, `grade`) alike.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import (
    ConfigDict,
    Discriminator,
    Field,
    GetJsonSchemaHandler,
    PlainValidator,
    Tag,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import core_schema

from leadledger.definition.documents.regex import regex_problem
from leadledger.definition.documents.strict import Document, FieldPath, Id, Scalar, Value, refuse

_SCALARS = {"type": ["string", "number", "boolean"]}


def _bound(value: Any) -> float | int | str:
    if isinstance(value, (int, float, str)) and not isinstance(value, bool):
        return value
    raise refuse("should be a number, or a grade")


def _listing(value: Any) -> tuple[Scalar, ...] | str:
    if isinstance(value, str):
        return value
    if not isinstance(value, tuple) or not all(isinstance(v, (str, bool, int, float)) for v in value):
        raise refuse("should be a list of values, or the name of a list such as `freemail`")
    if not value:
        raise refuse("should list at least one value")
    return value


def _texts(value: Any) -> tuple[str, ...]:
    texts = value if isinstance(value, tuple) else (value,)
    if not texts or not all(isinstance(text, str) and text.strip() for text in texts):
        raise refuse("should be a text, or a list of texts", "Put numbers in quotes.")
    return texts


def _patterns(value: Any) -> tuple[str, ...]:
    patterns = _texts(value)
    if any(len(pattern) > 200 or pattern.count("*") > 10 for pattern in patterns):
        raise refuse("should have at most 200 characters and ten `*` per pattern")
    return patterns


def _regex(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise refuse("should be a pattern of RE2", "Put it in single quotes.")
    if len(value) > 200:
        raise refuse("should be at most 200 characters long")
    reason = regex_problem(value)
    if reason:
        raise refuse(f"is not a pattern of RE2: {reason}", "RE2 has no look-around and no back-references.")
    return value


_TEXTS = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}
Bound = Annotated[float | int | str, PlainValidator(_bound), WithJsonSchema({"type": ["number", "string"]})]
Listing = Annotated[
    tuple[Scalar, ...] | str,
    PlainValidator(_listing),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": _SCALARS, "minItems": 1}]}),
]
Texts = Annotated[tuple[str, ...], PlainValidator(_texts), WithJsonSchema(_TEXTS)]
Regex = Annotated[str, PlainValidator(_regex), WithJsonSchema({"type": "string", "minLength": 1})]
Patterns = Annotated[tuple[str, ...], PlainValidator(_patterns), WithJsonSchema(_TEXTS)]

OPERATORS = (
    "is", "is_not", "in", "not_in", "at_least", "at_most", "over", "below", "matches", "regex", "words",
    "known",
)  # fmt: skip


class Operators(Document):
    """What is asked of one value; several operators mean all of them."""

    is_: Value | None = Field(None, alias="is", description="Equals, without regard to case.")
    is_not: Value | None = Field(None, description="Differs; unknown when there is no value.")
    in_: Listing | None = Field(
        None, alias="in", description="One of these, or of a named list (`freemail`)."
    )
    not_in: Listing | None = Field(None, description="None of these.")
    at_least: Bound | None = Field(None, description="This number or more; a grade or better.")
    at_most: Bound | None = Field(None, description="This number or less; a grade or worse.")
    over: Bound | None = Field(None, description="Strictly more: 100 is not over 100.")
    below: Bound | None = Field(None, description="Strictly less.")
    matches: Patterns | None = Field(
        None, description="A pattern over the whole text (`*` any run of characters, `?` one), or several."
    )
    regex: Regex | None = Field(None, description="An RE2 pattern that is found somewhere in the text.")
    words: Texts | None = Field(None, description="One of these words or phrases stands in the text.")
    known: bool | None = Field(None, description="`true`: there is a value. Never unknown itself.")

    @model_validator(mode="after")
    def _asks_something(self) -> Operators:
        if not any(True for _ in self.asked()):
            raise refuse("asks nothing", f"Give one of {', '.join(OPERATORS)}.")
        return self

    def asked(self) -> tuple[tuple[str, Scalar | tuple[Scalar, ...]], ...]:
        """(operator, value) of every operator that is given, in the order of `OPERATORS`."""
        pairs = ((name, getattr(self, {"is": "is_", "in": "in_"}.get(name, name))) for name in OPERATORS)
        return tuple((name, value) for name, value in pairs if value is not None)


def _test_form(value: Any) -> str:
    if isinstance(value, (dict, Operators)):
        return "<tests>"
    return "<list>" if isinstance(value, tuple) else "<value>"


Test = Annotated[
    Annotated[Operators, Tag("<tests>")]
    | Annotated[Annotated[tuple[Value, ...], Field(min_length=1)], Tag("<list>")]
    | Annotated[Value, Tag("<value>")],
    Discriminator(_test_form),
]
"""A value (`is`), a list of values (`in`), or operators."""


class FactTest(Operators):
    """A fact of the person."""

    fact: Id = Field(description="A fact of people.yaml, or `email_domain`.")
    and_: Conditions | None = Field(None, alias="and", description="What must hold besides.")


class FieldTest(Operators):
    """A field of the CRM row that is being mapped."""

    field: FieldPath = Field(description="API name of the field; a parent's field with a dot.")
    and_: Conditions | None = Field(None, alias="and", description="What must hold besides.")


class Combination(Document):
    """Several conditions; the parts given must all hold."""

    all: tuple[Condition, ...] | None = Field(None, min_length=1, description="Every one of them holds.")
    any: tuple[Condition, ...] | None = Field(None, min_length=1, description="At least one of them holds.")
    not_: Condition | None = Field(None, alias="not", description="It does not hold.")
    and_: Conditions | None = Field(None, alias="and", description="What must hold besides.")


class SomeOf(Document):
    """So many of several conditions."""

    at_least: int = Field(ge=1, description="So many of them hold, or more.")
    of: tuple[Condition, ...] = Field(min_length=1, description="The conditions.")
    and_: Conditions | None = Field(None, alias="and", description="What must hold besides.")

    @model_validator(mode="after")
    def _enough(self) -> SomeOf:
        if self.at_least > len(self.of):
            raise refuse(f"asks for {self.at_least} of {len(self.of)} conditions, which can never be")
        return self


class NameTests(Document):
    """Names with what is asked of them: `{type: page_view, asset: …}` or `{score: {over: 100}}`."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Test]

    type: Test | None = Field(None, description="The activity's type, as activities.yaml gives it.")
    asset: Test | None = Field(None, description="The activity's page, form or campaign name.")
    campaign: Test | None = Field(None, description="The activity's campaign.")
    origin: Test | None = Field(None, description="marketing, sales or product.")
    intent: Test | None = Field(None, description="hand_raise, product, content or none.")
    and_: Conditions | None = Field(None, alias="and", description="What must hold besides.")

    @model_validator(mode="after")
    def _asks_something(self) -> NameTests:
        if self.and_ is None and not self.tests():
            raise refuse(
                "asks nothing", "For an activity: {type: page_view}. For a fact: {fact: title, is: CEO}."
            )
        return self

    def tests(self) -> dict[str, Operators | tuple[Scalar, ...] | Scalar]:
        """Name -> what is asked of it."""
        own = {n: getattr(self, n) for n in ("type", "asset", "campaign", "origin", "intent")}
        given = {name: test for name, test in own.items() if test is not None}
        return {**given, **(self.__pydantic_extra__ or {})}

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Keep this form from swallowing the mistakes of the others: their keys are no names."""
        document = handler.resolve_ref_schema(handler(schema))
        document["propertyNames"] = {"not": {"enum": ["fact", "field", "all", "any", "not", "of"]}}
        return document


def _condition_form(value: Any) -> str:
    match value:
        case FactTest():
            return "<fact>"
        case FieldTest():
            return "<field>"
        case Combination():
            return "<combination>"
        case SomeOf():
            return "<some>"
        case {"fact": _}:
            return "<fact>"
        case {"field": _}:
            return "<field>"
        case {"all": _} | {"any": _} | {"not": _}:
            return "<combination>"
        case {"of": _}:
            return "<some>"
        case _:
            return "<names>"


# The tags stand in the locations of errors; none of them can be a key's name.
Condition = Annotated[
    Annotated[FactTest, Tag("<fact>")]
    | Annotated[FieldTest, Tag("<field>")]
    | Annotated[Combination, Tag("<combination>")]
    | Annotated[SomeOf, Tag("<some>")]
    | Annotated[NameTests, Tag("<names>")],
    Discriminator(_condition_form),
]


def _one_or_several(value: Any) -> str:
    return "<list>" if isinstance(value, tuple) else "<one>"


Conditions = Annotated[
    Annotated[Annotated[tuple[Condition, ...], Field(min_length=1)], Tag("<list>")]
    | Annotated[Condition, Tag("<one>")],
    Discriminator(_one_or_several),
]

for _model in (FactTest, FieldTest, Combination, SomeOf, NameTests):
    _model.model_rebuild()
