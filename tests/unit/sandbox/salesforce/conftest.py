"""A small org that is called in process, without a socket."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pytest

from leadledger.sandbox.http import Request, Response
from leadledger.sandbox.salesforce import org as facts
from leadledger.sandbox.salesforce.app import SalesforceApp
from leadledger.sandbox.salesforce.ids import base62, to_18
from leadledger.sandbox.storage import open_storage

NOW_US = 1_790_000_000_000_000  # 2026-09-21T14:13:20Z
STAMP = "2026-09-01T08:00:00.000+0000"
ADA, BOB, GONE = "0059S000000AdaaQAC", "0059S000000BobbQAC", "0059S000000GoneQAC"
QUEUE, TEAM = "00G9S000000QueuEAE", "00G9S000000TeamEAE"


class HandClock:
    """A clock that moves only when told."""

    def __init__(self) -> None:
        self.now = NOW_US

    def now_us(self) -> int:
        return self.now

    def advance_s(self, seconds: float) -> None:
        self.now += int(seconds * 1_000_000)


@dataclass
class Answer:
    """A response, read."""

    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def code(self) -> str:
        return self.body[0]["errorCode"]


@dataclass
class Org:
    """The app, its clock and a session."""

    app: SalesforceApp
    clock: HandClock
    token: str = ""
    version: str = "v68.0"

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        full = path if path.startswith("/") else f"/services/data/{self.version}/{path}"
        sent = {"host": "127.0.0.1:1", "authorization": f"Bearer {self.token}", **(headers or {})}
        raw = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        response = self.app.handle(Request(method, full, tuple((query or {}).items()), sent, raw))
        return read(response)

    def login(
        self, form: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        form = form or {
            "grant_type": "client_credentials",
            "client_id": facts.CONSUMER_KEY,
            "client_secret": facts.CONSUMER_SECRET,
        }
        sent = {"host": "127.0.0.1:8080", **(headers or {})}
        raw = urlencode(form).encode()
        answer = read(self.app.handle(Request("POST", "/services/oauth2/token", (), sent, raw)))
        if answer.status == 200:
            self.token = answer.body["access_token"]
        return answer

    def query(self, soql: str, **kwargs: Any) -> Answer:
        return self.call("GET", "query", query={"q": soql}, **kwargs)

    def names(self, where: str, *, select: str = "Name", source: str = "Lead") -> list[Any]:
        """The names of the rows for which a condition holds, sorted."""
        answer = self.query(f"SELECT {select} FROM {source} WHERE {where}")
        assert answer.status == 200, answer.body
        return sorted(row["Name"] for row in answer.body["records"])

    def row(self, sobject: str, record_id: str) -> dict[str, Any]:
        return self.app.dump()[sobject][record_id]

    def lead(self, key: str) -> dict[str, Any]:
        return self.row("Lead", lead_id(key))

    def history(self, sobject: str = "LeadHistory") -> list[tuple[str, Any, Any, str]]:
        rows = self.app.dump()[sobject].values()
        return [(row["Field"], row["OldValue"], row["NewValue"], row["CreatedById"]) for row in rows]

    def patch(self, key: str, fields: Mapping[str, Any], **headers: str) -> Answer:
        sent = {"sforce-auto-assign": "FALSE", **headers}
        return self.call("PATCH", f"sobjects/Lead/{lead_id(key)}", fields, headers=sent)

    def collect(self, records: list[dict[str, Any]], method: str = "PATCH", **extra: Any) -> Answer:
        return self.call(
            method,
            "composite/sobjects",
            {"allOrNone": False, "records": records, **extra},
            headers={"sforce-auto-assign": "FALSE"},
        )


def read(response: Response) -> Answer:
    body = json.loads(response.body) if response.body else None
    return Answer(response.status, body, dict(response.headers))


def record_id(prefix: str, number: int) -> str:
    return to_18(f"{prefix}9S0{base62(number, 9)}")


def lead_id(key: str) -> str:
    return to_18(f"00Q9S0{key:0>9}")


def system(**extra: Any) -> dict[str, Any]:
    return {
        "CreatedDate": STAMP,
        "LastModifiedDate": STAMP,
        "SystemModstamp": STAMP,
        "CreatedById": ADA,
        "LastModifiedById": ADA,
        **extra,
    }


def a_lead(key: str, **fields: Any) -> tuple[str, dict[str, Any]]:
    row = {
        "Id": lead_id(key),
        "IsDeleted": False,
        "LastName": key,
        "Company": "Acme",
        "Status": "Open - Not Contacted",
        "OwnerId": ADA,
        **system(),
        **fields,
    }
    return "Lead", row


def people() -> list[tuple[str, dict[str, Any]]]:
    users = [(ADA, "Ada", True), (BOB, "Bob", True), (GONE, "Gone", False)]
    return [
        *(
            (
                "User",
                system(Id=i, LastName=n, Username=f"{n.lower()}@x.test", Email=f"{n}@x.test", IsActive=a),
            )
            for i, n, a in users
        ),
        ("Group", system(Id=QUEUE, Name="Inbound", DeveloperName="Inbound", Type="Queue")),
        ("Group", system(Id=TEAM, Name="Team", DeveloperName="Team", Type="Regular")),
        ("QueueSobject", system(Id=record_id("03g", 1), QueueId=QUEUE, SobjectType="Lead")),
    ]


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def make_org(clock: HandClock):
    """An org with the given rows besides its users, logged in."""
    opened = []

    def make(*rows: tuple[str, dict[str, Any]], path=None, **options: Any) -> Org:
        storage = open_storage(path)
        opened.append(storage)
        org = Org(SalesforceApp(storage, clock, **options), clock)
        if rows or path is None:
            org.app.load([*people(), *rows])
        org.login()
        return org

    yield make
    for storage in opened:
        storage.connection.close()


@pytest.fixture
def ids():
    """The fixed ids and builders that tests of the org use."""

    class Ids:
        ada, bob, gone, queue, team = ADA, BOB, GONE, QUEUE, TEAM
        stamp = STAMP
        lead = staticmethod(lead_id)
        record = staticmethod(record_id)
        a_lead = staticmethod(a_lead)
        system = staticmethod(system)

    return Ids
