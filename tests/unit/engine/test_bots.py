"""Which opens and clicks are a machine's."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest

from leadledger.domain.conditions import AnyOf, Compare, Op, Space
from leadledger.domain.definition import Definition
from leadledger.domain.instants import SECOND
from leadledger.domain.scoring import BotGuard, Engagement
from mirrors import BEGIN, LEAD, VISIT, Mirror, a_definition

MAIL = ("open", "click", "demo")
GUARD = BotGuard(
    MAIL,
    delivery="delivery",
    within=10 * SECOND,
    times=3,
    burst=2 * SECOND,
    scanner=AnyOf(
        (
            Compare(Space.ACTIVITY, "agent", Op.MATCHES, ("*scanner*", "*prefetch*")),
            Compare(Space.ACTIVITY, "asset", Op.IS, "/honeypot"),
        )
    ),
)


@pytest.fixture
def mirror() -> Iterator[Mirror]:
    made = Mirror()
    made.add(LEAD, "00Q1")
    yield made
    made.sql.close()


def guarded(**guard: object) -> Definition:
    return a_definition(engagement=Engagement(bot_guard=BotGuard(MAIL, **guard)))


@pytest.mark.parametrize(
    ("at", "suspected"), [(110, True), (110.000001, False), (90, True), (89.999999, False)]
)
def test_an_open_close_to_its_delivery_is_a_machine_on_either_side(mirror, at, suspected):
    mirror.visit("delivery", 100, Mail="spring")
    mirror.visit("open", at, id_="o", Mail="spring")

    mirror.build(guarded(delivery="delivery", within=10 * SECOND))

    assert mirror.ids("suspected") == ["o"] * suspected
    assert ("o" in mirror.ids()) is not suspected


@pytest.mark.parametrize(
    ("delivery", "click", "suspected"),
    [
        ({"Mail": "spring", "Url": "x"}, {"Mail": "spring", "Url": "/pricing"}, True),
        ({"Mail": "spring", "Url": "x"}, {"Mail": "summer", "Url": "x"}, False),
        ({"Mail": "spring", "Url": "x"}, {"Url": "x"}, True),
        ({"Url": "x"}, {"Url": "x"}, True),
        ({"Url": "x"}, {"Url": "y"}, False),
        ({"Url": "x"}, {"Url": "x", "Mail": "spring"}, False),
    ],
)
def test_a_click_belongs_to_the_delivery_of_its_campaign_or_else_of_its_asset(
    mirror, delivery, click, suspected
):
    mirror.visit("delivery", 100, **delivery)
    mirror.visit("click", 101, id_="c", **click)

    mirror.build(guarded(delivery="delivery", within=10 * SECOND))

    assert mirror.ids("suspected") == ["c"] * suspected


def test_a_delivery_to_somebody_else_says_nothing(mirror):
    mirror.add(LEAD, "00Q2")
    mirror.visit("delivery", 100, "00Q2", Mail="spring")
    mirror.visit("click", 101, Mail="spring")

    mirror.build(guarded(delivery="delivery", within=10 * SECOND))

    assert mirror.ids("suspected") == []


def test_everything_in_a_window_that_holds_too_many_is_suspected(mirror):
    for number, at in enumerate((0, 1, 1.5, 2.9, 3.6, 9)):
        mirror.visit("click", at, id_=f"c{number}", Url=f"/{number}")

    mirror.build(guarded(times=3, burst=2 * SECOND))

    assert mirror.ids("suspected") == ["c0", "c1", "c2", "c3"]


def test_a_window_ends_before_its_span_is_full(mirror):
    for at in (0, 1, 2):
        mirror.visit("click", at, Url=f"/{at}")

    mirror.build(guarded(times=3, burst=2 * SECOND))

    assert mirror.ids("suspected") == []


def test_a_double_click_is_a_person_but_two_links_at_once_are_not(mirror):
    mirror.visit("click", 0, id_="a1", Url="/a")
    mirror.visit("click", 0.3, id_="a2", Url="/a")
    mirror.visit("click", 60, id_="b1", Url="/b")
    mirror.visit("click", 60.3, id_="c1", Url="/c")

    mirror.build(guarded(times=2, burst=SECOND))

    assert mirror.ids("suspected") == ["b1", "c1"]


def test_one_click_of_two_records_of_a_person_is_one(mirror):
    mirror.add(LEAD, "00Q2", Email="a@acme.test")
    mirror.add(LEAD, "00Q3", Email="a@acme.test")
    for person in ("00Q2", "00Q3"):
        for number in (1, 2):
            mirror.visit("click", number / 10, person, id_=f"c{number}")

    mirror.build(guarded(times=3, burst=SECOND))

    assert mirror.ids("suspected") == []


def test_what_is_suspected_for_two_records_of_a_person_is_counted_once(mirror):
    mirror.add(LEAD, "00Q2", Email="a@acme.test")
    mirror.add(LEAD, "00Q3", Email="a@acme.test")
    for person in ("00Q2", "00Q3"):
        mirror.visit("click", 1, person, id_="c", Url="/honeypot")

    mirror.build(a_definition(engagement=Engagement(bot_guard=GUARD)))

    assert mirror.ids("suspected") == ["c"]
    assert mirror.ids() == []


def test_only_the_types_that_may_be_suspected_are(mirror):
    for at in (0, 0.1, 0.2):
        mirror.visit("visit", at, Agent="scanner", Url="/honeypot")

    mirror.build(a_definition(engagement=Engagement(bot_guard=GUARD)))

    assert mirror.ids("suspected") == []


def test_a_hand_raise_is_never_suspected(mirror):
    mirror.visit("delivery", 0)
    for at in (0, 0.1, 0.2):
        mirror.visit("demo", at, Agent="scanner")

    mirror.build(a_definition(engagement=Engagement(bot_guard=GUARD)))

    assert mirror.ids("suspected") == []
    assert len(mirror.ids()) == 4


def test_without_a_guard_nothing_is_suspected(mirror):
    for at in (0, 0.1, 0.2):
        mirror.visit("click", at)

    mirror.build()

    assert (mirror.ids("suspected"), len(mirror.ids())) == ([], 3)


def test_words_and_classes_can_tell_a_scanner(mirror):
    mirror.visit("click", 1, id_="c1", Agent="Acme Link-Checker 2")
    mirror.visit("click", 2, id_="c2", Agent="linkage")
    mirror.visit("click", 3, id_="c3", Url="/trap/hidden")
    words = Compare(Space.ACTIVITY, "agent", Op.WORDS, ("link",))
    trap = Compare(Space.ACTIVITY, "asset", Op.WORDS, ("trap",))

    mirror.build(guarded(scanner=AnyOf((words, trap))))

    assert mirror.ids("suspected") == ["c1", "c3"]


class Log:
    """A labelled log of mails to many people: what machines did, and what people did."""

    def __init__(self, seed: int) -> None:
        self.draw = Random(seed)
        self.rows: list[tuple[str, str, str, int, str, str, str]] = []
        self.machines: set[str] = set()
        self.raised: set[str] = set()
        self.people = 0

    def mail(self) -> tuple[str, float]:
        """A mail to a new person: who, and when it was delivered."""
        self.people += 1
        at = self.draw.uniform(0, 3600 * 24 * 60)
        self.happens("delivery", at, machine=False, asset="")
        return f"00Q{self.people}", at

    def happens(self, kind: str, at: float, *, machine: bool, asset: str, agent: str = "Mozilla") -> None:
        id_ = f"e{len(self.rows):06}"
        instant = BEGIN + round(at * 1e6)
        self.rows.append((id_, f"00Q{self.people}", kind, instant, asset, f"mail{self.people % 7}", agent))
        if machine:
            self.machines.add(id_)
        if kind == "demo":
            self.raised.add(id_)

    def gateway_after_delivery(self, at: float) -> None:
        at += self.draw.uniform(0.05, 8)
        for link in range(self.draw.randint(1, 2)):
            self.happens("click", at + link * 3, machine=True, asset=f"/{link}")

    def gateway_before_the_log(self, at: float) -> None:
        self.happens("open", at - self.draw.uniform(0.05, 6), machine=True, asset="")

    def detonation_hours_later(self, at: float) -> None:
        at += self.draw.uniform(600, 20_000)
        for link in range(self.draw.randint(4, 12)):
            self.happens("click", at + link * self.draw.uniform(0.01, 0.15), machine=True, asset=f"/{link}")

    def reloads_of_one_link(self, at: float) -> None:
        at += self.draw.uniform(60, 9_000)
        for turn in range(self.draw.randint(3, 5)):
            self.happens("click", at + turn * 0.2, machine=True, asset="/one")

    def named_agent(self, at: float) -> None:
        agent = self.draw.choice(("Acme-Scanner/1.0", "image prefetch proxy"))
        self.happens("open", at + self.draw.uniform(60, 90_000), machine=True, asset="", agent=agent)

    def hidden_link(self, at: float) -> None:
        self.happens("click", at + self.draw.uniform(60, 90_000), machine=True, asset="/honeypot")

    def undetectable(self, at: float) -> None:
        self.happens("click", at + self.draw.uniform(60, 9_000), machine=True, asset="/one")

    def person(self, at: float) -> None:
        """Reads soon, clicks fast, at times twice; a few are faster than any rule allows."""
        hasty = self.draw.random() < 0.02
        at += self.draw.uniform(2, 9) if hasty else self.draw.lognormvariate(6, 2) + 15
        self.happens("open", at, machine=False, asset="")
        if self.draw.random() < 0.6:
            at += self.draw.uniform(1.5, 40)
            self.happens("click", at, machine=False, asset="/one")
            if self.draw.random() < 0.3:
                self.happens("click", at + self.draw.uniform(0.1, 0.6), machine=False, asset="/one")
            elif self.draw.random() < 0.5:
                self.happens("click", at + self.draw.uniform(2.1, 30), machine=False, asset="/two")

    def hand_raise(self, at: float) -> None:
        at += self.draw.uniform(0, 5)
        for turn in range(self.draw.randint(1, 4)):
            self.happens("demo", at + turn * 0.2, machine=False, asset="/demo", agent="scanner")


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_six_kinds_of_scanners_are_told_from_fast_people(seed):
    log = Log(seed)
    scanners = (
        log.gateway_after_delivery, log.gateway_before_the_log, log.detonation_hours_later,
        log.reloads_of_one_link, log.named_agent, log.hidden_link,
    )  # fmt: skip
    for behaves in (*scanners * 40, *(log.person,) * 900, *(log.hand_raise,) * 60, *(log.undetectable,) * 15):
        behaves(log.mail()[1])
    mirror = Mirror()
    for number in range(1, log.people + 1):
        mirror.add(LEAD, f"00Q{number}")
    mirror.sql.executemany(
        f'INSERT INTO raw."{VISIT.table}" (id, person, "Kind", at_us, "Url", "Mail", "Agent", deleted) '
        "VALUES (?, ?, ?, ?, ?, ?, ?, false)",
        log.rows,
    )

    mirror.build(a_definition(engagement=Engagement(bot_guard=GUARD)))

    suspected, counted = set(mirror.ids("suspected")), set(mirror.ids())
    mirror.sql.close()
    right = len(suspected & log.machines)
    assert right / len(suspected) >= 0.95
    assert right / len(log.machines) >= 0.95
    assert log.raised <= counted
    assert suspected.isdisjoint(counted)
    assert len(suspected) + len(counted) == len(log.rows)
