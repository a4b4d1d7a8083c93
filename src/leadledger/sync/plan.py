"""Plan: decide about whom something may have changed, compare with the CRM's present values, and say what would change and why."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from leadledger.domain.changes import Counts, FieldChange, Handover, Kept, Plan, RecordChange
from leadledger.domain.decisions import Decision
from leadledger.domain.policies import Confirmed, Present, diff
from leadledger.domain.records import RecordRef
from leadledger.domain.writeback import WriteTarget
from leadledger.ports import Evaluation, Known
from leadledger.sync.context import Context
from leadledger.sync.handover import Ask, asks, deal_batch
from leadledger.sync.pull import Pulled, pull_owners
from leadledger.sync.scope import Scope, find_scope, stage_fields

Found = Mapping[RecordRef, Present]


def make_plan(context: Context, pulled: Pulled, run_id: str) -> Plan:
    """The plan as of now. Writes nothing to CRM or ledger; the same mirror and ledger give the same plan.

    Owners are read from the CRM when somebody needs one. Where nobody is touched and nothing is due, nobody is
    looked at.
    """
    definition = context.definition
    context.progress.step("decide", 0, 0)
    scope = find_scope(context, pulled)
    known = scope.known
    looked = _looked_at(context, pulled, scope)
    candidates = looked.candidates
    found = _present(context, candidates, scope)
    asked: dict[str, list[Ask]] = {d.person_id: _asks(context, d, found, known) for d in candidates}
    asking = [ask for each in asked.values() for ask in each]
    held = context.ledger.handovers([ask.name for ask in asking]) if asking else {}
    pull_owners(context, run_id, pulled, {ask.crm for ask in asking if ask.new or ask.name not in held})
    dealt = deal_batch(asking, definition, context.ledger, context.mirror)
    plan_id = _plan_id(context, pulled, looked)
    changes: list[RecordChange] = []
    kept: list[Kept] = []
    waiting: list[str] = []
    for decision in candidates:
        if decision.excluded:
            continue
        pending = {
            a.crm: a
            for a in asked[decision.person_id]
            if a.name in dealt.handovers
            and (a.new or a.name in dealt.fresh or decision.person_id not in known.digests)
        }
        due = {crm: dealt.handovers[ask.name] for crm, ask in pending.items()}
        later = any(ask.name in dealt.unassigned for ask in asked[decision.person_id])
        for target, here in _targets(context, decision, found):
            stamp = stamp_of(plan_id, here.record, decision, definition.digest)
            owner = _owner_due(context, target, here, pending.get(target.crm), due.get(target.crm))
            desired = diff(target, here, decision, definition, owner, stamp)
            kept.extend(desired.kept)
            later = later or desired.waiting
            if desired.changes:
                told = tuple(_with_receipt(change, due.get(target.crm)) for change in desired.changes)
                changes.append(RecordChange(here.record, decision.person_id, told))
        if later:
            waiting.extend(str(record) for record in decision.records)
    context.progress.step("decide", looked.counts.people, looked.counts.people)
    return Plan(
        plan_id=plan_id,
        definition=definition.name,
        definition_version=definition.version,
        definition_digest=definition.digest,
        as_of_us=pulled.as_of_us,
        orgs={name: org.id for name, org in pulled.orgs.items()},
        changes=tuple(changes),
        decisions=tuple(candidates),
        handovers=tuple(dealt.handovers[name] for name in sorted(dealt.handovers)),
        kept=tuple(kept),
        counts=replace(looked.counts, rejected=pulled.rejected, unassigned=len(dealt.unassigned)),
        waiting=tuple(waiting),
        gone=looked.gone,
    )


def write_id(plan_id: str, record: RecordRef) -> str:
    """The id of the write of one record by one plan: the same in every attempt to apply it."""
    return hashlib.sha256(f"{plan_id}\x1f{record}".encode()).hexdigest()[:16]


def stamp_of(plan_id: str, record: RecordRef, decision: Decision, definition_digest: str) -> str:
    """`v1:<write id>:<ledger entries>:<definition>`: written with the values, it proves which write was applied."""
    entries = sum(not t.inferred for t in decision.transitions)
    return f"v1:{write_id(plan_id, record)}:{entries}:{definition_digest[:8]}"


@dataclass(frozen=True, slots=True)
class _Looked:
    """Who was looked at."""

    candidates: Sequence[Decision] = ()
    """Decisions that are new or to be compared with the CRM, in person order."""
    digests: Sequence[str] = ()
    """Theirs."""
    gone: tuple[str, ...] = ()
    """People whom the ledger knows and the mirror does not hold any more."""
    counts: Counts = field(default_factory=Counts)


def _looked_at(context: Context, pulled: Pulled, scope: Scope) -> _Looked:
    """Evaluate those in scope. Worth comparing is who is touched or due, and whose decision differs from the
    ledger's; with a new definition everybody, so that the ledger knows by which one they were decided.
    """
    others, known = scope.others, scope.known
    if scope.records is not None and not scope.records:
        return _Looked(
            counts=Counts(
                people=others.people,
                unchanged=others.people - others.excluded,
                excluded=others.excluded,
                untouched=others.people,
                funnel=dict(others.funnel),
            )
        )
    evaluation = context.engine.evaluate(
        context.mirror.sql(), context.definition, pulled.streams, known, pulled.as_of_us, scope.records
    )
    candidates: list[Decision] = []
    digests: list[str] = []
    number: Counter[str] = Counter()
    gone = set(known.person_of.values())
    for decision in evaluation.decisions():
        gone.discard(decision.person_id)
        touched = scope.is_touched(decision)
        due = not touched and scope.is_due(decision)
        if scope.records is not None and not due:
            touched = True  # somebody whose other record was touched, perhaps one that is deleted now
        number["touched"] += touched
        number["due"] += due
        digest = decision.digest()
        changed = known.digests.get(decision.person_id) != digest
        number["changed"] += changed and not decision.excluded
        if scope.restated or touched or due or changed:
            candidates.append(decision)
            digests.append(digest)
    return _Looked(candidates, digests, tuple(sorted(gone)), _counts(evaluation, candidates, number, scope))


def _present(context: Context, candidates: Sequence[Decision], scope: Scope) -> Found:
    """The present values of all records of these people, with what was confirmed there before."""
    wanted: dict[tuple[str, str], list[str]] = defaultdict(list)
    agreed: dict[RecordRef, tuple[str, int]] = {}
    meant: dict[RecordRef, Confirmed] = {}
    for decision in candidates:
        then = _met(decision, scope.known)
        for record in decision.records:
            wanted[record.crm, record.object].append(record.id)
            agreed[record] = then
        meant.update(_meant(context, decision, scope.known))
    everybodys = context.ledger.confirmed() if scope.records is None and candidates else None
    found: dict[RecordRef, Present] = {}
    for target in context.definition.targets:
        ids = wanted.get((target.crm, target.object))
        if not ids:
            continue
        fields = ["owner", *(mapping.field for mapping in target.fields)]
        for id_, values in context.mirror.values(target.crm, target.object, fields, ids):
            record = RecordRef(target.crm, target.object, id_)
            confirmed = context.ledger.confirmed(record) if everybodys is None else everybodys
            ours = {
                **_agreed(target, *agreed[record]),
                **meant.get(record, {}),
                **confirmed.get(str(record), {}),
            }
            found[record] = Present(record, dict(zip(fields, values, strict=True)), ours)
    return found


def _met(decision: Decision, known: Known) -> tuple[str, int]:
    """The stage in which an earlier run settled the person, and up to when; at first contact none, and 0."""
    if decision.person_id not in known.digests:
        return "", 0
    transitions = known.transitions.get(decision.person_id, ())
    return (transitions[-1].stage, transitions[-1].at_us) if transitions else ("", 1)


def _meant(context: Context, decision: Decision, known: Known) -> dict[RecordRef, Confirmed]:
    """For a person whose writes are not settled: the stage that stood there when we last meant to write.

    Another one now is a person's, set between a plan and its writing.
    """
    transitions = known.transitions.get(decision.person_id, ())
    if decision.person_id in known.digests or not transitions:
        return {}
    stages = stage_fields(context.definition)
    found: dict[RecordRef, Confirmed] = {}
    for intent in context.ledger.intents_of(decision.person_id):
        field = stages.get(f"{intent.record.crm}/{intent.record.object}", "")
        if field in intent.expected:
            found[intent.record] = {field: (intent.expected[field], max(t.at_us for t in transitions))}
    return found


def _agreed(target: WriteTarget, stage: str, met_us: int) -> Confirmed:
    """A stage that we did not have to write: the CRM said the same, or a person's stage was kept. From then on a
    different one is a person's, unless something new happened since.
    """
    mapping = target.mapping("stage")
    if mapping is None or not met_us:
        return {}
    return {mapping.field: (mapping.values.get(stage, stage) or None, met_us)}


def _targets(context: Context, decision: Decision, found: Found) -> Iterator[tuple[WriteTarget, Present]]:
    for record in decision.records:
        for target in context.definition.targets:
            if (target.crm, target.object) == (record.crm, record.object) and record in found:
                yield target, found[record]


def _asks(context: Context, decision: Decision, found: Found, known: Known) -> list[Ask]:
    owners_now: dict[str, str] = {}
    for record in decision.records:
        if record in found and (owner := found[record].values.get("owner")):
            owners_now.setdefault(record.crm, owner)
    first_contact = not any(str(record) in known.person_of for record in decision.records)
    return asks(decision, context.definition, owners_now, first_contact=first_contact)


def _with_receipt(change: FieldChange, handover: Handover | None) -> FieldChange:
    """An owner is an id to the CRM; the reason says who that is and which way the lead came."""
    if change.value != "owner" or handover is None:
        return change
    way = f"pool {handover.pool}, rule {handover.rule}" if handover.pool else handover.way.replace("_", " ")
    return replace(change, reason=f"{handover.owner.email or handover.owner.name} by {way}")


def _owner_due(
    context: Context, target: WriteTarget, here: Present, ask: Ask | None, handover: Handover | None
) -> str | None:
    """The owner to write: only while the hand-over has not reached this record; afterwards people decide."""
    mapping = target.mapping("owner")
    if mapping is None or ask is None or handover is None:
        return None
    wanted = handover.owner.id
    value, at_us = here.confirmed.get(mapping.field, (None, 0))
    if value == wanted and at_us >= ask.transition.at_us:
        return None
    if not ask.new:
        # It was to be written before. Another owner than at that time is a person's choice.
        intents = [i for i in context.ledger.intents_of(handover.person_id) if i.record == here.record]
        meant = [intent for intent in intents if intent.target.get(mapping.field) == wanted]
        sent = [intent for intent in intents if intent.sent_at_us >= ask.transition.at_us]
        if sent and mapping.field not in sent[-1].target:
            return None  # it was right already when the rest was written
        if meant and meant[-1].expected.get(mapping.field) != here.values.get(mapping.field):
            return None
    return wanted


def _plan_id(context: Context, pulled: Pulled, looked: _Looked) -> str:
    orgs = ",".join(f"{name}={org.id}" for name, org in sorted(pulled.orgs.items()))
    digest = hashlib.sha256(f"{context.definition.digest}\x1f{orgs}".encode())
    for decision, theirs in zip(looked.candidates, looked.digests, strict=True):
        digest.update(f"\x1f{decision.person_id}\x1f{theirs}".encode())
    return digest.hexdigest()[:16]


def _counts(
    evaluation: Evaluation, candidates: Sequence[Decision], number: Mapping[str, int], scope: Scope
) -> Counts:
    others = scope.others
    met = set(scope.known.person_of.values())
    entering = Counter(t.stage for d in candidates for t in d.transitions[d.frozen :])
    people, excluded = evaluation.people + others.people, evaluation.excluded + others.excluded
    return Counts(
        people=people,
        touched=number["touched"],
        due=number["due"],
        untouched=people - number["touched"] - number["due"],
        changed=number["changed"],
        unchanged=people - excluded - number["changed"],
        excluded=excluded,
        moving=sum(d.person_id in met and len(d.transitions) > d.frozen for d in candidates),
        entering_stage=dict(sorted(entering.items())),
        funnel=dict(sorted((Counter(evaluation.funnel) + Counter(others.funnel)).items())),
        suspected_bots=evaluation.suspected_bots,
        spared_entries=dict(evaluation.spared_entries),
    )
