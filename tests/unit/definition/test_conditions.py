from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import TypeAdapter

from leadledger.definition.conditions import to_domain
from leadledger.definition.documents.conditions import Condition as ConditionDocument
from leadledger.definition.load import Loaded
from leadledger.definition.named_lists import NAMES, named_list
from leadledger.definition.yaml_files import YamlFile, parse_yaml
from leadledger.domain.conditions import All, AnyOf, AtLeast, Compare, Condition, Not, Op, Space

FACT, FIELD, ACTIVITY, COMPUTED = Space.FACT, Space.FIELD, Space.ACTIVITY, Space.COMPUTED
DOCUMENT: TypeAdapter[Any] = TypeAdapter(ConditionDocument)


def condition(text: str, names_in: Space = ACTIVITY) -> Condition:
    read = parse_yaml(text.encode(), "file.yaml")
    assert isinstance(read, YamlFile)
    return to_domain(DOCUMENT.validate_python(read.root.plain), names_in)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{fact: country, is: NO}", Compare(FACT, "country", Op.IS, "NO")),
        ("{fact: opted_out, is: true}", Compare(FACT, "opted_out", Op.IS, True)),
        ("{fact: title, is_not: CEO}", Compare(FACT, "title", Op.IS_NOT, "CEO")),
        ("{fact: country, in: [DE, 7]}", Compare(FACT, "country", Op.IN, ("DE", 7))),
        ("{fact: country, not_in: [DE]}", Compare(FACT, "country", Op.NOT_IN, ("DE",))),
        ("{fact: employees, over: 1.5}", Compare(FACT, "employees", Op.OVER, 1.5)),
        ("{fact: employees, at_most: 5}", Compare(FACT, "employees", Op.AT_MOST, 5)),
        ("{fact: title, matches: 'VP*'}", Compare(FACT, "title", Op.MATCHES, ("VP*",))),
        ("{fact: title, regex: '(?i)^vp'}", Compare(FACT, "title", Op.REGEX, "(?i)^vp")),
        ("{fact: title, words: [VP, Head of]}", Compare(FACT, "title", Op.WORDS, ("VP", "Head of"))),
        ("{fact: title, known: false}", Compare(FACT, "title", Op.KNOWN, False)),
        ("{field: Campaign.Type, is: Webinar}", Compare(FIELD, "Campaign.Type", Op.IS, "Webinar")),
        ("{type: page_view}", Compare(ACTIVITY, "type", Op.IS, "page_view")),
        ("{type: [call, meeting]}", Compare(ACTIVITY, "type", Op.IN, ("call", "meeting"))),
        ("{seconds: {over: 60}}", Compare(ACTIVITY, "seconds", Op.OVER, 60)),
    ],
)
def test_one_comparison_becomes_one_compare(text: str, expected: Compare):
    assert condition(text) == expected


def test_several_operators_in_one_mapping_all_hold():
    assert condition("{fact: employees, at_least: 50, below: 1000}") == All(
        (Compare(FACT, "employees", Op.AT_LEAST, 50), Compare(FACT, "employees", Op.BELOW, 1000))
    )


def test_several_names_in_one_mapping_all_hold():
    assert condition("{type: page_view, asset: {matches: '*/pricing*'}, intent: none, seconds: 5}") == All(
        (
            Compare(ACTIVITY, "type", Op.IS, "page_view"),
            Compare(ACTIVITY, "asset", Op.MATCHES, ("*/pricing*",)),
            Compare(ACTIVITY, "intent", Op.IS, "none"),
            Compare(ACTIVITY, "seconds", Op.IS, 5),
        )
    )


@pytest.mark.parametrize(
    "more",
    [
        "{field: HasResponded, is: true}",
        "[{field: HasResponded, is: true}]",
        "{all: [{field: HasResponded, is: true}]}",
    ],
)
def test_and_adds_one_condition_or_several(more: str):
    assert condition(f"{{field: Type, is: Webinar, and: {more}}}") == All(
        (Compare(FIELD, "Type", Op.IS, "Webinar"), Compare(FIELD, "HasResponded", Op.IS, True))
    )


def test_combinations_nest():
    a, b, c = (Compare(FACT, name, Op.IS, 1) for name in "abc")

    assert condition(
        "{any: [{fact: a, is: 1}, {all: [{fact: b, is: 1}, {not: {fact: c, is: 1}}]}]}"
    ) == AnyOf((a, All((b, Not(c)))))
    assert condition("{all: [{fact: a, is: 1}], any: [{fact: b, is: 1}], not: {fact: c, is: 1}}") == All(
        (a, AnyOf((b,)), Not(c))
    )


def test_so_many_of_several_conditions():
    a, b, c = (Compare(FACT, name, Op.IS, 1) for name in "abc")

    assert condition("{at_least: 2, of: [{fact: a, is: 1}, {fact: b, is: 1}], and: {fact: c, is: 1}}") == All(
        (AtLeast(2, (a, b)), c)
    )


def test_bare_names_are_looked_up_where_the_condition_stands():
    assert condition("{score: {over: 100}}", COMPUTED) == Compare(COMPUTED, "score", Op.OVER, 100)
    assert condition("{grade: {at_least: B}}", COMPUTED) == Compare(COMPUTED, "grade", Op.AT_LEAST, "B")
    assert condition("{mql_counter: {over: 1}}", COMPUTED) == Compare(COMPUTED, "mql_counter", Op.OVER, 1)


def test_a_named_list_stands_for_its_entries():
    compare = condition("{fact: email_domain, not_in: freemail}")

    assert compare == Compare(FACT, "email_domain", Op.NOT_IN, named_list("freemail"))


def test_a_definitions_own_list_stands_for_its_entries_in_every_file(loaded_with: Callable[..., Loaded]):
    definition = loaded_with(
        scoring="fit: {rules: [{id: rival, when: {fact: email_domain, in: rivals}, points: -5}]}\n"
        "lists: {rivals: [acme.com, acme.org]}\n",
        routing="pools: {all: {members: [ana@ours.example]}}\n"
        "rules: [{id: a, when: {fact: email_domain, not_in: rivals}, pool: all}, {id: b, pool: all}]\n",
    ).definition

    rivals = ("acme.com", "acme.org")
    assert definition.fit.rules[0].when == Compare(FACT, "email_domain", Op.IN, rivals)
    assert definition.routing.rules[0].when == Compare(FACT, "email_domain", Op.NOT_IN, rivals)


def test_a_list_may_name_activity_types_and_stages(loaded_with: Callable[..., Loaded]):
    (rule,) = loaded_with(
        scoring="engagement: {rules: [{id: a, points: 5, window: 1d, "
        "when: {type: {in: kinds}, stage: {not_in: late}}}]}\nlists: {kinds: [call], late: [customer]}\n"
    ).definition.engagement.rules

    assert rule.when == Compare(ACTIVITY, "type", Op.IN, ("call",))
    assert rule.gate == Compare(COMPUTED, "stage", Op.NOT_IN, ("customer",))


def test_freemail_holds_the_common_domains_of_the_world_in_lower_case():
    domains = named_list("freemail")

    assert {"gmail.com", "outlook.com", "gmx.de", "qq.com", "yahoo.co.jp", "mail.ru", "orange.fr"} <= {
        *domains
    }
    assert len(domains) >= 120
    assert all(domain == domain.strip().lower() and "." in domain for domain in domains)


def test_an_unknown_list_is_a_key_error():
    assert NAMES == ("freemail",)
    with pytest.raises(KeyError):
        named_list("../../etc/passwd")


def test_a_fact_may_stand_beside_an_activity(loaded_with: Callable[..., Loaded]):
    loaded = loaded_with(
        scoring="engagement: {rules: [{id: a, points: 5, limit: {times: 1, per: day}, "
        "when: {type: call, seconds: {over: 60}, and: {fact: title, known: true}}}]}\n"
    )

    (rule,) = loaded.definition.engagement.rules
    assert rule.when == All(
        (
            Compare(ACTIVITY, "type", Op.IS, "call"),
            Compare(ACTIVITY, "seconds", Op.OVER, 60),
            Compare(FACT, "title", Op.KNOWN, True),
        )
    )


@pytest.mark.parametrize(
    ("when", "asked", "gate"),
    [
        ("{type: call}", Compare(ACTIVITY, "type", Op.IS, "call"), None),
        (
            "{type: call, stage: mql}",
            Compare(ACTIVITY, "type", Op.IS, "call"),
            Compare(COMPUTED, "stage", Op.IS, "mql"),
        ),
        (
            "{all: [{type: call}, {all: [{mql_counter: {over: 1}}, {fact: title, is: CEO}]}], and: {fit: {over: 5}}}",
            All((Compare(ACTIVITY, "type", Op.IS, "call"), Compare(FACT, "title", Op.IS, "CEO"))),
            All((Compare(COMPUTED, "mql_counter", Op.OVER, 1), Compare(COMPUTED, "fit", Op.OVER, 5))),
        ),
        (
            "{type: call, and: {any: [{grade: A}, {not: {all: [{cycle: 1}]}}, {at_least: 1, of: [{stage: mql}]}]}}",
            Compare(ACTIVITY, "type", Op.IS, "call"),
            AnyOf(
                (
                    Compare(COMPUTED, "grade", Op.IS, "A"),
                    Not(Compare(COMPUTED, "cycle", Op.IS, 1)),
                    AtLeast(1, (Compare(COMPUTED, "stage", Op.IS, "mql"),)),
                )
            ),
        ),
        ("{stage: mql}", All(()), Compare(COMPUTED, "stage", Op.IS, "mql")),
    ],
)
def test_what_a_rule_asks_of_the_state_becomes_its_gate(
    loaded_with: Callable[..., Loaded], when: str, asked: Condition, gate: Condition | None
):
    text = f"""
engagement: {{rules: [{{id: a, points: 5, limit: {{times: 1, per: day}}, when: {when}}}]}}
fit: {{rules: [{{id: b, when: {{fact: title, known: true}}, points: 9}}], grades: {{A: 5, B: below}}}}
"""

    (rule,) = loaded_with(scoring=text).definition.engagement.rules

    assert (rule.when, rule.gate) == (asked, gate)
