"""What the CRM already held when we first meet a person: the baseline of counters and dates."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from leadledger.domain.decisions import Baseline
from leadledger.domain.definition import Definition
from leadledger.domain.instants import parse_instant
from leadledger.domain.writeback import WriteTarget
from leadledger.engine.canonical import raw
from leadledger.engine.conditions import literal, quoted
from leadledger.ports import Known, Sql, Stream


def found_values(
    sql: Sql, definition: Definition, streams: Sequence[Stream], known: Known
) -> dict[int, dict[str, list[str]]]:
    """Person number -> computed value (`mql_counter`, `mql_first_at`) -> texts found in the person's records.

    Only for people whom the ledger does not know yet: for all others the baseline was taken already.
    """
    met = set(known.person_of.values())
    found: dict[int, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for target in definition.targets:
        stream = next((s for s in streams if s.crm == target.crm and s.name == target.object), None)
        if stream is None:
            continue
        words = _stage_words(target, definition)
        for field, value in _adoptable(target, definition).items():
            if field not in stream.fields:
                continue
            rows = sql.execute(
                f"SELECT n.p, n.person_id, c.ref, r.{quoted(field)}::VARCHAR FROM {raw(stream)} r "
                f"JOIN record c ON c.crm = {literal(target.crm)} AND c.object = {literal(target.object)} AND c.id = r.id "
                f"JOIN person n ON n.p = c.p WHERE NOT r.deleted AND r.{quoted(field)} IS NOT NULL AND r.{quoted(field)}::VARCHAR <> ''"
            ).fetchall()
            for p, person_id, ref, text in rows:
                # A record that the ledger knows holds what we wrote ourselves, also when it is a person of its own now.
                if person_id not in met and ref not in known.person_of:
                    found[p][value].append(words.get(text.lower(), "") if value == "stage" else text)
    return found


def _adoptable(target: WriteTarget, definition: Definition) -> Mapping[str, str]:
    """Field -> value, for the counters and dates among the mapped fields."""
    counters = set(definition.counters())
    dates = {f"{s.id}_{which}_at" for s in definition.lifecycle.stages for which in ("first", "last")}
    return {m.field: m.value for m in target.fields if m.value in counters | dates | {"stage"}}


def _stage_words(target: WriteTarget, definition: Definition) -> Mapping[str, str]:
    """Lower-case word of the CRM -> stage."""
    mapping = target.mapping("stage")
    if mapping is None:
        return {}
    words: dict[str, str] = {}
    for stage in definition.lifecycle.stages:
        # A word that several stages share means the first of them, as in the field's history.
        words.setdefault(mapping.values.get(stage.id, stage.id).lower(), stage.id)
    return words


def baseline(
    found: Mapping[str, Sequence[str]], definition: Definition, entries: Mapping[str, int], as_of_us: int
) -> Baseline:
    """The baseline of one person, met now. `entries`: counter -> entries that the replayed history already explains.

    Records may disagree: the largest counter, the earliest first and the latest last date stand. What cannot be
    read as a number or a date is no baseline.
    """
    counters: dict[str, int] = {}
    first: dict[str, int] = {}
    last: dict[str, int] = {}
    stages = {stage.id for stage in definition.lifecycle.stages}
    for value, texts in found.items():
        if value == "stage":
            continue
        stage, _, which = value.rpartition("_")[0].rpartition("_")
        for text in texts:
            try:
                if value in entries:
                    counters[value] = max(counters.get(value, 0), int(float(text)) - entries[value])
                elif stage in stages and which == "first":
                    at = parse_instant(text, definition.time_zone)
                    first[stage] = min(first.get(stage, at), at)
                elif stage in stages and which == "last":
                    at = parse_instant(text, definition.time_zone)
                    last[stage] = max(last.get(stage, at), at)
            except (ValueError, OverflowError):
                continue
    order = [stage.id for stage in definition.lifecycle.stages]
    stage = max((text for text in found.get("stage", ()) if text in order), key=order.index, default="")
    kept = {name: count for name, count in counters.items() if count > 0}
    if not (kept or first or last or stage):
        return Baseline()
    return Baseline(kept, first, last, stage, as_of_us)


def united(baselines: Sequence[Baseline]) -> Baseline:
    """The baseline of people who turned out to be one: as if their records had been met together."""
    return Baseline(
        _by_name(max, (b.counters for b in baselines)),
        _by_name(min, (b.first_at_us for b in baselines)),
        _by_name(max, (b.last_at_us for b in baselines)),
        next((b.stage for b in baselines if b.stage), ""),
        min((b.at_us for b in baselines if b.at_us), default=0),
    )


def _by_name(choose: Callable[[int, int], int], held: Iterable[Mapping[str, int]]) -> dict[str, int]:
    chosen: dict[str, int] = {}
    for values in held:
        for name, value in values.items():
            chosen[name] = choose(chosen.get(name, value), value)
    return chosen
