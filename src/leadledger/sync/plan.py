"""Plan: decide about everybody, compare with the CRM's present values, and say what would change and why."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from leadledger.domain.changes import Counts, FieldChange, Handover, Kept, Plan, RecordChange
from leadledger.domain.decisions import Decision
from leadledger.domain.policies import Confirmed, Present, diff
from leadledger.domain.records import RecordRef
from leadledger.domain.writeback import WriteTarget
from leadledger.ports import Evaluation, Known
from leadledger.sync.context import Context
from leadledger.sync.handover import Ask, asks, deal_batch
from leadledger.sync.pull import Pulled, pull_owners

Found = Mapping[RecordRef, Present]


def make_plan(context: Context, pulled: Pulled, run_id: str) -> Plan:
    """The plan as of now. Writes nothing to CRM or ledger; the same mirror and ledger give the same plan.

    Owners are read from the CRM when somebody needs one.
    """
    definition = context.definition
    known = context.ledger.known()
    context.progress.step("decide", 0, 0)
    evaluation = context.engine.evaluate(
        context.mirror.sql(), definition, pulled.streams, known, pulled.as_of_us
    )
    candidates = list(_worth_a_look(context, evaluation, known))
    found = _present(context, candidates, known)
    asked: dict[str, list[Ask]] = {d.person_id: _asks(context, d, found, known) for d in candidates}
    asking = [ask for each in asked.values() for ask in each]
    held = context.ledger.handovers([ask.name for ask in asking])
    pull_owners(context, run_id, pulled, {ask.crm for ask in asking if ask.new or ask.name not in held})
    dealt = deal_batch(asking, definition, context.ledger, context.mirror)
    plan_id = _plan_id(context, pulled, candidates)
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
    context.progress.step("decide", evaluation.people, evaluation.people)
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
        counts=_counts(evaluation, candidates, pulled, known, len(dealt.unassigned)),
        waiting=tuple(waiting),
    )


def write_id(plan_id: str, record: RecordRef) -> str:
    """The id of the write of one record by one plan: the same in every attempt to apply it."""
    return hashlib.sha256(f"{plan_id}\x1f{record}".encode()).hexdigest()[:16]


def stamp_of(plan_id: str, record: RecordRef, decision: Decision, definition_digest: str) -> str:
    """`v1:<write id>:<ledger entries>:<definition>`: written with the values, it proves which write was applied."""
    entries = sum(not t.inferred for t in decision.transitions)
    return f"v1:{write_id(plan_id, record)}:{entries}:{definition_digest[:8]}"


def _worth_a_look(context: Context, evaluation: Evaluation, known: Known) -> Iterator[Decision]:
    """Decisions that differ from the ledger's, and those whose records were pulled since they were decided."""
    touched = context.mirror.touched()
    for decision in evaluation.decisions():
        if known.digests.get(decision.person_id) == decision.digest() and not any(
            str(record) in touched for record in decision.records
        ):
            continue
        yield decision


def _present(context: Context, candidates: Sequence[Decision], known: Known) -> Found:
    """The present values of all records of these people, with what was confirmed there before."""
    wanted: dict[tuple[str, str], list[str]] = defaultdict(list)
    met: dict[RecordRef, int] = {}
    meant: dict[RecordRef, Confirmed] = {}
    for decision in candidates:
        since_us = _met_us(decision, known)
        for record in decision.records:
            wanted[record.crm, record.object].append(record.id)
            met[record] = since_us
        meant.update(_meant(context, decision, known))
    confirmed = context.ledger.confirmed() if candidates else {}
    found: dict[RecordRef, Present] = {}
    for target in context.definition.targets:
        ids = wanted.get((target.crm, target.object))
        if not ids:
            continue
        fields = ["owner", *(mapping.field for mapping in target.fields)]
        for id_, values in context.mirror.values(target.crm, target.object, fields, ids):
            record = RecordRef(target.crm, target.object, id_)
            ours = {**_agreed(target, met[record]), **meant.get(record, {}), **confirmed.get(str(record), {})}
            found[record] = Present(record, dict(zip(fields, values, strict=True)), ours)
    return found


def _met_us(decision: Decision, known: Known) -> int:
    """Up to when the person's story was settled by an earlier run; 0 at first contact."""
    if decision.person_id not in known.digests:
        return 0
    return max((t.at_us for t in known.transitions.get(decision.person_id, ())), default=1)


def _meant(context: Context, decision: Decision, known: Known) -> dict[RecordRef, Confirmed]:
    """For a person whose writes are not settled: the stage that stood there when we last meant to write.

    Another one now is a person's, set between a plan and its writing.
    """
    transitions = known.transitions.get(decision.person_id, ())
    if decision.person_id in known.digests or not transitions:
        return {}
    stages = {(t.crm, t.object): m.field for t in context.definition.targets if (m := t.mapping("stage"))}
    found: dict[RecordRef, Confirmed] = {}
    for intent in context.ledger.intents_of(decision.person_id):
        field = stages.get((intent.record.crm, intent.record.object), "")
        if field in intent.expected:
            found[intent.record] = {field: (intent.expected[field], max(t.at_us for t in transitions))}
    return found


def _agreed(target: WriteTarget, met_us: int) -> Confirmed:
    """A stage that we did not have to write: the CRM said the same, or a person's stage was kept. From then on a
    different one is a person's, unless something new happened since.
    """
    stage = target.mapping("stage")
    return {stage.field: (None, met_us)} if stage and met_us else {}


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
        meant = [
            intent
            for intent in context.ledger.intents_of(handover.person_id)
            if intent.record == here.record and intent.target.get(mapping.field) == wanted
        ]
        if meant and meant[-1].expected.get(mapping.field) != here.values.get(mapping.field):
            return None
    return wanted


def _plan_id(context: Context, pulled: Pulled, candidates: Sequence[Decision]) -> str:
    orgs = ",".join(f"{name}={org.id}" for name, org in sorted(pulled.orgs.items()))
    digest = hashlib.sha256(f"{context.definition.digest}\x1f{orgs}".encode())
    for decision in candidates:
        digest.update(f"\x1f{decision.person_id}\x1f{decision.digest()}".encode())
    return digest.hexdigest()[:16]


def _counts(
    evaluation: Evaluation, candidates: Sequence[Decision], pulled: Pulled, known: Known, unassigned: int
) -> Counts:
    met = set(known.person_of.values())
    entering = Counter(t.stage for d in candidates for t in d.transitions[d.frozen :])
    excluded = sum(decision.excluded for decision in candidates)
    return Counts(
        people=evaluation.people,
        changed=len(candidates) - excluded,
        unchanged=evaluation.people - len(candidates) - (evaluation.excluded - excluded),
        excluded=evaluation.excluded,
        rejected=pulled.rejected,
        moving=sum(d.person_id in met and len(d.transitions) > d.frozen for d in candidates),
        unassigned=unassigned,
        entering_stage=dict(sorted(entering.items())),
        funnel=dict(evaluation.funnel),
    )
