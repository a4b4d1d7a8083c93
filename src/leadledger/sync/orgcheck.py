"""Checks the definition against the living org before the first read: fields exist, and may be written."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from leadledger.domain.decisions import Decision
from leadledger.domain.sources import PeopleSource
from leadledger.domain.values import ValueKind, value_of
from leadledger.domain.writeback import FieldMapping, WriteTarget
from leadledger.errors import ConfigError, Problem
from leadledger.ports import Crm, FieldInfo, Kind
from leadledger.sync.context import Context

KINDS: Mapping[ValueKind, frozenset[str]] = {
    ValueKind.NUMBER: frozenset({"number", "text"}),
    ValueKind.INSTANT: frozenset({"date", "datetime"}),
    ValueKind.BOOLEAN: frozenset({"boolean", "picklist", "text"}),
    ValueKind.TEXT: frozenset({"picklist", "text"}),
}
"""Kinds of field that can hold a value."""
OWNER_KINDS = frozenset({"reference", "picklist", "text"})
_NOBODY = Decision("", (), 0)
"""Tells the kind of a value, which is the same for everybody."""


def check_org(context: Context) -> None:
    """Raise ConfigError with all problems. Costs calls only before a first read, or one of another shape."""
    problems: list[Problem] = []
    for name, crm in context.crms.items():
        streams = [s for s in crm.streams(context.definition) if s.kind is Kind.PEOPLE]
        context.mirror.prepare(streams)
        if all(context.mirror.watermark(stream) is not None for stream in streams):
            continue
        org = crm.introduce()
        context.ledger.pin_org(name, org.id, org.name)
        for source in (s for s in context.definition.people if s.crm == name):
            described = crm.describe(source.object)
            problems.extend(_facts(source, crm, described))
            for target in context.definition.targets:
                if (target.crm, target.object) == (name, source.object):
                    problems.extend(
                        _mapping(target, m, described, context)
                        for m in target.fields
                        if _wrong(m, described, context)
                    )
    if problems:
        msg = "The definition does not fit the org:\n" + "\n".join(str(problem) for problem in problems)
        raise ConfigError(msg, problems)


def _facts(source: PeopleSource, crm: Crm, described: Mapping[str, FieldInfo]) -> list[Problem]:
    return [
        Problem(
            "people.yaml", 0, 0, f"{source.crm}.{source.object}.facts.{fact}",
            f"{source.object} has no field {path!r}, or these credentials may not see it", _nearest(path, described),
        )
        for fact, path in source.facts.items()
        if "." not in path and path not in described and not path.startswith(crm.account_prefix)
    ]  # fmt: skip


def _allowed(mapping: FieldMapping, context: Context) -> frozenset[str]:
    if mapping.value == "owner":
        return OWNER_KINDS
    if mapping.value == "stamp":
        return KINDS[ValueKind.TEXT]
    return KINDS[value_of(mapping.value, _NOBODY, context.definition).kind]


def _wrong(mapping: FieldMapping, described: Mapping[str, FieldInfo], context: Context) -> bool:
    info = described.get(mapping.field)
    if info is None or not info.writable:
        return True
    allowed = _allowed(mapping, context)
    if allowed and info.kind not in allowed:
        return True
    return bool(info.values and mapping.value == "stage" and set(mapping.values.values()) - set(info.values))


def _mapping(
    target: WriteTarget, mapping: FieldMapping, described: Mapping[str, FieldInfo], context: Context
) -> Problem:
    info = described.get(mapping.field)
    if info is None:
        text = f"{target.object} has no field {mapping.field!r}, or these credentials may not see it"
        hint = _nearest(mapping.field, described)
    elif not info.writable:
        text, hint = (
            f"{mapping.field} may not be written",
            "Grant edit access to the field, or map another one.",
        )
    elif info.kind not in (allowed := _allowed(mapping, context)) and allowed:
        text = f"{mapping.field} is a {info.kind} field, {mapping.value} needs {' or '.join(sorted(allowed))}"
        hint = "Map a field of that type."
    else:
        missing = sorted(set(mapping.values.values()) - set(info.values))
        text = f"{mapping.field} does not allow {', '.join(map(repr, missing))}"
        hint = f"Add the value in the CRM, or use one of: {', '.join(info.values)}."
    return Problem("writeback.yaml", 0, 0, f"{target.crm}.{target.object}.{mapping.field}", text, hint)


def _nearest(name: str, described: Mapping[str, FieldInfo]) -> str:
    near = difflib.get_close_matches(name, described, n=1, cutoff=0.6)
    return f"Did you mean {near[0]!r}?" if near else "Create the field, or take it out of the definition."
