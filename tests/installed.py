"""The installed command against a sandbox of its own: what the acceptance and the fault tests share."""

from __future__ import annotations

import contextlib
import functools
import io
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests

from leadledger import bootstrap
from leadledger.cli import main
from leadledger.domain.decisions import Decision
from leadledger.domain.intents import Intent
from leadledger.domain.records import RecordRef
from leadledger.sandbox.build import build
from leadledger.sandbox.server import Sandbox
from leadledger.sandbox.story.hubspot_book import FORM_IDS
from leadledger.sandbox.story.kinds import FormName
from leadledger.stores.ledger import SqliteLedger

MAPPINGS = Path(__file__).resolve().parents[1] / "mappings"
PROGRAM = Path(sys.executable).with_name("leadledger")
CRMS = ("salesforce", "hubspot")
SEED = 3
PEOPLE = 60
PATIENCE_S = 60.0
WRITES = {"salesforce": "*/composite/sobjects", "hubspot": "*/batch/update"}
"""Where each CRM takes the writes of a run, for faults."""
FRESH = {"salesforce": "*/composite/sobjects/*", "hubspot": "*/batch/read"}
"""Where each CRM is asked for present values just before a write."""
BATCH = {"salesforce": 200, "hubspot": 100}
PEOPLE_OBJECTS = {"salesforce": ("Lead", "Contact"), "hubspot": ("contacts",)}
STAMP = {"salesforce": "Leadledger__c", "hubspot": "leadledger_stamp"}
COUNTER = {"salesforce": "MQL_Counter__c", "hubspot": "mql_counter"}
FIRST = {"salesforce": "First_MQL_Date__c", "hubspot": "first_mql_date"}
STAGE = {"salesforce": "Lifecycle_Stage__c", "hubspot": "lifecyclestage"}
OWNER = {"salesforce": "OwnerId", "hubspot": "hubspot_owner_id"}
STATUS = {
    "salesforce": ("Status", {"recycled": "Recycle", "sal": "Accepted"}),
    "hubspot": ("hs_lead_status", {"recycled": "RECYCLE", "sal": "ACCEPTED"}),
}
"""The field in which reps say what they think of a lead, and their words for our stages."""
STAGES = {
    "salesforce": {"inquiry": "Inquiry", "mql": "MQL", "recycled": "Recycled"},
    "hubspot": {"inquiry": "lead", "mql": "marketingqualifiedlead", "recycled": "153180554"},
}
REP = "hank.murphy@northwind.example"
"""Somebody who works there all through the story: human edits are made in this name."""


class NoNaps(bootstrap.SystemSleeper):
    """Goes on at once."""

    def sleep(self, seconds: float) -> None:
        """Do not wait."""


_shipped = functools.cache(bootstrap.load_definition)


@dataclass(frozen=True, slots=True)
class Done:
    """What one command left behind."""

    code: int
    out: str
    err: str

    @property
    def told(self) -> str:
        """Everything that a person at the terminal saw."""
        return self.out + self.err

    @property
    def json(self) -> dict[str, Any]:
        """The one JSON object on stdout; anything else there is an error of its own."""
        document = json.loads(self.out)
        assert isinstance(document, dict), self.out
        return document

    @property
    def result(self) -> dict[str, Any]:
        """The result inside the JSON object."""
        found: dict[str, Any] = self.json["result"]
        return found


@dataclass(slots=True)
class Org:
    """One CRM with a story, one state directory, one definition."""

    crm: str
    sandbox: Sandbox
    home: Path
    folder: Path
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def app(self) -> Any:
        """The pretended CRM itself."""
        return self.sandbox.apps[0]

    @property
    def state_dir(self) -> Path:
        """Where the definition's state lies."""
        return self.home / f"b2b-{self.crm}"

    @property
    def environment(self) -> dict[str, str]:
        """What the command is started with."""
        plain = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("LEADLEDGER_") and name not in {"NO_COLOR", "FORCE_COLOR"}
        }
        return {
            **plain,
            **self.sandbox.environment(),
            "LEADLEDGER_STATE_DIR": str(self.home),
            **self.variables,
        }

    def words(self, words: Sequence[str]) -> list[str]:
        """The words with the definition, where the command takes one and none is named."""
        if words and words[0] in {"plan", "apply", "run", "explain", "status", "validate"}:
            return [*words, "-c", str(self.folder)] if "-c" not in words else list(words)
        return list(words)

    def start(self, *words: str, **more: Any) -> subprocess.Popen[str]:
        """Start the installed command and go on."""
        return subprocess.Popen(
            [str(PROGRAM), *self.words(words)],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=more.pop("stdout", subprocess.PIPE),
            stderr=more.pop("stderr", subprocess.PIPE),
            text=True,
            cwd=self.home,
            **more,
        )

    def run(self, *words: str) -> Done:
        """The installed command in a process of its own."""
        process = self.start(*words)
        out, err = process.communicate(timeout=PATIENCE_S)
        return Done(process.returncode, out, err)

    def here(self, *words: str) -> Done:
        """The same command inside this process: a second cheaper, for the many small cases."""
        before, read, sleeper = dict(os.environ), bootstrap.load_definition, bootstrap.SystemSleeper
        out, err = io.StringIO(), io.StringIO()
        os.environ.clear()
        os.environ.update(self.environment)
        # Reading YAML is a third of a small run. The shipped definitions do not change: once is enough.
        # And nobody is there who would have to be spared: limits and retries need no waiting.
        bootstrap.SystemSleeper = NoNaps  # type: ignore[misc]
        bootstrap.load_definition = lambda folder: (_shipped if folder.parent == MAPPINGS else read)(folder)
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                code = main._run(self.words(words))
        finally:
            bootstrap.load_definition, bootstrap.SystemSleeper = read, sleeper  # type: ignore[misc]
            os.environ.clear()
            os.environ.update(before)
        return Done(code, out.getvalue(), err.getvalue())

    def planned(self, name: str = "plan.json") -> Path:
        """A plan that was just made and saved."""
        path = self.home / name
        done = self.here("plan", "-q", "-o", str(path))
        assert done.code == 0, done.told
        return path

    def calls(self, *, writing: bool | None = None) -> list[dict[str, Any]]:
        """The calls that the CRM saw, logins left out."""
        entries = [e.as_json() for e in self.sandbox.journal.entries(crm=self.crm)]
        calls = [e for e in entries if "/oauth" not in e["path"]]
        return calls if writing is None else [e for e in calls if is_write(e) is writing]

    def forget_calls(self) -> None:
        """Begin to count anew."""
        self.sandbox.journal.clear()

    def fault(self, action: str, *, times: int = 1, after: int = 0, **more: Any) -> None:
        """Let something go wrong; `path_glob` and `method` narrow it down."""
        match = {key: more.pop(key) for key in ("method", "path_glob") if key in more}
        answer = requests.post(
            f"{self.sandbox.base_url}/_sandbox/faults",
            json={
                "match": {"crm": self.crm, **match},
                "times": times,
                "after": after,
                "action": {"type": action, **more},
            },
            timeout=10,
        )
        answer.raise_for_status()

    def dump(self) -> dict[str, Any]:
        """Every row of the CRM."""
        rows: dict[str, Any] = self.app.dump()
        return rows

    def row(self, object_: str, id_: str) -> dict[str, Any]:
        """The fields of one row."""
        row = self.dump()[object_][id_]
        fields: dict[str, Any] = row if self.crm == "salesforce" else row["properties"]
        return fields

    def people(self) -> dict[str, dict[str, Any]]:
        """`crm/object/id` -> fields, of all people records."""
        dump = self.dump()
        return {
            f"{self.crm}/{object_}/{id_}": row if self.crm == "salesforce" else row["properties"]
            for object_ in PEOPLE_OBJECTS[self.crm]
            for id_, row in dump[object_].items()
        }

    def edit(self, object_: str, id_: str, **fields: Any) -> None:
        """A person changes a row."""
        self.app.edit(object_, id_, fields, by=REP)

    @contextlib.contextmanager
    def ledger(self) -> Iterator[SqliteLedger]:
        """The ledger, for reading."""
        ledger = SqliteLedger(self.state_dir / "ledger.sqlite", read_only=True)
        try:
            yield ledger
        finally:
            ledger.close()

    def open_intents(self) -> Sequence[Intent]:
        """Writes without an outcome."""
        with self.ledger() as ledger:
            return ledger.open_intents()

    def counters(self) -> dict[str, int]:
        """Person -> baseline plus entries, by the ledger's own stored decisions."""
        with self.ledger() as ledger:
            people = sorted(set(ledger.known().person_of.values()))
            decisions = [ledger.decision(person) for person in people]
        return {d.person_id: d.counter("mql_counter") for d in decisions if d is not None}

    def who(self, stage: str, *, where: Callable[[Decision], bool] = lambda _: True) -> Decision:
        """Somebody in a stage, by the ledger: one writable record, nobody of our own."""
        with self.ledger() as ledger:
            people = sorted(set(ledger.known().person_of.values()))
            decisions = [ledger.decision(person) for person in people]
        rows = self.people()
        for decision in decisions:
            if decision is None or decision.stage != stage or decision.excluded or len(decision.records) != 1:
                continue
            row = rows[str(decision.records[0])]
            if row.get("IsConverted") or not (row.get("Email") or row.get("email")):
                continue
            if not stage and row.get(STAGE[self.crm]) not in {None, "", "subscriber"}:
                continue
            if decision.records[0].object != "Contact" and where(decision):
                return decision
        raise AssertionError(f"nobody is in stage {stage!r}")

    def raise_hand(self, record: RecordRef, year: int = 2026) -> None:
        """The person asks for prices on our web site, now."""
        if self.crm == "salesforce":
            campaign = next(
                id_
                for id_, row in self.dump()["Campaign"].items()
                if row["Name"] == f"Pricing request {year}"
            )
            self.create(
                "CampaignMember", CampaignId=campaign, Status="Responded", **{f"{record.object}Id": record.id}
            )
        else:
            now_ms = self.sandbox.clock.now_us() // 1000
            submission = {
                "formId": FORM_IDS[FormName.PRICING_REQUEST],
                "conversionId": f"test-{year}-{record.id}",
                "submittedAt": now_ms,
                "pageUrl": "https://www.northwind.example/pricing",
                "values": [
                    {
                        "name": "email",
                        "objectTypeId": "0-1",
                        "value": self.row(record.object, record.id)["email"],
                    }
                ],
            }
            self.app.account.store.add_submissions([submission])
        self.later(60)

    def later(self, seconds: float) -> None:
        """Time passes in the CRM."""
        self.sandbox.clock.advance(int(seconds * 1_000_000))  # type: ignore[attr-defined]

    def create(self, object_: str, **fields: Any) -> str:
        """A new Salesforce row, through the API and with the integration user's rights."""
        base, variables = self.sandbox.base_url, self.sandbox.environment()
        login = requests.post(
            f"{base}/services/oauth2/token",
            data={
                "grant_type": "client_credentials",
                "client_id": variables["LEADLEDGER_SALESFORCE__CLIENT_ID"],
                "client_secret": variables["LEADLEDGER_SALESFORCE__CLIENT_SECRET"],
            },
            timeout=10,
        ).json()
        answer = requests.post(
            f"{base}/services/data/v68.0/sobjects/{object_}",
            json=fields,
            headers={"Authorization": f"Bearer {login['access_token']}", "Sforce-Auto-Assign": "FALSE"},
            timeout=10,
        )
        assert answer.status_code == 201, answer.text
        id_: str = answer.json()["id"]
        return id_


def is_write(call: Mapping[str, Any]) -> bool:
    """Whether a call may change something in the CRM."""
    if call["method"] == "GET":
        return False
    path = str(call["path"]).rstrip("/")
    if "/composite/sobjects/" in path or path.endswith(("/search", "/batch/read")):
        return call["method"] != "POST"
    return True


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait for something that another process does."""
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.005)


def sent(org: Org) -> set[tuple[str, str, str | None]]:
    """(record, field, value as text) of everything that was sent to be written, from the CRM's own log."""
    found = set()
    for call in org.calls(writing=True):
        assert call["body"] is not None, f"the log does not hold the body: {call['body_note']}"
        body = json.loads(call["body"])
        for row in body["records"] if org.crm == "salesforce" else body["inputs"]:
            if org.crm == "salesforce":
                object_ = row["attributes"]["type"]
                fields = {k: v for k, v in row.items() if k not in {"attributes", "id"}}
            else:
                object_, fields = call["path"].split("/")[-3], row["properties"]
            found |= {(f"{org.crm}/{object_}/{row['id']}", name, value) for name, value in fields.items()}
    return found


_NOT_CONTENT = {
    "SystemModstamp", "LastModifiedDate", "LastModifiedById", "lastmodifieddate", "hs_lastmodifieddate",
    "updatedAt", "history", "hubspot_owner_assigneddate", *STAMP.values(),
}  # fmt: skip
_NOT_ROWS = {"LeadHistory", "ContactHistory"}


def content(org: Org) -> dict[str, Any]:
    """The CRM's state without stamps, times of change and history: what a person would compare."""
    kept: dict[str, Any] = {}
    for object_, rows in org.dump().items():
        if object_ in _NOT_ROWS:
            continue
        kept[object_] = {id_: _plain(row) for id_, row in rows.items()}
    return kept


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: _plain(value) if name == "properties" else value
        for name, value in row.items()
        if name not in _NOT_CONTENT and not name.startswith(("hs_v2_date_", "hs_lifecyclestage_"))
    }


def differences(one: Org, other: Org) -> list[str]:
    """Where the content of two orgs differs, row by row and field by field; empty when they are the same."""
    found = []
    first, second = content(one), content(other)
    for object_ in sorted(first.keys() | second.keys()):
        rows, others = first.get(object_, {}), second.get(object_, {})
        for id_ in sorted(rows.keys() | others.keys()):
            row, twin = (_flat(side.get(id_, {})) for side in (rows, others))
            found += [
                f"{object_} {id_} {name}: {row.get(name)!r} and {twin.get(name)!r}"
                for name in sorted(row.keys() | twin.keys())
                if row.get(name) != twin.get(name)
            ]
    return found


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, **row.get("properties", {}), "properties": None}


class Stories:
    """Sandboxes and states that were made once and are copied for each test: telling and pulling take a second."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def open(self, crm: str, home: Path, *, applied: bool, limits: bool = False, people: int = PEOPLE) -> Org:
        """An org of its own under `home`: with nothing but the story, or with the first plan written as well."""
        template = self._template(crm, people, applied=applied)
        shutil.copytree(template, home, dirs_exist_ok=True)
        return self._org(crm, home, limits=limits)

    def _template(self, crm: str, people: int, *, applied: bool) -> Path:
        finished = self._folder / f"{crm}-{people}-{'applied' if applied else 'told'}"
        if finished.exists():
            return finished
        folder = finished.with_name(f"{finished.name}-{time.monotonic_ns()}")
        if applied:
            shutil.copytree(self._template(crm, people, applied=False), folder)
        else:
            folder.mkdir(parents=True)
        org = self._org(crm, folder, people=people)
        try:
            if applied:
                done = org.here("apply", "-q", str(org.planned()))
                assert done.code == 0, done.told
        finally:
            org.sandbox.stop()
        return folder.rename(finished)

    def _org(self, crm: str, home: Path, *, limits: bool = False, people: int = PEOPLE) -> Org:
        sandbox = build(seed=SEED, people=people, crms=(crm,), state=home / "crm.sqlite", limits=limits)
        sandbox.start(0)
        return Org(crm, sandbox, home, MAPPINGS / crm)


@pytest.fixture(scope="session")
def stories(tmp_path_factory: pytest.TempPathFactory) -> Stories:
    """Made once per worker."""
    return Stories(tmp_path_factory.mktemp("stories"))


@pytest.fixture(params=CRMS)
def crm(request: pytest.FixtureRequest) -> str:
    """Both CRMs, one after the other."""
    name: str = request.param
    return name


@pytest.fixture
def org(crm: str, stories: Stories, tmp_path: Path) -> Iterator[Org]:
    """An org that we have never met."""
    made = stories.open(crm, tmp_path / "home", applied=False)
    yield made
    made.sandbox.stop()


@pytest.fixture
def settled(crm: str, stories: Stories, tmp_path: Path) -> Iterator[Org]:
    """An org whose first plan was written."""
    made = stories.open(crm, tmp_path / "home", applied=True)
    yield made
    made.sandbox.stop()
