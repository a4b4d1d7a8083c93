"""What reps do with a person: pick up, call, accept, convert, recycle, disqualify, and hand over when they leave."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from leadledger.domain.instants import DAY, HOUR, MINUTE
from leadledger.sandbox.story.chance import weighted
from leadledger.sandbox.story.kinds import LeadState, Owner, Persona, Queue, Standing, TouchKind
from leadledger.sandbox.story.model import (
    Company,
    Conversion,
    Handling,
    Journey,
    OwnerChange,
    Person,
    Rep,
    StateChange,
    Touch,
)
from leadledger.sandbox.story.reps import pick_rep
from leadledger.sandbox.story.seasons import next_working_us

NO_DEAL = -1
"""Stands in a conversion until `deals` says which deal it belongs to."""


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What a rep makes of a lead after the first conversation, as weights, and whether an accepted one converts."""

    accept: float
    recycle: float
    disqualify: float
    undecided: float
    converts: float


_VERDICTS: dict[Persona, _Verdict] = {
    Persona.ECONOMIC_BUYER: _Verdict(55, 20, 8, 17, 0.62),
    Persona.TECHNICAL_EVALUATOR: _Verdict(38, 32, 9, 21, 0.5),
    Persona.READER: _Verdict(22, 42, 12, 24, 0.35),
    Persona.CUSTOMER: _Verdict(40, 20, 5, 35, 0.5),
    Persona.SCANNED: _Verdict(28, 42, 10, 20, 0.4),
    Persona.STUDENT: _Verdict(2, 4, 84, 10, 0.0),
    Persona.JOB_SEEKER: _Verdict(0, 5, 83, 12, 0.0),
    Persona.CONSULTANT: _Verdict(16, 42, 20, 22, 0.35),
    Persona.PARTNER: _Verdict(20, 25, 30, 25, 0.3),
    Persona.COMPETITOR: _Verdict(3, 2, 85, 10, 0.0),
    Persona.EMPLOYEE: _Verdict(0, 0, 100, 0, 0.0),
}
_COLD_CALLED = 0.05
_NEVER_PICKED_UP = 0.13
_CALL_OUTCOMES = (("Connected", 40.0), ("Left voicemail", 25.0), ("No answer", 30.0), ("Wrong number", 5.0))
_SUBJECTS = {
    TouchKind.CALL: ("Call", "Qualification call", "Follow-up call", "電話フォロー"),
    TouchKind.EMAIL: (
        "Email: Following up on your request",
        "Email: Next steps",
        "Email: Unser Angebot",
        "Email: Demo?",
    ),
    TouchKind.MEETING: ("Demo", "Discovery meeting", "Pricing review", "Präsentation"),
}


@dataclass(slots=True)
class _File:
    """The folder on one person while the story writes it."""

    rng: Random
    person: Person
    company: Company | None
    reps: tuple[Rep, ...]
    until_us: int
    owner: Owner
    first_owner: Owner
    state: LeadState = LeadState.OPEN
    touches: list[Touch] = field(default_factory=list)
    states: list[StateChange] = field(default_factory=list)
    owners: list[OwnerChange] = field(default_factory=list)
    conversion: Conversion | None = None

    def move(self, at_us: int, state: LeadState, by: int | None) -> None:
        if state is not self.state:
            self.states.append(StateChange(at_us, self.state, state, by))
            self.state = state

    def give(self, at_us: int, owner: Owner, by: int | None) -> None:
        if owner != self.owner:
            self.owners.append(OwnerChange(at_us, self.owner, owner, by))
            self.owner = owner

    def latest_us(self) -> int:
        """When the lead was last made, moved or given away."""
        moved = [change.at_us for change in self.states]
        return max([self.person.created_us, *moved, *(change.at_us for change in self.owners)])

    def can_convert(self) -> bool:
        """Contacts are there already; deleted and merged leads end otherwise."""
        person = self.person
        return person.standing is Standing.LEAD and not person.deleted and not person.merged_from

    def touch(self, kind: TouchKind, at_us: int, rep: int) -> None:
        rng = self.rng
        outcome, minutes, colleague = "Sent", 0, None
        if kind is TouchKind.CALL:
            outcome = weighted(rng, _CALL_OUTCOMES)
            minutes = rng.randrange(3, 40) if outcome == "Connected" else 1
        elif kind is TouchKind.MEETING:
            outcome = weighted(rng, (("COMPLETED", 78.0), ("NO_SHOW", 12.0), ("CANCELED", 10.0)))
            minutes = rng.choice((30, 30, 45, 60))
            others = [other.key for other in self.reps if other.key != rep and other.works_at(at_us)]
            colleague = rng.choice(others) if rng.random() < 0.2 else None
        self.touches.append(Touch(kind, at_us, rep, rng.choice(_SUBJECTS[kind]), outcome, minutes, colleague))

    def rep_for(self, at_us: int) -> Rep:
        """The owner if a rep who still works here, else the account's, else somebody of the region."""
        for key in (self.owner, self.company.owner if self.company else None):
            if key is not None and not isinstance(key, Queue) and self.reps[key].works_at(at_us):
                return self.reps[key]
        return pick_rep(self.rng, self.reps, self.person.region, at_us)


def handle(
    rng: Random,
    person: Person,
    company: Company | None,
    journey: Journey,
    reps: tuple[Rep, ...],
    until_us: int,
    *,
    self_service: bool,
) -> Handling:
    """Sales' side of one person's two years. Conversions still carry `NO_DEAL`."""
    owner = _first_owner(rng, person, company, reps)
    file = _File(rng, person, company, reps, until_us, owner, owner)
    if person.standing in (Standing.CONTACT, Standing.NONE):
        _look_after(file, journey)
    elif self_service:
        _serve_oneself(file, journey)
    else:
        _work(file, journey)
    _hand_over(file)
    return Handling(
        file.first_owner,
        tuple(sorted(file.touches, key=lambda touch: touch.at_us)),
        tuple(file.states),
        tuple(file.owners),
        file.conversion,
    )


def _first_owner(rng: Random, person: Person, company: Company | None, reps: tuple[Rep, ...]) -> Owner:
    """A queue for half of the leads. Only reps can own a contact."""
    if person.standing in (Standing.LEAD, Standing.TWIN) and rng.random() < 0.5:
        return Queue.INBOUND
    if company is not None and company.owner is not None and reps[company.owner].works_at(person.created_us):
        return company.owner
    return pick_rep(rng, reps, person.region, person.created_us).key


def _look_after(file: _File, journey: Journey) -> None:
    """Contacts have no status: now and then a rep calls or meets them, more so when they ask."""
    rng = file.rng
    for hot_us in journey.hot_us:
        rep = file.rep_for(hot_us)
        at_us = next_working_us(rng, rep.time_zone, hot_us, rng.lognormvariate(1.6, 1.0))
        for kind in rng.choices((TouchKind.CALL, TouchKind.EMAIL, TouchKind.MEETING), k=rng.randrange(1, 4)):
            if at_us < file.until_us - HOUR and rep.works_at(at_us):
                file.touch(kind, at_us, rep.key)
            at_us = next_working_us(rng, rep.time_zone, at_us, rng.uniform(2, 30))


def _serve_oneself(file: _File, journey: Journey) -> None:
    """Buys on the web site without a word to sales; automation converts the lead that minute."""
    rng = file.rng
    after_us = max([visit.at_us for visit in journey.visits[:12]] + [file.person.created_us])
    at_us = after_us + rng.randrange(20, 60 * 24 * 9) * MINUTE
    at_us = min(at_us, file.until_us - 2 * HOUR)
    file.conversion = Conversion(at_us, None, NO_DEAL)
    file.move(at_us, LeadState.CONVERTED, None)


def _work(file: _File, journey: Journey) -> None:
    """One round per period of interest, until somebody converts or disqualifies the lead."""
    rng = file.rng
    hot = list(journey.hot_us)
    if not hot and rng.random() < _COLD_CALLED:
        hot = [file.person.created_us + rng.randrange(1, 40) * DAY]
    for index, hot_us in enumerate(hot):
        if file.state in (LeadState.DISQUALIFIED, LeadState.CONVERTED) or hot_us >= file.until_us - DAY:
            return
        if rng.random() < _NEVER_PICKED_UP:
            continue
        if hot_us <= file.latest_us() and file.states:
            continue
        _reopen(file, hot_us)
        _work_once(file, max(hot_us, file.latest_us()), may_return=index + 1 < len(hot))
    back_us = _back_at_the_price_list(file, journey)
    if back_us is not None and rng.random() < 0.6:
        _reopen(file, back_us)
        _work_once(file, file.latest_us(), may_return=False)


def _reopen(file: _File, at_us: int) -> None:
    """Automation takes a recycled lead out of nurturing when it stirs again."""
    if file.state is LeadState.RECYCLE:
        file.move(at_us + file.rng.randrange(2, 90) * MINUTE, LeadState.OPEN, None)
        file.give(file.states[-1].at_us, Queue.INBOUND if file.rng.random() < 0.4 else file.owner, None)


def _back_at_the_price_list(file: _File, journey: Journey) -> int | None:
    """When a recycled lead looked at prices again, six weeks or more after it was sent back."""
    if file.state is not LeadState.RECYCLE:
        return None
    quiet_us = file.latest_us() + 42 * DAY
    looks = (
        v.at_us for v in journey.visits if quiet_us < v.at_us < file.until_us - DAY and "/pricing" in v.url
    )
    return next(looks, None)


def _work_once(file: _File, hot_us: int, *, may_return: bool) -> None:
    rng = file.rng
    rep = file.rep_for(hot_us)
    at_us = next_working_us(rng, rep.time_zone, hot_us, rng.lognormvariate(1.5, 1.3))
    if at_us >= file.until_us - HOUR or not rep.works_at(at_us):
        return
    file.give(at_us, rep.key, rep.key)
    file.move(at_us, LeadState.WORKING, rep.key)
    for _ in range(rng.randrange(1, 5)):
        file.touch(TouchKind.CALL if rng.random() < 0.6 else TouchKind.EMAIL, at_us, rep.key)
        at_us = next_working_us(rng, rep.time_zone, at_us, rng.uniform(1, 20))
        if at_us >= file.until_us - HOUR or not rep.works_at(at_us):
            return
    verdict = _VERDICTS[file.person.persona]
    state = weighted(
        rng,
        (
            (LeadState.ACCEPTED, verdict.accept * (0.6 if may_return else 1)),
            (LeadState.RECYCLE, verdict.recycle * (3 if may_return else 1)),
            (LeadState.DISQUALIFIED, verdict.disqualify),
            (LeadState.WORKING, verdict.undecided),
        ),
    )
    file.move(at_us, state, rep.key)
    if state is LeadState.ACCEPTED:
        _court(file, at_us, rep, verdict)
    elif state is LeadState.RECYCLE:
        _recycle(file, at_us, rep)


def _court(file: _File, at_us: int, rep: Rep, verdict: _Verdict) -> None:
    """A demo or two, then an opportunity, a return to nurturing, or silence."""
    rng = file.rng
    for _ in range(rng.randrange(1, 4)):
        at_us = next_working_us(rng, rep.time_zone, at_us, rng.uniform(5, 45))
        if at_us >= file.until_us - 2 * HOUR or not rep.works_at(at_us):
            return
        file.touch(TouchKind.MEETING if rng.random() < 0.6 else TouchKind.EMAIL, at_us, rep.key)
    at_us = next_working_us(rng, rep.time_zone, at_us, rng.uniform(1, 30))
    if at_us >= file.until_us - HOUR or not rep.works_at(at_us):
        return
    if file.can_convert() and rng.random() < verdict.converts:
        file.conversion = Conversion(at_us, rep.key, NO_DEAL if rng.random() < 0.92 else None)
        file.move(at_us, LeadState.CONVERTED, rep.key)
    elif rng.random() < 0.4:
        file.move(at_us, LeadState.RECYCLE, rep.key)
        _recycle(file, at_us, rep)


def _recycle(file: _File, at_us: int, rep: Rep) -> None:
    if file.rng.random() < 0.5:
        file.give(at_us, Queue.RECYCLE, rep.key)


def _hand_over(file: _File) -> None:
    """Some leads of a rep who left get a new owner weeks later; the others are forgotten."""
    key = file.owner
    if isinstance(key, Queue) or file.conversion is not None:
        return
    left_us = file.reps[key].left_us
    if left_us is None or file.rng.random() < 0.6:
        return
    at_us = left_us + file.rng.randrange(3, 28) * DAY + file.rng.randrange(600) * MINUTE
    if file.latest_us() < at_us < file.until_us - HOUR:
        file.give(at_us, pick_rep(file.rng, file.reps, file.person.region, at_us).key, None)
