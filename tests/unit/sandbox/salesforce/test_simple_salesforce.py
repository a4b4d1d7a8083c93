"""simple-salesforce as an independent consumer: what it understands, other clients will."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlsplit, urlunsplit

import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from requests.adapters import HTTPAdapter
from simple_salesforce import Salesforce, SalesforceAuthenticationFailed, format_soql
from simple_salesforce.exceptions import SalesforceMalformedRequest, SalesforceResourceNotFound

from leadledger.sandbox.salesforce import org as facts
from leadledger.sandbox.salesforce.app import SalesforceApp
from leadledger.sandbox.server import Sandbox
from leadledger.sandbox.storage import open_storage


class ToSandbox(HTTPAdapter):
    """Sends what goes to https://… to the sandbox on plain http: the client knows no other scheme."""

    def __init__(self, base_url: str) -> None:
        super().__init__()
        self._target = urlsplit(base_url)

    def send(self, request, **kwargs):
        parts = urlsplit(request.url)
        request.headers["Host"] = parts.netloc
        request.url = urlunsplit(("http", self._target.netloc, parts.path, parts.query, ""))
        return super().send(request, **kwargs)


@pytest.fixture
def app(clock, ids):
    storage = open_storage()
    app = SalesforceApp(storage, clock)
    user = ("User", ids.system(Id=ids.ada, LastName="Ada", Username="ada@x.test", IsActive=True))
    app.load([user, *(ids.a_lead(f"{number:05d}", LastName=f"O'Neil {number}") for number in range(2100))])
    yield app
    storage.connection.close()


@pytest.fixture
def session(app, clock):
    with Sandbox([app], clock) as sandbox, requests.Session() as session:
        session.mount("https://", ToSandbox(sandbox.base_url))
        yield session


@pytest.fixture
def client(session):
    return Salesforce(
        consumer_key=facts.CONSUMER_KEY,
        consumer_secret=facts.CONSUMER_SECRET,
        domain="acme.my",
        session=session,
        version="68.0",
    )


def test_client_credentials_log_in(client):
    assert client.session_id.startswith("00D")


def test_wrong_credentials_are_told_as_such(session):
    with pytest.raises(SalesforceAuthenticationFailed) as caught:
        Salesforce(consumer_key="x", consumer_secret="y", domain="acme.my", session=session)

    assert caught.value.code == "invalid_client_id"


def test_a_signed_assertion_logs_in(app, session):
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    app.trust(public.decode())

    client = Salesforce(
        username=facts.INTEGRATION_USERNAME,
        consumer_key=facts.CONSUMER_KEY,
        privatekey=private.decode(),
        domain="login",
        session=session,
        version="68.0",
    )

    assert client.limits()["DailyApiRequests"]["Max"] == facts.DAILY_API_REQUESTS


def test_a_query_with_parameters_finds_a_name_with_a_quote(client):
    soql = format_soql(
        "SELECT Id, Name, Owner.Name FROM Lead WHERE LastName = {} AND CreatedDate < {}",
        "O'Neil 7",
        datetime(2026, 9, 2, tzinfo=UTC),
    )

    answer = client.query(soql)

    assert answer["totalSize"] == 1
    assert answer["records"][0]["Owner"]["Name"] == "Ada"


def test_pages_are_followed_by_url_and_by_iterator(client):
    first = client.query("SELECT Id FROM Lead")
    second = client.query_more(first["nextRecordsUrl"], identifier_is_url=True)

    every = list(client.query_all_iter("SELECT Id FROM Lead"))

    assert (len(first["records"]), len(second["records"]), second["done"]) == (2000, 100, True)
    assert len({record["Id"] for record in every}) == 2100


def test_describes_are_understood(client):
    fields = {field["name"] for field in client.Lead.describe()["fields"]}

    assert "Lead" in {item["name"] for item in client.describe()["sobjects"]}
    assert "Lead_Score__c" in fields


def test_a_row_is_updated_and_read_back(client, ids):
    key = ids.lead("00005")

    status = client.Lead.update(key, {"Lead_Score__c": 12.5}, headers={"Sforce-Auto-Assign": "FALSE"})

    row = client.Lead.get(key)
    assert status == 204
    assert (row["Lead_Score__c"], row["OwnerId"]) == (12.5, ids.ada)


def test_a_row_is_created_and_deleted(client):
    created = client.Lead.create({"LastName": "New", "Company": "Co"})

    assert client.Lead.delete(created["id"]) == 204
    with pytest.raises(SalesforceResourceNotFound):
        client.Lead.get(created["id"])


def test_collections_work_through_restful(client, ids):
    records = [
        {"attributes": {"type": "Lead"}, "id": ids.lead("00001"), "MQL_Counter__c": 1},
        {"attributes": {"type": "Lead"}, "id": ids.lead("00002"), "Lead_Grade__c": "AAA"},
    ]

    results = client.restful(
        "composite/sobjects",
        method="PATCH",
        json={"allOrNone": False, "records": records},
        headers={"Sforce-Auto-Assign": "FALSE"},
    )

    assert [result["success"] for result in results] == [True, False]


def test_an_error_arrives_with_its_code(client):
    with pytest.raises(SalesforceMalformedRequest) as caught:
        client.query("SELECT Nope FROM Lead")

    assert caught.value.content[0]["errorCode"] == "INVALID_FIELD"


def test_limits_and_usage_are_read(client):
    limits = client.limits()

    assert limits["DailyApiRequests"]["Max"] == facts.DAILY_API_REQUESTS
    assert client.api_usage["api-usage"].total == facts.DAILY_API_REQUESTS


def test_updated_and_deleted_windows_are_read(client, clock, ids):
    client.Lead.delete(ids.lead("00009"))
    client.Lead.update(ids.lead("00008"), {"Rating": "Hot"})
    clock.advance_s(120)
    start, end = datetime(2026, 9, 21, 14, tzinfo=UTC), datetime(2026, 9, 21, 15, tzinfo=UTC)

    assert client.Lead.updated(start, end)["ids"] == [ids.lead("00008")]
    assert [row["id"] for row in client.Lead.deleted(start, end)["deletedRecords"]] == [ids.lead("00009")]


def test_an_ended_session_is_renewed_by_the_client(client, app):
    app.expire_tokens()

    assert client.query("SELECT COUNT() FROM Lead")["totalSize"] == 2100
