"""hubspot-api-client, HubSpot's own, as an independent consumer of the whole thing over HTTP."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest
from hubspot import HubSpot
from hubspot.crm.associations.v4 import BatchInputPublicFetchAssociationsBatchRequest
from hubspot.crm.contacts import (
    ApiException,
    BatchInputSimplePublicObjectBatchInput,
    BatchReadInputSimplePublicObjectId,
    PublicObjectSearchRequest,
    SimplePublicObjectInput,
)
from hubspot.crm.objects.tasks import SimplePublicObjectInputForCreate
from urllib3.util.retry import Retry

from leadledger.sandbox.http import Storage
from leadledger.sandbox.hubspot.app import HubSpotApp
from leadledger.sandbox.hubspot.auth import CLIENT_ID, CLIENT_KEY, READER, REFRESH, WRITER
from leadledger.sandbox.server import Sandbox
from unit.sandbox.hubspot.hub import StillClock, a_contact, a_record, an_owner

_WAIT = {"_request_timeout": (2, 10)}


@pytest.fixture(scope="module")
def base_url() -> Iterator[str]:
    clock = StillClock()
    connection = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
    app = HubSpotApp(Storage(connection), clock, limits=False)
    contacts = [a_contact(id_, firstname=f"Name {id_}", lifecyclestage="lead") for id_ in range(501, 516)]
    contacts[0][1]["associations"] = {"companies": ["12"]}
    form = {"id": "guid-1", "name": "Demo", "formType": "hubspot", "archived": False}
    company = a_record("companies", 12, name="Acme")
    app.load([*contacts, company, an_owner("31"), an_owner("32", archived=True), ("forms", form)])
    sandbox = Sandbox([app], clock)
    yield sandbox.start()
    sandbox.stop()
    connection.close()


@pytest.fixture
def open_client(base_url: str) -> Iterator[Any]:
    """Clients that ask once and whose connections are closed after the test."""
    opened: list[Any] = []

    def cached(package: Any, api_name: str, config: dict[str, Any]) -> Any:
        configuration = package.Configuration()
        for key, value in config.items():
            setattr(configuration, "retries" if key == "retry" else key, value)
        client = package.ApiClient(configuration=configuration)
        opened.append(client)
        return getattr(package, api_name)(api_client=client)

    def make(access_token: str = WRITER) -> HubSpot:
        return HubSpot(access_token=access_token, host=base_url, retry=Retry(0), api_factory=cached)

    yield make
    for client in opened:
        client.rest_client.pool_manager.clear()
        client.close()


@pytest.fixture
def client(open_client: Any) -> HubSpot:
    return open_client()


def test_owners(client: HubSpot) -> None:
    page = client.crm.owners.owners_api.get_page(limit=100, **_WAIT)

    assert [(owner.id, owner.email, owner.teams[0].name) for owner in page.results] == [
        ("31", "rep31@ours.example", "EMEA")
    ]
    assert client.crm.owners.owners_api.get_by_id(owner_id=31, **_WAIT).first_name == "Rep"


def test_properties(client: HubSpot) -> None:
    core = client.crm.properties.core_api

    names = {body.name for body in core.get_all("contacts", **_WAIT).results}
    stage = core.get_by_name("contacts", "lifecyclestage", **_WAIT)

    assert {"email", "lead_score", "hs_lifecyclestage_lead_date"} <= names
    assert len(stage.options) == 10
    assert stage.modification_metadata.read_only_value is False


def test_property_groups(client: HubSpot) -> None:
    groups = client.crm.properties.groups_api.get_all("contacts", **_WAIT).results

    assert "leadledger" in [group.name for group in groups]


def test_pipelines(client: HubSpot) -> None:
    (pipeline,) = client.crm.pipelines.pipelines_api.get_all("deals", **_WAIT).results

    assert [stage.metadata["isClosed"] for stage in pipeline.stages].count("true") == 2


def test_contacts_page_by_page(client: HubSpot) -> None:
    api = client.crm.contacts.basic_api

    first = api.get_page(
        limit=10, properties=["firstname", "lead_grade"], associations=["companies"], **_WAIT
    )
    second = api.get_page(limit=10, after=first.paging.next.after, **_WAIT)

    ids = [record.id for record in first.results + second.results]
    assert ids == [str(id_) for id_ in range(501, 516)]
    assert first.results[0].properties["lead_grade"] is None
    assert first.results[0].associations["companies"].results[0].id == "12"
    assert second.paging is None


def test_a_contact_by_id_with_history(client: HubSpot) -> None:
    record = client.crm.contacts.basic_api.get_by_id(
        "502", properties_with_history=["lifecyclestage"], **_WAIT
    )

    assert record.properties_with_history["lifecyclestage"][0].value == "lead"


def test_an_unknown_contact_raises_its_404(client: HubSpot) -> None:
    with pytest.raises(ApiException) as caught:
        client.crm.contacts.basic_api.get_by_id("999", **_WAIT)

    assert caught.value.status == 404


def test_search(client: HubSpot) -> None:
    request = PublicObjectSearchRequest(
        filter_groups=[
            {"filters": [{"propertyName": "lastmodifieddate", "operator": "GTE", "value": "1769904000000"}]}
        ],
        sorts=["hs_object_id"],
        properties=["email"],
        limit=3,
    )

    found = client.crm.contacts.search_api.do_search(request, **_WAIT)

    assert found.total >= 15
    assert [record.id for record in found.results] == ["501", "502", "503"]
    assert found.paging.next.after == "3"


def test_batch_read_with_a_missing_id(client: HubSpot) -> None:
    request = BatchReadInputSimplePublicObjectId(
        inputs=[{"id": "503"}, {"id": "9999"}], properties=["email"], properties_with_history=[]
    )

    answer = client.crm.contacts.batch_api.read(request, **_WAIT)

    assert (answer.status, [record.id for record in answer.results]) == ("COMPLETE", ["503"])
    assert (answer.num_errors, answer.errors[0].context) == (1, {"ids": ["9999"]})


def test_batch_update(client: HubSpot) -> None:
    request = BatchInputSimplePublicObjectBatchInput(
        inputs=[{"id": str(id_), "properties": {"lead_score": "77"}} for id_ in (504, 505)]
    )

    answer = client.crm.contacts.batch_api.update(request, **_WAIT)

    assert {record.properties["lead_score"] for record in answer.results} == {"77"}


def test_a_single_update(client: HubSpot) -> None:
    change = SimplePublicObjectInput(properties={"lead_grade": "A"})

    record = client.crm.contacts.basic_api.update("506", change, **_WAIT)

    assert record.properties["lead_grade"] == "A"


def test_a_write_with_the_reader_raises_its_403(open_client: Any) -> None:
    reader = open_client(READER)

    with pytest.raises(ApiException) as caught:
        reader.crm.contacts.basic_api.update(
            "501", SimplePublicObjectInput(properties={"lead_grade": "A"}), **_WAIT
        )

    assert caught.value.status == 403
    assert "MISSING_SCOPES" in caught.value.body


def test_associations_v4(client: HubSpot) -> None:
    answer = client.crm.associations.v4.batch_api.get_page(
        "contacts",
        "companies",
        BatchInputPublicFetchAssociationsBatchRequest(inputs=[{"id": "501"}]),
        **_WAIT,
    )

    (result,) = answer.results
    assert [(target.to_object_id, target.association_types[0].label) for target in result.to] == [
        ("12", "Primary")
    ]


def test_a_task_with_an_inline_association(client: HubSpot) -> None:
    task = client.crm.objects.tasks.basic_api.create(
        SimplePublicObjectInputForCreate(
            properties={"hs_timestamp": "1772452800000", "hs_task_subject": "Call"},
            associations=[
                {
                    "to": {"id": "507"},
                    "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 204}],
                }
            ],
        ),
        **_WAIT,
    )
    linked = client.crm.associations.v4.basic_api.get_page("contacts", "507", "tasks", **_WAIT)

    assert [target.to_object_id for target in linked.results] == [task.id]


def test_forms(client: HubSpot) -> None:
    page = client.marketing.forms.forms_api.get_page(**_WAIT)

    assert [(form.id, form.name) for form in page.results] == [("guid-1", "Demo")]


def test_oauth_refresh(client: HubSpot, open_client: Any) -> None:
    granted = client.oauth.tokens_api.create(
        grant_type="refresh_token",
        client_id=CLIENT_ID,
        client_secret=CLIENT_KEY,
        refresh_token=REFRESH,
        **_WAIT,
    )

    owners = open_client(granted.access_token).crm.owners.owners_api.get_page(**_WAIT)

    assert granted.expires_in == 1800
    assert len(owners.results) == 1
