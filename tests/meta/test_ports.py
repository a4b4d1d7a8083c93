"""Each adapter has the whole port: every method with the same parameters, every attribute."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from leadledger import ports
from leadledger.bootstrap import SystemClock, SystemSleeper
from leadledger.crm.hubspot.crm import HubSpotCrm
from leadledger.crm.salesforce.crm import SalesforceCrm
from leadledger.engine.evaluation import LocalEvaluation
from leadledger.engine.local import LocalEngine
from leadledger.stores.ledger import SqliteLedger
from leadledger.stores.mirror import DuckDbMirror

PAIRS = [
    (ports.Crm, SalesforceCrm),
    (ports.Crm, HubSpotCrm),
    (ports.Ledger, SqliteLedger),
    (ports.Mirror, DuckDbMirror),
    (ports.Engine, LocalEngine),
    (ports.Evaluation, LocalEvaluation),
    (ports.Clock, SystemClock),
    (ports.Sleeper, SystemSleeper),
]
CASES = [
    pytest.param(port, adapter, name, id=f"{adapter.__name__}-{name}")
    for port, adapter in PAIRS
    for name in sorted({*vars(port), *port.__annotations__})
    if not name.startswith("_")
]


@pytest.mark.parametrize(("port", "adapter", "name"), CASES)
def test_an_adapter_has_what_the_port_promises(port: type, adapter: type[Any], name: str) -> None:
    member = getattr(port, name, None)

    if not inspect.isfunction(member):
        assert hasattr(adapter, name) or name in inspect.get_annotations(adapter)
        return

    promised = inspect.signature(member).parameters
    given = inspect.signature(getattr(adapter, name)).parameters
    assert list(given)[: len(promised)] == list(promised)
    assert [p.default for p in given.values()][: len(promised)] == [p.default for p in promised.values()]
    assert all(p.default is not p.empty for p in list(given.values())[len(promised) :])


def test_every_protocol_with_an_adapter_here_is_tried() -> None:
    from_outside = {"Seen", "Sql", "Progress"}  # DuckDB's own, the store's own, and whoever shows progress
    protocols = {name for name, value in vars(ports).items() if getattr(value, "_is_protocol", False)}

    assert protocols - {"Protocol"} - from_outside == {port.__name__ for port, _ in PAIRS}
