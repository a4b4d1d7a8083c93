"""The use cases: plan, apply, run. Recover first, then pull, decide, plan, write; the ledger remembers each."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

import structlog

from leadledger.domain.changes import Plan
from leadledger.domain.decisions import Transition
from leadledger.domain.instants import iso
from leadledger.errors import ConfigError, CrmUnavailableError, LeadledgerError, RetryLaterError, StateError
from leadledger.ports import Kind, RunRecord
from leadledger.sync.context import Context
from leadledger.sync.guards import check_guards
from leadledger.sync.orgcheck import check_org
from leadledger.sync.plan import make_plan
from leadledger.sync.pull import Pulled, pull, pull_stream
from leadledger.sync.recover import Recovered, recover
from leadledger.sync.write import Written, write_plan

log = structlog.get_logger()


@dataclass(slots=True)
class Report:
    """What one command did, for the renderer and for the ledger's run."""

    run_id: str
    plan: Plan | None = None
    pulled: Pulled | None = None
    recovered: Recovered = field(default_factory=Recovered)
    written: Written | None = None
    first_run: bool = False
    """The org was met for the first time, so `run` only planned."""
    calls: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    @property
    def outcome(self) -> str:
        """`ok`, `planned`, `rejected` (finished, something was left out) or `deferred`."""
        if self.written is None:
            return "planned"
        if self.written.deferred:
            return "deferred"
        rejected = self.pulled.rejected if self.pulled else 0
        left_out = self.written.refused + self.written.unknown + self.written.drifted + rejected
        return "rejected" if left_out else "ok"

    def summary(self) -> dict[str, Any]:
        """Plain JSON for the ledger and for `--json`."""
        return {
            "plan_id": self.plan.plan_id if self.plan else "",
            "as_of_us": self.plan.as_of_us if self.plan else 0,
            "read": dict(self.pulled.rows) if self.pulled else {},
            "rejected": self.pulled.rejected if self.pulled else 0,
            "recovered": asdict(self.recovered),
            "counts": asdict(self.plan.counts) if self.plan else {},
            "planned_records": len(self.plan.changes) if self.plan else 0,
            "planned_fields": sum(len(c.fields) for c in self.plan.changes) if self.plan else 0,
            "kept": len(self.plan.kept) if self.plan else 0,
            "handovers": len(self.plan.handovers) if self.plan else 0,
            "written": {k: v for k, v in asdict(self.written).items() if k not in {"unsettled", "left_out"}}
            if self.written
            else {},
            "left_out": list(self.written.left_out) if self.written else [],
            "first_run": self.first_run,
            "calls": {crm: dict(calls) for crm, calls in self.calls.items()},
        }


def plan(context: Context) -> Report:
    """Pull and plan. Nothing is written to the CRM: of open intents only those that can be settled by asking are."""
    with _run(context, "plan") as report:
        _pull_and_plan(context, report, resend=False)
    return report


def apply(context: Context, plan: Plan, *, allow_large: bool = False) -> Report:
    """Write exactly this plan. Raises ConfigError when it was made for another definition or org."""
    _check_plan(context, plan)
    with _run(context, "apply") as report:
        for crm in context.crms.values():
            context.mirror.prepare(crm.streams(context.definition))
        report.recovered = recover(context, resend=True)
        report.plan = plan
        if not allow_large:
            check_guards(plan, context.definition.guards)
        _write(context, report, plan)
    return report


def run(context: Context, *, allow_large: bool = False) -> Report:
    """Plan and apply in one. The first run on an org plans only."""
    first = _first_contact(context)
    with _run(context, "run") as report:
        _pull_and_plan(context, report, resend=True)
        assert report.plan is not None
        report.first_run = first
        if not first:
            if not allow_large:
                check_guards(report.plan, context.definition.guards)
            _write(context, report, report.plan)
    return report


def _first_contact(context: Context) -> bool:
    """Whether this ledger has neither decided about anybody nor shown a first run's plan yet."""
    if context.ledger.known([]).began_us:
        return False
    return not any(run.command == "run" and run.outcome == "planned" for run in context.ledger.runs(1000))


def _pull_and_plan(context: Context, report: Report, *, resend: bool) -> None:
    report.recovered = recover(context, resend=resend)
    check_org(context)
    report.pulled = pull(context, report.run_id)
    report.plan = make_plan(context, report.pulled, report.run_id)


def _check_plan(context: Context, plan: Plan) -> None:
    if plan.definition_digest != context.definition.digest:
        msg = (
            f"The plan was made with another state of the definition {plan.definition!r} "
            f"({plan.definition_digest[:8]}, now {context.definition.digest[:8]}). Make a new one with `leadledger plan`."
        )
        raise ConfigError(msg)
    newest = max(
        (r.summary.get("as_of_us", 0) for r in context.ledger.runs() if r.summary.get("written")), default=0
    )
    stored = context.ledger.known([str(record) for d in plan.decisions for record in d.records])
    if plan.as_of_us < newest or _decided_since(plan, stored.transitions):
        msg = (
            f"The plan is of {iso(plan.as_of_us)}, but the ledger holds newer decisions. "
            "Nothing was written. Make a new one with `leadledger plan`."
        )
        raise ConfigError(msg)
    for name, org_id in plan.orgs.items():
        found = context.crms[name].org() if name in context.crms else None
        if found is None or found.id != org_id:
            msg = f"The plan was made for {name} org {org_id}, this is {found.id if found else 'not connected'}. Nothing was written."
            raise ConfigError(msg)
        context.ledger.pin_org(name, found.id, found.name)


def _decided_since(plan: Plan, stored: Mapping[str, Sequence[Transition]]) -> bool:
    """Whether somebody has other entries in the ledger than the plan was made with, or would add: those of a run
    that broke off after deciding. Writing the plan's entries beside them would count one event twice.
    """
    return any(
        set(stored.get(d.person_id, ())) not in (set(d.transitions[: d.frozen]), set(d.transitions))
        for d in plan.decisions
    )


def _write(context: Context, report: Report, plan: Plan) -> None:
    """Decisions first, then the writes, then what is settled; a kill anywhere leaves a state to go on from."""
    context.ledger.record_decisions(report.run_id, plan.decisions, plan.handovers)
    if plan.gone:
        context.ledger.mark_gone(plan.gone)
    report.written = write_plan(context, plan, report.run_id)
    context.ledger.settle_decisions(
        decision.person_id
        for decision in plan.decisions
        if decision.person_id not in report.written.unsettled
    )
    if report.pulled is not None or _is_newest(context, plan):
        context.mirror.settle_touched(plan.waiting)
    if report.written.confirmed:
        _read_back(context, report)


def _is_newest(context: Context, plan: Plan) -> bool:
    """Whether nothing was pulled since this plan: what a later pull touched, it has not looked at."""
    latest = next((r.summary for r in context.ledger.runs() if r.command in {"plan", "run"}), {})
    return (latest.get("plan_id"), latest.get("as_of_us")) == (plan.plan_id, plan.as_of_us)


def _read_back(context: Context, report: Report) -> None:
    """Read our own writes where the CRM's answer did not carry them, and what others changed among many of them.

    The next run need not see them as news. It catches up when the CRM does not answer now: all is written.
    """
    for name, crm in context.crms.items():
        written = Counter(
            change.record.object
            for change in (report.plan.changes if report.plan else ())
            if change.record.crm == name
        )
        few = crm.batch_size if crm.answers_with_values else 0
        for stream in crm.streams(context.definition) if written else ():
            if (
                stream.kind is Kind.PEOPLE
                and written[stream.name] > few
                and context.mirror.watermark(stream) is not None
            ):
                try:
                    pull_stream(context, crm, stream, report.run_id)
                except (RetryLaterError, CrmUnavailableError) as error:
                    kind = type(error).__name__
                    log.warning("read_back.left_out", crm=name, object=stream.name, error_kind=kind)
                    break


@contextmanager
def _run(context: Context, command: str) -> Iterator[Report]:
    """Open a run in the ledger and close it with its outcome, also when it fails."""
    report = Report(run_id=uuid.uuid4().hex[:12])
    definition = context.definition
    context.ledger.begin_run(
        RunRecord(
            report.run_id,
            command,
            definition.name,
            definition.version,
            definition.digest,
            context.clock.now_us(),
        )
    )
    structlog.contextvars.bind_contextvars(run_id=report.run_id)
    outcome = "failed"
    try:
        yield report
        outcome = report.outcome
    except LeadledgerError as exc:
        outcome = type(exc).__name__.removesuffix("Error").lower()
        raise
    finally:
        report.calls = {name: dict(crm.calls()) for name, crm in context.crms.items()}
        try:
            context.ledger.end_run(report.run_id, context.clock.now_us(), outcome, report.summary())
        except StateError:
            log.exception("run.not_recorded", run_id=report.run_id)
        log.info("run.ended", command=command, outcome=outcome)
        structlog.contextvars.unbind_contextvars("run_id")
