"""Facts of a person: where they come from, which record wins, and what they are worth."""

from __future__ import annotations

from dataclasses import replace

import pytest

from builders import a_definition, asks, days, line
from leadledger.domain.conditions import All, AnyOf, Compare, Not, Op, Space
from leadledger.domain.definition import Definition
from leadledger.domain.routing import AccountOwner, RouteRule, Routing
from leadledger.domain.scoring import MICRO, Fit, FitRule, Grade
from leadledger.domain.sources import Normalise, PeopleSource

FACTS = {
    "email": "Email",
    "company": "Company",
    "title": "Title",
    "employees": "Employees",
    "country": "Country",
}


def fit(*which: FitRule, **more) -> Definition:
    return a_definition(fit=Fit(which, **more))


def rule(name: str, op: Op, value: object, points: float = 10, unknown: float = 0.0) -> FitRule:
    return FitRule(name, asks(name, op, value), points, unknown)


def both(*authority: str, **more) -> Definition:
    people = (PeopleSource("salesforce", "Lead", FACTS), PeopleSource("salesforce", "Contact", FACTS))
    return a_definition(people=people, authority=authority, **more)


def test_facts_give_points_and_say_which(world):
    world.lead(Employees="120", Title="VP Sales")

    decision = world.decide(fit(rule("employees", Op.AT_LEAST, 50, 20), rule("title", Op.WORDS, ("VP",), 15)))

    assert decision.fit == decision.score == 35 * MICRO
    assert line(decision, "employees", "fit").points == 20 * MICRO
    assert (decision.missing_facts, decision.facts_known, decision.facts_asked) == ((), 2, 2)


def test_a_fact_that_is_not_known_is_missing_and_not_bad(world):
    world.lead(Employees=None, Title="")

    decision = world.decide(
        fit(
            rule("employees", Op.AT_LEAST, 50, 20, 5),
            rule("title", Op.WORDS, ("VP",), 15),
            rule("email", Op.KNOWN, True, 1),
        )
    )

    assert decision.fit == 6 * MICRO
    assert line(decision, "employees", "fit").points == 5 * MICRO
    assert decision.missing_facts == ("employees", "title")
    assert (decision.facts_known, decision.facts_asked) == (1, 3)


def test_a_rule_that_is_decided_without_the_missing_fact_is_not_unknown(world):
    world.lead(Country="DE")
    either = FitRule("either", AnyOf((asks("country", Op.IS, "DE"), asks("employees", Op.OVER, 5))), 10, 3)
    neither = FitRule("neither", All((asks("country", Op.IS, "FR"), asks("employees", Op.OVER, 5))), 20, 7)
    unknown = FitRule("unknown", Not(asks("employees", Op.OVER, 5)), 40, 1)

    assert world.decide(fit(either, neither, unknown)).fit == 11 * MICRO


def test_fit_stays_within_its_bounds_and_the_lines_still_add_up(world):
    world.lead(Employees="120")
    world.lead("00Q2", Employees="1")
    which = (rule("employees", Op.OVER, 50, 80), FitRule("small", asks("employees", Op.BELOW, 5), -30))

    high, low = world.everybody(fit(*which, max=70, min=-10)).values()

    assert (high.fit, line(high, "", "fit_bounds").points) == (70 * MICRO, -10 * MICRO)
    assert (low.fit, line(low, "", "fit_bounds").points) == (-10 * MICRO, 20 * MICRO)


@pytest.mark.parametrize(("points", "letter"), [(60, "A"), (59.999999, "B"), (45, "B"), (44, "F"), (-5, "F")])
def test_grades_are_bands_over_fit(world, points, letter):
    world.lead()
    grades = (Grade("A", 60), Grade("B", 45), Grade("F", None))

    assert world.decide(fit(rule("email", Op.KNOWN, True, points), grades=grades)).grade == letter


def test_without_fit_rules_everything_that_is_asked_is_known(world):
    world.lead()

    decision = world.decide(fit())

    assert (decision.fit, decision.grade, decision.facts_asked) == (0, "", 0)


@pytest.mark.parametrize(
    ("authority", "expected"),
    [
        (("salesforce.Contact", "salesforce.Lead"), "contact"),
        (("salesforce.Lead", "salesforce.Contact"), "lead"),
        ((), "lead"),
    ],
)
def test_the_record_with_authority_wins_where_records_disagree(world, authority, expected):
    world.lead(Email="a@acme.test", Title="lead", Company="only here")
    world.contact(Email="a@acme.test", Title="contact", Employees="70")
    definition = both(
        *authority,
        fit=Fit(
            (
                rule("title", Op.IS, expected),
                rule("company", Op.KNOWN, True, 1),
                rule("employees", Op.IS, 70, 2),
            )
        ),
    )

    assert world.decide(definition).fit == 13 * MICRO


def test_a_path_through_the_account_reads_the_account(world):
    account = world.add("Account", Industry="Software", Employees="500", owner="005A")
    gone = world.add("Account", Industry="Software", deleted=True)
    world.lead("00Q1", account=account, Employees="3")
    world.lead("00Q2", account=gone)
    world.lead("00Q3")
    facts = {**FACTS, "industry": "Account.Industry", "company_size": "Account.Employees"}
    definition = a_definition(
        people=(PeopleSource("salesforce", "Lead", facts),),
        fit=Fit(
            (
                rule("industry", Op.IS, "software"),
                rule("company_size", Op.AT_LEAST, 100, 5),
                rule("employees", Op.IS, 3, 1),
            )
        ),
    )

    found = world.everybody(definition)

    assert [d.fit // MICRO for d in found.values()] == [16, 0, 0]
    assert [d.account_owner_id for d in found.values()] == ["005A", "", ""]


def test_only_the_rows_that_are_asked_for_are_people(world):
    world.lead("00Q1", Consent="true")
    world.lead("00Q2", Consent="false")
    world.lead("00Q3")
    source = replace(a_definition().people[0], where=Compare(Space.FIELD, "Consent", Op.IS, True))

    assert list(world.everybody(a_definition(people=(source,)))) == ["salesforce/Lead/00Q1"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Germany", "DE"),
        ("deutschland", "DE"),
        ("de", "DE"),
        ("USA", "US"),
        ("United States", "US"),
        ("日本", "JP"),
        ("Côte d'Ivoire", "CI"),
        ("Bosnia and Herzegovina", "BA"),
        ("zz", "zz"),
        ("Atlantis", "Atlantis"),
        (" France ", "FR"),
    ],
)
def test_countries_become_codes_where_they_are_known(world, text, code):
    world.lead(Country=text)
    world.lead("00Q2")
    definition = a_definition(
        normalise={"country": Normalise("iso_country")}, fit=Fit((rule("country", Op.IS, code),))
    )

    assert [d.fit for d in world.everybody(definition).values()] == [10 * MICRO, 0]


def test_spellings_become_one(world):
    for number, title in enumerate(("Vice President", "VICE PRESIDENT", "vp", "Intern")):
        world.lead(f"00Q{number}", Title=title)
    definition = a_definition(
        normalise={"title": Normalise("map", {"Vice president": "VP"})},
        fit=Fit((rule("title", Op.IS, "VP"),)),
    )

    assert [d.fit // MICRO for d in world.everybody(definition).values()] == [10, 10, 10, 0]


def test_another_fact_may_be_an_address_too(world):
    world.lead(Company=" Boss@ACME.test ")
    definition = a_definition(
        normalise={"company": Normalise("email")}, fit=Fit((rule("company", Op.MATCHES, "boss@acme.test"),))
    )

    assert world.decide(definition).fit == 10 * MICRO


def test_nobody_has_the_fact_that_is_to_be_normalised(world):
    world.lead()
    definition = a_definition(
        normalise={"country": Normalise("iso_country")},
        fit=Fit((rule("country", Op.IS, "DE"), rule("title", Op.WORDS, ("VP",)))),
    )

    assert world.decide(definition).missing_facts == ("country", "title")


@pytest.mark.parametrize(("email", "expected"), [("a@ACME.test", 10), ("nobody", 0), (None, 0)])
def test_the_domain_of_an_address_is_a_fact_of_its_own(world, email, expected):
    world.lead(Email=email)

    assert world.decide(fit(rule("email_domain", Op.IS, "acme.test"))).fit == expected * MICRO


@pytest.mark.parametrize("name", ["id", "ref", "rec", "p", "crm", "object", "owner", "account_owner", "deleted", "authority", "rank", "fit0", "known0", "excluded"])  # fmt: skip
def test_a_fact_may_have_any_name(world, name):
    world.lead(Company="Acme")
    people = (PeopleSource("salesforce", "Lead", {"email": "Email", name: "Company"}),)
    definition = a_definition(
        people=people,
        fit=Fit((rule(name, Op.IS, "acme"),)),
        exclude_when=asks(name, Op.IS, "other"),
    )

    decision = world.decide(definition)

    assert decision.fit == 10 * MICRO
    assert [str(record) for record in decision.records] == ["salesforce/Lead/00Q1"]


def test_routing_rules_are_judged_by_facts_with_unknown_as_unknown(world):
    world.lead("00Q1", Country="DE", Employees="5")
    world.lead("00Q2")
    routing = Routing(
        account_owner=AccountOwner(unless=asks("employees", Op.BELOW, 10)),
        rules=(
            RouteRule("dach", asks("country", Op.IN, ("DE", "AT")), "a"),
            RouteRule("us", asks("country", Op.IS, "US"), "b"),
        ),
    )

    known, unknown = world.everybody(a_definition(routing=routing)).values()

    assert (known.rule_holds, known.account_owner_refused) == ((True, False), True)
    assert (unknown.rule_holds, unknown.account_owner_refused) == ((None, None), False)


def test_rules_over_activities_may_ask_for_facts(world):
    from builders import a_rule, points, rules, when

    world.lead("00Q1", Country="DE", Title="Head of IT")
    world.lead("00Q2", Country="FR", Title="Head of IT")
    for lead in ("00Q1", "00Q2"):
        world.activity("visit", days(1), lead)
    condition = All((when("type", "visit"), asks("country", Op.IS, "DE"), asks("title", Op.WORDS, ("head",))))
    definition = a_definition(engagement=rules(a_rule("german", 7, when=condition)))

    assert [points(d) for d in world.everybody(definition).values()] == [7, 0]


def test_without_any_fact_people_are_still_people(world):
    world.lead()
    definition = a_definition(people=(PeopleSource("salesforce", "Lead", {}),), fit=Fit())

    assert world.decide(definition).person_id == "salesforce/Lead/00Q1"


def test_a_fact_that_one_object_does_not_have_comes_from_the_other(world):
    world.lead(Email="a@acme.test", Title="from the lead")
    world.contact(Email="a@acme.test", Title="not mapped", Company="Acme")
    people = (
        PeopleSource("salesforce", "Contact", {"email": "Email", "company": "Company"}),
        PeopleSource("salesforce", "Lead", {"email": "Email", "title": "Title"}),
    )
    asked = (rule("company", Op.IS, "Acme", 1), rule("title", Op.IS, "from the lead", 2))

    assert world.decide(a_definition(people=people, fit=Fit(asked))).fit == 3 * MICRO


def test_an_object_that_was_not_pulled_has_no_people(world):
    world.lead()
    people = (PeopleSource("salesforce", "Person", FACTS), *a_definition().people)

    assert list(world.everybody(a_definition(people=people))) == ["salesforce/Lead/00Q1"]
