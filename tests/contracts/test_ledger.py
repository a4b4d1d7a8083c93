"""Every ledger store against the one contract."""

from __future__ import annotations

import pytest

from contracts.ledger_contract import LedgerContract
from leadledger.stores.ledger import SqliteLedger


class TestSqliteLedger(LedgerContract):
    @pytest.fixture
    def open_ledger(self, tmp_path):
        opened = []

        def make():
            opened.append(SqliteLedger(tmp_path / "state" / "ledger.sqlite3"))
            return opened[-1]

        yield make
        for ledger in opened:
            ledger.close()

    @pytest.fixture
    def ledger(self, open_ledger):
        return open_ledger()

    @pytest.fixture
    def reopen(self, open_ledger):
        def again(ledger):
            ledger.close()
            return open_ledger()

        return again
