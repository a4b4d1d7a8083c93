"""Plans, reports and explanations as tables on the screen. Text from a CRM is made harmless first."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from leadledger.cli.text import number, shortened
from leadledger.domain.changes import Plan, RecordChange
from leadledger.domain.decisions import whole
from leadledger.domain.definition import Definition
from leadledger.domain.writeback import COMPANIONS
from leadledger.sync.guards import tripped_guards
from leadledger.sync.run import Report

WIDTH = 36
FILE_WIDTH = 160
"""Columns when the output is not a terminal."""


def console() -> Console:
    """stdout; colour only where a terminal shows it and NO_COLOR is not set."""
    wide = None if sys.stdout.isatty() else FILE_WIDTH
    return Console(highlight=False, width=wide)


def harmless(text: str | None, width: int = WIDTH) -> str:
    """A CRM's text for a cell: short, without control characters and without markup."""
    return "" if text is None else escape(shortened(text, width))


def report(out: Console, report_: Report, definition: Definition) -> None:
    """What a run read, decided and wrote."""
    if report_.pulled:
        rows = ", ".join(
            f"{name.split('.', 1)[1]} {number(count)}" for name, count in report_.pulled.rows.items() if count
        )
        for name, org in report_.pulled.orgs.items():
            kind = " (sandbox)" if org.sandbox else ""
            called = f"{harmless(org.name, 60)}{kind}, " if org.name else ""
            out.print(f"[bold]{name}[/]  {called}org {harmless(org.id, 40)}")
        out.print(
            f"read      {rows or 'nothing new'}"
            + (f"; [yellow]{report_.pulled.rejected} rejected[/]" if report_.pulled.rejected else "")
        )
    if report_.recovered.found:
        r = report_.recovered
        out.print(
            f"recovered {r.found} writes that an earlier run left open: {r.confirmed} confirmed, {r.abandoned} never sent, "
            f"{r.conflict} changed by others, {r.refused} refused, {r.unknown} still unknown"
        )
    if report_.plan:
        plan_numbers(out, report_.plan, definition)
    if report_.written and report_.written.planned:
        w = report_.written
        left = {
            "already there": w.already,
            "refused": w.refused,
            "unknown": w.unknown,
            "drifted": w.drifted,
            "deferred": w.deferred,
        }
        rest = "".join(f", {count} {name}" for name, count in left.items() if count)
        out.print(f"written   [green]{number(w.confirmed)} of {number(w.planned)} records confirmed[/]{rest}")
        for left_out in w.left_out[:10]:
            out.print(
                f"          {left_out['what']:<8} {harmless(left_out['record'], 60)}: {harmless(left_out['reason'], 80)}"
            )
        if w.already == w.planned:
            out.print("          nothing to do: the CRM says all of it already")
        for reason, count in Counter(w.reasons).most_common(5):
            out.print(f"          {count} x {harmless(reason, 110)}")
    calls = "; ".join(
        f"{name} {sum(by_api.values())} ({', '.join(f'{api} {n}' for api, n in sorted(by_api.items()))})"
        for name, by_api in report_.calls.items()
    )
    out.print(f"API calls {calls}", soft_wrap=True)


def plan_numbers(out: Console, plan: Plan, definition: Definition) -> None:
    """The plan in numbers, with the funnel."""
    c = plan.counts
    out.print(
        f"decided   {number(c.people)} people ({number(c.touched)} touched, {number(c.due)} due, "
        f"{number(c.untouched)} untouched): {number(c.changed)} changed or new, {number(c.unchanged)} unchanged, "
        f"{number(c.excluded)} excluded",
        soft_wrap=True,
    )
    if c.suspected_bots:
        spared = "".join(
            f", {number(n)} entries of {name} fewer" for name, n in c.spared_entries.items() if n
        )
        out.print(
            f"bots      {number(c.suspected_bots)} opens and clicks look like a machine's: no points{spared}"
        )
    fields = Counter(field.field for change in plan.changes for field in change.fields)
    if not plan.changes:
        out.print("plan      [green]nothing to write[/]")
    else:
        objects = Counter(f"{change.record.crm} {change.record.object}" for change in plan.changes)
        per_object = ", ".join(f"{name} {number(count)}" for name, count in sorted(objects.items()))
        out.print(
            f"plan      [bold]{number(len(plan.changes))} records, {number(sum(fields.values()))} fields[/] ({per_object})"
        )
    if plan.handovers:
        ways = Counter(handover.way for handover in plan.handovers)
        out.print(
            f"hand-over {len(plan.handovers)}: "
            + ", ".join(f"{way} {count}" for way, count in sorted(ways.items()))
        )
    for guard in tripped_guards(plan, definition.guards):
        out.print(
            f"[yellow]over the limit of leadledger.yaml[/]  {guard}; it is written with --allow-large only"
        )
    if c.unassigned:
        out.print(
            f"owner     [yellow]nobody was found for {number(c.unassigned)} hand-overs[/]; the next run tries again. "
            "Is a fallback set in routing.yaml?"
        )
    if plan.kept:
        reasons = Counter(kept.why for kept in plan.kept)
        out.print(
            f"kept      {number(len(plan.kept))} fields as they are: "
            + "; ".join(f"{why} {n}" for why, n in reasons.most_common(4)),
            soft_wrap=True,
        )
    funnel(out, c.funnel, c.entering_stage, definition)


def funnel(
    out: Console, people: Mapping[str, int], entering: Mapping[str, int], definition: Definition
) -> None:
    """People per stage, as bars."""
    if not people:
        return
    most = max(people.values())
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 1))
    for stage in ["", *(stage.id for stage in definition.lifecycle.stages)]:
        count = people.get(stage, 0)
        bar = "█" * max(int(count > 0), round(28 * count / most))
        new = f"+{number(entering[stage])} entries" if entering.get(stage) else ""
        table.add_row(
            f"          {stage or '(no stage)'}", f"{number(count)}", Text(bar, "cyan"), Text(new, "green")
        )
    out.print(table)


def plan_table(out: Console, plan: Plan, limit: int) -> None:
    """The changes, record by record: field, old -> new, and why."""
    decisions = {decision.person_id: decision for decision in plan.decisions}
    wide = out.width >= 120  # on a narrow terminal values matter more than reasons; `explain` has them all
    for change in plan.changes[:limit]:
        d = decisions[change.person_id]
        out.print(
            f"[bold]{harmless(str(change.record), 70)}[/]  {harmless(d.stage) or 'no stage'}, score {whole(d.score)}"
            f"{f', grade {harmless(d.grade)}' if d.grade else ''}",
            soft_wrap=True,
        )
        table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 1))
        table.add_column(min_width=26, no_wrap=True)
        table.add_column(max_width=20, no_wrap=True)
        table.add_column(width=2, no_wrap=True)
        table.add_column(max_width=56, no_wrap=True)
        if wide:
            table.add_column(max_width=46, no_wrap=True)
        for field in change.fields:
            if field.value != "stamp":
                table.add_row(
                    f"  {escape(field.field)}",
                    Text(shortened(field.old or "-", 20), "dim"),
                    "->",
                    Text(shortened(field.new or "(empty)", 56), "" if field.value in COMPANIONS else "green"),
                    *([Text(shortened(field.reason, 46), "dim")] if wide else []),
                )
        out.print(table)
    if len(plan.changes) > limit:
        out.print(
            f"… and {number(len(plan.changes) - limit)} more records (--all shows them, -o FILE saves the plan)"
        )


def examples_of(plan: Plan, count: int) -> Sequence[RecordChange]:
    """A few telling changes: one person for each stage, hand-overs and the freshest first."""
    decisions = {d.person_id: d for d in plan.decisions}

    def telling(change: RecordChange) -> tuple[object, ...]:
        d = decisions[change.person_id]
        dealt = any(field.value == "owner" for field in change.fields)
        rules = sum(c.kind == "engagement" and c.points > 0 for c in d.contributions)
        return (not dealt, -min(rules, 4), -d.stage_since_us, str(change.record))

    by_stage: dict[str, list[RecordChange]] = {}
    for change in sorted(plan.changes, key=telling):
        by_stage.setdefault(decisions[change.person_id].stage, []).append(change)
    order = sorted(by_stage, key=lambda stage: (stage != "mql", telling(by_stage[stage][0])))
    shown: list[RecordChange] = []
    while len(shown) < count and any(by_stage.values()):
        for stage in order:
            if by_stage[stage] and len(shown) < count:
                shown.append(by_stage[stage].pop(0))
    return shown
