from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import pytest

from contracts.crm_contract import CrmContract, Naps, Pulled, Scene, pulled, writable_ids
from leadledger.crm.hubspot.access import HubSpotAccess
from leadledger.crm.hubspot.crm import HubSpotCrm
from leadledger.domain.conditions import Compare, Op, Space
from leadledger.domain.definition import Definition
from leadledger.domain.intents import IntentState
from leadledger.domain.lifecycle import DealEvent, DealTrigger, Lifecycle, Stage, StatusTrigger
from leadledger.domain.routing import AccountOwner, Routing
from leadledger.domain.scoring import Engagement, Fit
from leadledger.domain.sources import ActivitySource, PeopleSource
from leadledger.domain.writeback import FieldMapping, WriteTarget
from leadledger.sandbox.clock import StoryClock
from leadledger.sandbox.hubspot.app import HubSpotApp
from leadledger.sandbox.hubspot.auth import WRITER
from leadledger.sandbox.server import Sandbox
from leadledger.sandbox.storage import open_storage
from leadledger.sandbox.story.hubspot import hubspot_rows
from leadledger.sandbox.story.telling import story

STORY = story(7, 120)
ROWS = list(hubspot_rows(STORY))
DEFINITION = Definition(
    name="contract",
    version="1",
    digest="0",
    time_zone=ZoneInfo("Europe/Berlin"),
    connections=("hubspot",),
    people=(
        PeopleSource(
            "hubspot", "contacts", {"email": "email", "title": "jobtitle", "industry": "company.industry"}
        ),
    ),
    activities=(
        ActivitySource(
            "hubspot",
            "form_submissions",
            "form_submit",
            Compare(Space.FIELD, "form", Op.MATCHES, "*"),
            asset="form",
            attributes={"page": "page_url"},
        ),
        ActivitySource(
            "hubspot",
            "property_history",
            "email_click",
            property="hs_email_last_click_date",
            origin="marketing",
        ),
        ActivitySource("hubspot", "calls", "call", origin="sales"),
        ActivitySource("hubspot", "emails", "email", origin="sales"),
        ActivitySource(
            "hubspot",
            "meetings",
            "meeting",
            Compare(Space.FIELD, "hs_meeting_outcome", Op.IS, "COMPLETED"),
            at="hs_meeting_start_time",
        ),
    ),
    engagement=Engagement(),
    fit=Fit(),
    lifecycle=Lifecycle(
        (
            Stage("sql", (DealTrigger(DealEvent.CREATED),)),
            Stage("recycled", (StatusTrigger("hs_lead_status", ("UNQUALIFIED",)),), side=True),
        )
    ),
    routing=Routing(account_owner=AccountOwner()),
    targets=(
        WriteTarget(
            "hubspot",
            "contacts",
            (
                FieldMapping("lead_score", "score"),
                FieldMapping("why_now", "why_now"),
                FieldMapping("lifecyclestage", "stage"),
                FieldMapping("hubspot_owner_id", "owner"),
            ),
        ),
    ),
)


@dataclass
class Hours(Naps):
    """Time that passes only while somebody sleeps, for the connector's governor and for HubSpot's limits alike."""

    now_s: float = 1000.0

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        self.now_s += seconds

    def monotonic(self) -> float:
        return self.now_s


class Stored:
    """A mirror that holds what one pull gave."""

    def __init__(self, first: Pulled) -> None:
        self._modified = {row["id"]: row["modified_us"] for row in first.rows if not row["deleted"]}

    def count(self, low_us: int, high_us: int) -> int:
        return len(self.modified(low_us, high_us))

    def modified(self, low_us: int, high_us: int) -> Mapping[str, int]:
        return {id_: at_us for id_, at_us in self._modified.items() if low_us <= at_us < high_us}

    def touched_people(self) -> Sequence[str]:
        return ()


def connector(url: str, hours: Hours) -> HubSpotCrm:
    return HubSpotCrm(
        HubSpotAccess(WRITER, url), sleeper=hours, monotonic=hours.monotonic, jitter=lambda: 0.5
    )


@pytest.fixture
def scene() -> Iterator[Scene]:
    clock = StoryClock(STORY.until_us)
    hours = Hours()
    app = HubSpotApp(open_storage(), clock, monotonic=hours.monotonic)
    app.load(ROWS)
    with Sandbox([app], clock) as sandbox:
        crm = connector(sandbox.base_url, hours)
        contacts = app.dump()["contacts"]
        yield Scene(
            crm=crm,
            app=app,
            sandbox=sandbox,
            clock=clock,
            definition=DEFINITION,
            object="contacts",
            number_field="lead_score",
            text_field="why_now",
            user_id=next(iter(app.dump()["owners"])),
            absent_id="999999999999",
            pull_glob="/crm/objects/*/contacts",
            read_glob="*/contacts/batch/read",
            write_glob="*/contacts/batch/update",
            live_ids=lambda: {id_ for id_, row in contacts.items() if not row["archived"]},
            refused_row=lambda: ("999999999999", {"lead_score": "1"}),
            naps=hours,
        )
        crm.close()


class TestHubSpot(CrmContract):
    def test_an_idle_run_over_every_stream_costs_at_most_twelve_calls(self, scene: Scene) -> None:
        streams = scene.crm.streams(scene.definition)
        first = {stream.name: pulled(scene, stream) for stream in streams}
        scene.later(60)
        scene.naps.sleep(60)
        later = connector(scene.sandbox.base_url, scene.naps)

        later.org()
        rows = {
            stream.name: [
                row
                for page in later.pull(stream, first[stream.name].watermark, Stored(first[stream.name])).pages
                for row in page.rows
            ]
            for stream in streams
        }
        made = sum(later.calls().values())
        later.close()

        assert {name for name, given in rows.items() if given} == {"owners"}
        assert made <= 12

    def test_a_stage_that_stays_is_a_refused_row(self, scene: Scene) -> None:
        [first] = writable_ids(scene, 1)
        scene.crm.write("contacts", {first: {"lifecyclestage": "customer"}})

        [outcome] = scene.crm.write("contacts", {first: {"lifecyclestage": "lead"}})

        assert outcome.state is IntentState.REFUSED
        assert "a stage does not move backward by itself" in outcome.reason
