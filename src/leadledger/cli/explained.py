"""One person explained on the screen: the score line by line, the stages, the outlook, hand-overs and writes."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from leadledger.cli.render import harmless
from leadledger.cli.text import plain, shortened
from leadledger.domain.instants import iso
from leadledger.domain.outlook import Outlook
from leadledger.domain.scoring import MICRO
from leadledger.domain.values import points_text
from leadledger.insight.explain import Explanation


def explanation(out: Console, e: Explanation) -> None:
    """One person: the score line by line, the way through the stages, hand-overs and writes."""
    d = e.decision
    out.print(f"[bold]{harmless(d.person_id, 80)}[/]   as of {iso(d.as_of_us)}")
    out.print(f"records   {', '.join(harmless(str(r), 60) for r in d.records)}")
    grade = f", grade {harmless(d.grade)}" if d.grade else ""
    since = f" since {iso(d.stage_since_us)}" if d.stage_since_us else ""
    out.print(
        f"now       [bold]{harmless(d.stage) or 'no stage'}[/]{since}; score [bold]{points_text(d.score)}[/] = engagement {points_text(d.engagement)} + fit {points_text(d.fit)}{grade}"
    )
    if d.excluded:
        out.print("[yellow]excluded by exclude_when: no score, no stage, nothing is written[/]")
    table = Table(header_style="bold", box=None, pad_edge=False, padding=(0, 2))
    for column, justify in (("points", "right"), ("from", "left"), ("how", "left"), ("evidence", "left")):
        table.add_column(column, justify=justify, overflow="fold")  # type: ignore[arg-type]  # the literals of rich
    for line in d.contributions:
        table.add_row(
            points_text(line.points),
            Text(plain(e.words(line))),
            _how(e, line),
            Text(shortened(", ".join(line.evidence[:3]), 74), "dim"),
        )
    table.add_section()
    check = "[green]adds up[/]" if e.adds_up else "[red]does not add up: please report this[/]"
    table.add_row(
        f"[bold]{points_text(sum(c.points for c in d.contributions))}[/]", f"[bold]score[/], {check}", "", ""
    )
    out.print(table)
    if d.classification:
        out.print(f"cell      {harmless(d.classification)} {harmless(d.disposition)}")
    if d.suspected_bots:
        out.print(f"bots      {d.suspected_bots} activities look like a machine's and give no points")
    _transitions(out, e)
    if e.outlook is not None:
        _outlook(out, e, e.outlook)
    _handovers(out, e)
    if d.missing_facts:
        out.print(f"missing   {', '.join(map(harmless, d.missing_facts))}")
    for intent in e.intents[-5:]:
        fields = ", ".join(
            f"{name}={harmless(value, 24)}" for name, value in intent.target.items() if len(value or "") < 30
        )
        out.print(
            f"written   {harmless(str(intent.record), 60)} {intent.state.value}: {fields}", soft_wrap=True
        )


def _how(e: Explanation, line: Any) -> Text:
    if line.kind != "engagement":
        return Text("" if line.kind != "fit" or line.count else "fact not known", "dim")
    parts = [f"{line.count} of {line.matched} activities"]
    losses = e.losses(line)
    if losses:
        parts.append(
            f"{points_text(line.raw)} raw, "
            + ", ".join(f"{name} {points_text(points)}" for name, points in losses)
        )
    return Text("; ".join(parts), "dim")


def _transitions(out: Console, e: Explanation) -> None:
    base = e.decision.baseline
    for name, count in base.counters.items():
        out.print(f"before us {name} was {count}")
    for t in e.decision.transitions:
        flags = " (inferred)" if t.inferred else f", {t.counter} +1" if t.counter else ""
        out.print(
            f"stage     {iso(t.at_us)}  [bold]{harmless(t.stage)}[/]{flags}  by {harmless(e.trigger(t), 60)}, score {points_text(t.score)}"
            + (f"  [dim]{harmless(t.evidence, 70)}[/]" if t.evidence else ""),
            soft_wrap=True,
        )


def _short(points: int) -> str:
    """What is missing of a threshold, in millionths. One that must be passed is a millionth further than it says."""
    hundredth = MICRO // 100
    if (points - 1) % hundredth:
        return f"{points_text(-(-points // hundredth) * hundredth)} points short"
    return (
        f"more than {points_text(points - 1)} points short"
        if points > 1
        else "exactly at the threshold, which must be passed"
    )


def _handovers(out: Console, e: Explanation) -> None:
    for h in e.handovers:
        who = harmless(h.owner.email or h.owner.name, 60)
        by = f"pool {h.pool}, rule {h.rule}" if h.pool else h.way
        skipped = "; ".join(f"{harmless(s.who, 40)}: {harmless(s.why, 40)}" for s in h.skipped)
        out.print(
            f"owner     {who} in {h.crm} by {by}" + (f"; skipped {skipped}" if skipped else ""),
            soft_wrap=True,
        )


def _outlook(out: Console, e: Explanation, outlook: Outlook) -> None:
    """What would lead on, and what changes by itself."""
    for gap in outlook.gaps:
        ways = " or ".join(
            f"{remedy.times} x {harmless(e.labels.get(remedy.rule, remedy.rule))}" for remedy in gap.remedies
        )
        short = f"{_short(gap.points)}; " if gap.points else ""
        condition = harmless(gap.condition, 90)
        if gap.waits and not ways:
            told = f"waits for {condition}"
        else:
            told = (
                f"{f'enough now: {ways}' if ways else 'no activity alone leads there'}  [dim]({condition})[/]"
            )
        out.print(f"to {harmless(gap.stage)}    {short}{told}", soft_wrap=True)
    for fall in outlook.falls:
        out.print(f"falls     {harmless(fall.comparison)} holds until {iso(fall.at_us)} if nothing happens")
    if outlook.next_at_us:
        out.print(f"next      {iso(outlook.next_at_us)}  {harmless(outlook.next_what)}")
