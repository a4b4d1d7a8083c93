from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor

from leadledger.sandbox.http import Storage
from leadledger.sandbox.salesforce.app import SalesforceApp


def test_writers_and_readers_in_several_threads_do_not_disturb_each_other(make_org, ids):
    org = make_org(*(ids.a_lead(str(number)) for number in range(40)))

    def write(number: int) -> int:
        return org.patch(str(number), {"Status": "Working - Contacted", "MQL_Counter__c": number}).status

    def read(_: int) -> int:
        return org.query("SELECT COUNT() FROM Lead WHERE Owner.Name = 'Ada'").body["totalSize"]

    with ThreadPoolExecutor(8) as pool:
        written = pool.map(write, range(40))
        seen = pool.map(read, range(40))

    assert set(written) == {204}
    assert set(seen) == {40}
    assert len(org.history()) == 40


def test_a_plain_connection_of_somebody_else_serves_as_storage(clock, ids):
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    app = SalesforceApp(Storage(connection), clock)

    app.load([ids.a_lead("1")])
    app.edit("Lead", ids.lead("1"), {"Title": "x"}, by="Integration")

    assert app.dump()["Lead"][ids.lead("1")]["Title"] == "x"
    assert not connection.in_transaction
    connection.close()
