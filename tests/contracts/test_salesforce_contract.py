from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from contracts.crm_contract import CrmContract, Naps, Scene, pulled, writable_ids
from leadledger.crm.salesforce.access import SalesforceAccess
from leadledger.crm.salesforce.crm import SalesforceCrm
from leadledger.domain.conditions import Compare, Op, Space
from leadledger.domain.definition import Definition
from leadledger.domain.intents import IntentState
from leadledger.domain.lifecycle import DealEvent, DealTrigger, Lifecycle, Stage, StatusTrigger
from leadledger.domain.routing import Fallback, Routing
from leadledger.domain.scoring import Engagement, Fit
from leadledger.domain.sources import ActivitySource, PeopleSource
from leadledger.domain.writeback import FieldMapping, WriteTarget
from leadledger.errors import AuthError, ConfigError, CrmUnavailableError, RetryLaterError
from leadledger.ports import Kind
from leadledger.sandbox.clock import StoryClock
from leadledger.sandbox.faults import FOR_EVER, Act
from leadledger.sandbox.http import App, Response
from leadledger.sandbox.salesforce.app import SalesforceApp
from leadledger.sandbox.salesforce.org import INTEGRATION_USERNAME
from leadledger.sandbox.server import Sandbox
from leadledger.sandbox.storage import open_storage
from leadledger.sandbox.story.salesforce import salesforce_rows
from leadledger.sandbox.story.telling import story

STORY = story(7, 60)
ROWS = list(salesforce_rows(STORY))

CALL = Compare(Space.FIELD, "TaskSubtype", Op.IS, "Call")
WEBINAR = Compare(Space.FIELD, "Campaign.Type", Op.IS, "Webinar")
DEFINITION = Definition(
    name="contract",
    version="1",
    digest="0",
    time_zone=ZoneInfo("Europe/Berlin"),
    connections=("salesforce",),
    people=(
        PeopleSource("salesforce", "Lead", {"email": "Email", "company": "Company", "status": "Status"}),
        PeopleSource("salesforce", "Contact", {"email": "Email", "industry": "Account.Industry"}),
    ),
    activities=(
        ActivitySource(
            "salesforce", "CampaignMember", "webinar", WEBINAR, at="FirstRespondedDate", asset="Campaign.Name"
        ),
        ActivitySource("salesforce", "Task", "call", CALL, at="CompletedDateTime"),
        ActivitySource("salesforce", "Event", "meeting", at="StartDateTime"),
        ActivitySource(
            "salesforce",
            "Visit__c",
            "page_view",
            at="Visited_At__c",
            person="Lead__c,Contact__c",
            asset="URL__c",
        ),
    ),
    engagement=Engagement(),
    fit=Fit(),
    lifecycle=Lifecycle(
        (
            Stage("sql", (DealTrigger(DealEvent.CREATED),)),
            Stage("recycled", (StatusTrigger("Status", ("Closed - Not Converted",)),), side=True),
        )
    ),
    routing=Routing(fallback=Fallback(queue="Inbound_Queue")),
    targets=(
        WriteTarget(
            "salesforce",
            "Lead",
            (
                FieldMapping("Lead_Score__c", "score"),
                FieldMapping("Why_Now__c", "why_now"),
                FieldMapping("OwnerId", "owner"),
            ),
        ),
    ),
)


def access(url: str, app: SalesforceApp, **changed: str) -> SalesforceAccess:
    env = app.environment(url)
    values = {"url": url}
    for name in ("client_id", "client_secret"):
        values[name] = next(value for key, value in env.items() if key.endswith(name.upper()))
    return SalesforceAccess(**{**values, **changed})


def live_rows(app: App, object_: str) -> set[str]:
    return {id_ for id_, row in app.dump()[object_].items() if not row["IsDeleted"]}


@pytest.fixture
def scene() -> Iterator[Scene]:
    clock = StoryClock(STORY.until_us)
    app = SalesforceApp(open_storage(), clock)
    app.load(ROWS)
    naps = Naps()
    with Sandbox([app], clock) as sandbox:
        crm = SalesforceCrm(access(sandbox.base_url, app), sleeper=naps, jitter=lambda: 0.5, page_rows=200)
        yield Scene(
            crm=crm,
            app=app,
            sandbox=sandbox,
            clock=clock,
            definition=DEFINITION,
            object="Lead",
            number_field="Lead_Score__c",
            text_field="Why_Now__c",
            user_id=next(id_ for id_, row in app.dump()["User"].items() if row["Name"] != "Lead Ledger"),
            absent_id="00Q000000000000AAA",
            pull_glob="*/queryAll*",
            read_glob="*/composite/sobjects/Lead",
            write_glob="*/composite/sobjects",
            live_ids=lambda: live_rows(app, "Lead"),
            refused_row=lambda: ("00Q000000000000AAA", {"Lead_Score__c": "1"}),
            naps=naps,
        )
        crm.close()


def leads(scene: Scene) -> Mapping[str, Mapping[str, object]]:
    return scene.app.dump()["Lead"]


def live(scene: Scene, object_: str) -> set[str]:
    return live_rows(scene.app, object_)


class TestSalesforce(CrmContract):
    def test_a_token_that_expires_between_two_pages_is_renewed_and_no_row_is_lost(self, scene: Scene) -> None:
        visits = next(s for s in scene.crm.streams(scene.definition) if s.name == "Visit__c")
        scene.fault(Act.EXPIRE_TOKEN, "*/query/*")

        rows = pulled(scene, visits).rows

        assert {row["id"] for row in rows if not row["deleted"]} == live(scene, "Visit__c")
        assert scene.crm.calls()["oauth2/token"] == 2

    def test_a_write_with_an_expired_token_is_repeated_once_with_all_its_headers(self, scene: Scene) -> None:
        [first] = writable_ids(scene, 1)
        scene.crm.describe("Lead")
        scene.fault(Act.EXPIRE_TOKEN, scene.write_glob)

        [outcome] = scene.crm.write("Lead", {first: {"Lead_Score__c": "42"}})

        sent = scene.sandbox.journal.entries(path_glob=scene.write_glob)
        assert outcome.state is IntentState.CONFIRMED
        assert [entry.status for entry in sent] == [401, 200]
        assert [entry.request.headers["sforce-auto-assign"] for entry in sent] == ["FALSE", "FALSE"]

    def test_a_token_that_never_works_ends_after_one_new_login(self, scene: Scene) -> None:
        scene.fault(Act.EXPIRE_TOKEN, "*/query*", times=FOR_EVER)

        with pytest.raises(AuthError, match="not help"):
            scene.crm.introduce()

        assert scene.arrived("*/query*") == 2

    def test_no_write_lets_the_assignment_rule_choose_the_owner(self, scene: Scene) -> None:
        ids = writable_ids(scene, 20)
        owners = {id_: leads(scene)[id_]["OwnerId"] for id_ in ids}

        scene.crm.write("Lead", {id_: {"Lead_Score__c": "99"} for id_ in ids})

        assert {id_: leads(scene)[id_]["OwnerId"] for id_ in ids} == owners

    def test_every_call_says_that_assignment_rules_stay_off(self, scene: Scene) -> None:
        [first] = writable_ids(scene, 1)
        scene.crm.write("Lead", {first: {"Lead_Score__c": "1"}})

        headers = [entry.request.headers for entry in scene.sandbox.journal.entries()]

        assert {h.get("sforce-auto-assign") for h in headers} == {"FALSE"}
        assert {h.get("sforce-mru") for h in headers} == {"updateMru=false"}

    def test_an_idle_increment_costs_one_call_per_stream_and_two_for_owners(self, scene: Scene) -> None:
        scene.later(3600)
        streams = scene.crm.streams(scene.definition)
        marks = {stream.name: pulled(scene, stream).watermark for stream in streams}
        scene.later(3600)
        before = sum(scene.crm.calls().values())

        rows = {stream.name: pulled(scene, stream, marks[stream.name]).rows for stream in streams}

        assert sum(scene.crm.calls().values()) - before == len(streams) + 1
        assert [name for name, found in rows.items() if found] == ["Owner"]

    def test_rows_that_appear_behind_the_watermark_are_found_by_the_look_back(self, scene: Scene) -> None:
        first = pulled(scene, scene.people())
        late = writable_ids(scene, 1)[0]
        scene.later(-300)
        scene.app.edit("Lead", late, {"Why_Now__c": "committed late"}, by=scene.user_id)
        scene.later(600)

        second = pulled(scene, scene.people(), first.watermark)

        assert second.by_id()[late]["Why_Now__c"] == "committed late"

    def test_our_own_write_is_not_asked_for_again_by_the_look_back(self, scene: Scene) -> None:
        [first] = writable_ids(scene, 1)
        scene.later(3600)
        scene.crm.write("Lead", {first: {"Lead_Score__c": "42"}})
        scene.later(60)
        pulled(scene, scene.people())
        mark = pulled(scene, scene.people()).watermark

        assert pulled(scene, scene.people(), mark).rows == []

    def test_a_deleted_row_comes_as_deleted(self, scene: Scene) -> None:
        mark = pulled(scene, scene.people()).watermark
        [first] = writable_ids(scene, 1)
        scene.later()
        scene.app.edit("Lead", first, {"IsDeleted": True}, by=scene.user_id)
        scene.later()

        assert pulled(scene, scene.people(), mark).by_id()[first]["deleted"] is True

    def test_converted_leads_name_their_contact_and_are_refused_when_written(self, scene: Scene) -> None:
        converted = [row for row in pulled(scene, scene.people()).rows if row["converted_to"]]
        assert converted

        [outcome] = scene.crm.write("Lead", {converted[0]["id"]: {"Lead_Score__c": "1"}})

        assert outcome.state is IntentState.REFUSED
        assert outcome.reason.startswith("CANNOT_UPDATE_CONVERTED_LEAD")
        assert converted[0]["converted_us"]

    def test_owners_are_users_and_queues_in_one_page_that_replaces_all(self, scene: Scene) -> None:
        owners = next(s for s in scene.crm.streams(scene.definition) if s.kind is Kind.OWNERS)

        [page] = scene.crm.pull(owners, None, None).pages

        assert page.replaces == "all"
        assert any(row["queue"] and "Lead" in row["objects"].split(",") for row in page.rows)
        assert all("@" in row["email"] and row["email"].islower() for row in page.rows if not row["queue"])

    def test_a_lock_is_refused_with_the_advice_to_try_again(self, scene: Scene) -> None:
        [first] = writable_ids(scene, 1)
        scene.crm.describe("Lead")
        error = {
            "statusCode": "UNABLE_TO_LOCK_ROW",
            "message": "unable to obtain exclusive access",
            "fields": [],
        }
        answer = Response.json(200, [{"success": False, "errors": [error]}])
        scene.fault(Act.RESPOND, scene.write_glob, response=answer)

        [outcome] = scene.crm.write("Lead", {first: {"Lead_Score__c": "1"}})

        assert (outcome.state, outcome.reason) == (
            IntentState.REFUSED,
            "lock: try again (UNABLE_TO_LOCK_ROW)",
        )

    def test_results_that_are_missing_are_unknown(self, scene: Scene) -> None:
        ids = writable_ids(scene, 3)
        scene.crm.describe("Lead")
        answer = Response.json(200, [{"id": ids[0], "success": True, "errors": []}])
        scene.fault(Act.RESPOND, scene.write_glob, response=answer)

        outcomes = scene.crm.write("Lead", {id_: {"Lead_Score__c": "1"} for id_ in ids})

        unknown = IntentState.UNKNOWN
        assert [outcome.state for outcome in outcomes] == [IntentState.CONFIRMED, unknown, unknown]

    def test_the_daily_limit_ends_reads_at_once_and_writes_before_they_are_sent(self, scene: Scene) -> None:
        [first] = writable_ids(scene, 1)
        scene.crm.describe("Lead")
        body = [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}]
        headers = (("Sforce-Limit-Info", "api-usage=15000/15000"),)
        scene.fault(Act.RESPOND, "*/query*", response=Response.json(403, body, headers))

        with pytest.raises(RetryLaterError, match="24 hours"):
            pulled(scene, scene.people())
        before = scene.arrived()
        with pytest.raises(RetryLaterError, match="Nothing was sent"):
            scene.crm.write("Lead", {first: {"Lead_Score__c": "1"}})

        assert scene.arrived() == before

    def test_a_lost_cursor_is_taken_up_after_the_last_row(self, scene: Scene) -> None:
        visits = next(s for s in scene.crm.streams(scene.definition) if s.name == "Visit__c")
        gone = Response.json(
            400, [{"errorCode": "INVALID_QUERY_LOCATOR", "message": "invalid query locator"}]
        )
        scene.fault(Act.RESPOND, "*/query/0r8*", response=gone)

        rows = pulled(scene, visits).rows

        ids = [row["id"] for row in rows]
        assert len(ids) > 400
        assert len(set(ids)) == len(ids)
        assert {row["id"] for row in rows if not row["deleted"]} == live(scene, "Visit__c")

    def test_an_unknown_field_is_one_clear_line(self, scene: Scene) -> None:
        people = (PeopleSource("salesforce", "Lead", {"budget": "Budgett__c"}),)
        stream = next(
            s
            for s in scene.crm.streams(dataclasses.replace(scene.definition, people=people))
            if s.name == "Lead"
        )

        with pytest.raises(ConfigError, match="Budgett__c") as raised:
            pulled(scene, stream)

        assert "\n" not in str(raised.value)
        assert "SELECT" not in str(raised.value)

    def test_a_jwt_login_works_with_a_key_that_the_organisation_trusts(
        self, scene: Scene, tmp_path: Path
    ) -> None:
        key = rsa.generate_private_key(65537, 2048)
        path = tmp_path / "key.pem"
        path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        path.chmod(0o600)
        public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        by_key = dataclasses.replace(
            access(scene.sandbox.base_url, scene.app),
            client_secret="",
            username=INTEGRATION_USERNAME,
            private_key_file=path,
        )
        crm = SalesforceCrm(by_key, sleeper=scene.naps)

        with pytest.raises(AuthError, match="invalid_grant"):
            crm.org()
        scene.app.trust(public.decode())

        assert crm.org().id == scene.crm.org().id
        crm.close()

    def test_a_wrong_secret_is_one_clear_line(self, scene: Scene) -> None:
        wrong = access(scene.sandbox.base_url, scene.app, client_secret="not-the-secret")
        crm = SalesforceCrm(wrong, sleeper=scene.naps)

        with pytest.raises(AuthError, match="refused the login") as raised:
            crm.org()

        assert "not-the-secret" not in str(raised.value)
        crm.close()

    def test_a_sandbox_that_is_down_is_one_clear_line(self, scene: Scene) -> None:
        crm = SalesforceCrm(access("http://127.0.0.1:9", scene.app), sleeper=scene.naps)

        with pytest.raises(CrmUnavailableError) as raised:
            crm.org()

        assert str(raised.value) == (
            "Salesforce at 127.0.0.1:9 refused the connection. Is it running? "
            "For the sandbox: leadledger sandbox serve"
        )
        assert scene.naps.waited_s == []
        crm.close()

    def test_an_unknown_object_cannot_be_described(self, scene: Scene) -> None:
        with pytest.raises(ConfigError, match="no such object"):
            scene.crm.describe("Leed__c")

    def test_describe_survives_an_outage_and_an_expired_token(self, scene: Scene) -> None:
        scene.crm.org()
        scene.fault(Act.RESPOND, "*/describe", response=Response(503, b"<html>"))
        scene.fault(Act.EXPIRE_TOKEN, "*/describe")

        assert scene.crm.describe("Lead")["Email"].kind == "text"
        assert scene.crm.calls()["describe"] == 3

    def test_naming_the_streams_costs_no_call(self, scene: Scene) -> None:
        scene.crm.streams(scene.definition)

        assert scene.arrived() == 0
