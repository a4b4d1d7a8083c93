"""Says who is evaluated: the people of touched records, those for whom something is due, or everybody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from leadledger.domain.decisions import Decision
from leadledger.domain.definition import Definition
from leadledger.ports import Known, Population
from leadledger.sync.context import Context
from leadledger.sync.pull import Pulled


@dataclass(frozen=True, slots=True)
class Scope:
    """Whom a plan looks at, with what the ledger knows about them."""

    known: Known
    """Of those who are evaluated."""
    records: frozenset[str] | None
    """All records of those who are evaluated; None for everybody."""
    touched: frozenset[str]
    """Records that were pulled, or whose writes are not settled."""
    due: frozenset[str]
    """Records of the people for whom something changes by itself."""
    others: Population
    """Everybody else: nothing about them can have changed."""
    restated: bool
    """Whether somebody was last decided upon by another definition, or nobody ever."""

    def is_touched(self, decision: Decision) -> bool:
        """Whether something new was read about a person, or something is still to be written."""
        return self._holds(self.touched, decision)

    def is_due(self, decision: Decision) -> bool:
        """Whether something was to change by itself."""
        return self._holds(self.due, decision)

    def _holds(self, records: frozenset[str], decision: Decision) -> bool:
        return any(str(record) in records for record in decision.records)


def find_scope(context: Context, pulled: Pulled) -> Scope:
    """Choose, by index alone: what it costs depends on those who are chosen and not on how many there are.

    Everybody: at first contact, with another definition, after the mirror was filled again, and when most
    people are touched anyway.
    """
    ledger = context.ledger
    touched = context.mirror.touched().union(ledger.unsettled())
    due = frozenset(ledger.due(pulled.as_of_us))
    stored = ledger.population()
    restated = stored.definitions != {context.definition.digest}
    records = touched | due
    if restated or pulled.first or 2 * len(records) > stored.people:
        known = ledger.known(None, stage_fields(context.definition))
        return Scope(known, None, touched, due, Population(), restated)
    if not records:
        return Scope(Known(), records, touched, due, stored, restated)
    known, records = _closed(context, pulled, records)
    return Scope(known, records, touched, due, ledger.population(records), restated)


def stage_fields(definition: Definition) -> Mapping[str, str]:
    """`crm/object` -> the field that the stage is written to."""
    return {f"{t.crm}/{t.object}": m.field for t in definition.targets if (m := t.mapping("stage"))}


def _closed(context: Context, pulled: Pulled, records: frozenset[str]) -> tuple[Known, frozenset[str]]:
    """All records of the people of some, by what the mirror and what the ledger say, until neither adds any."""
    fields = stage_fields(context.definition)
    while True:
        records = context.engine.reach(context.mirror.sql(), context.definition, pulled.streams, records)
        known = context.ledger.known(records, fields)
        more = known.person_of.keys() - records
        if not more:
            return known, records
        records |= more
