"""What every use case works with: one definition, its CRMs, the two stores and the engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from leadledger.domain.definition import Definition
from leadledger.ports import Clock, Crm, Engine, Ledger, Mirror, Progress


@dataclass(frozen=True, slots=True)
class Context:
    """Built by `bootstrap`; lives for one command, under the run lock."""

    definition: Definition
    crms: Mapping[str, Crm]
    """By name, in the order of the definition's connections."""
    mirror: Mirror
    ledger: Ledger
    engine: Engine
    clock: Clock
    progress: Progress
