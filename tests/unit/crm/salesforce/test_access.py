from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs

import jwt
import pytest
import responses
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from leadledger.crm.governor import Governor
from leadledger.crm.salesforce.access import SalesforceAccess
from leadledger.crm.salesforce.api import SalesforceApi
from leadledger.errors import AuthError, ConfigError, CrmUnavailableError

HOST = "https://acme.my.salesforce.com"
TOKEN = f"{HOST}/services/oauth2/token"
ORG, USER = "00D000000000001AAA", "005000000000001AAA"
BY_SECRET = SalesforceAccess(HOST, "key", client_secret="secret")


class NoNap:
    def sleep(self, seconds: float) -> None:
        pass


def api(access: SalesforceAccess = BY_SECRET) -> SalesforceApi:
    nap = NoNap()
    return SalesforceApi(access, Governor(monotonic=lambda: 0.0, sleeper=nap), nap)


def granted(**changed: str) -> dict[str, str]:
    return {
        "access_token": "00D!token",
        "instance_url": HOST,
        "id": f"https://login.salesforce.com/id/{ORG}/{USER}",
        "token_type": "Bearer",
        **changed,
    }


@pytest.fixture
def http() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


@pytest.fixture(scope="module")
def private_key() -> str:
    key = rsa.generate_private_key(65537, 2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def key_file(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / "key.pem"
    path.write_text(text)
    path.chmod(mode)
    return path


def test_client_credentials_log_in_at_the_my_domain_and_name_organisation_and_user(
    http: responses.RequestsMock,
) -> None:
    http.post(TOKEN, json=granted())

    grant = api().login.grant()

    assert (grant.org_id, grant.user_id, grant.origin) == (ORG, USER, HOST)
    assert "token" not in repr(grant)
    assert "secret" not in repr(BY_SECRET)


def test_a_jwt_names_user_and_audience_and_lives_three_minutes_at_most(
    http: responses.RequestsMock, tmp_path: Path, private_key: str
) -> None:
    http.post(TOKEN, json=granted())
    access = SalesforceAccess(
        HOST, "key", username="bot@acme", private_key_file=key_file(tmp_path, private_key)
    )

    api(access).login.grant()

    body = parse_qs(str(http.calls[0].request.body))
    assertion = body["assertion"][0]
    claims = jwt.decode(assertion, options={"verify_signature": False})
    assert jwt.get_unverified_header(assertion)["alg"] == "RS256"
    assert (claims["iss"], claims["sub"], claims["aud"]) == (
        "key",
        "bot@acme",
        "https://login.salesforce.com",
    )


@pytest.mark.parametrize(
    ("url", "domain", "audience"),
    [
        ("https://acme.my.salesforce.com", "acme.my", "login"),
        ("https://acme--dev.sandbox.my.salesforce.com/", "acme--dev.sandbox.my", "test"),
        ("https://test.salesforce.com", "test", "test"),
        ("https://login.salesforce.com", "login", "login"),
    ],
)
def test_domain_and_audience_follow_from_the_address(url: str, domain: str, audience: str) -> None:
    access = SalesforceAccess(url, "key")

    assert (access.domain, access.audience_domain) == (domain, audience)


@pytest.mark.parametrize("url", ["https://example.com", "https://salesforce.com.example.com", "https://"])
def test_an_address_that_is_not_salesforces_is_refused(url: str) -> None:
    with pytest.raises(ConfigError):
        api(SalesforceAccess(url, "key", client_secret="secret")).login.grant()


def test_client_credentials_at_the_shared_login_host_are_refused_without_a_call() -> None:
    access = SalesforceAccess("https://login.salesforce.com", "key", client_secret="secret")

    with pytest.raises(ConfigError, match="own address"):
        api(access).login.grant()


def test_no_credentials_at_all_are_named() -> None:
    with pytest.raises(AuthError, match="LEADLEDGER_SALESFORCE"):
        api(SalesforceAccess(HOST, "key")).login.grant()


@pytest.mark.parametrize("code", ["invalid_client", "invalid_client_id", "invalid_grant", "inactive_org"])
@pytest.mark.parametrize("description", [{}, {"error_description": "user hasn't approved this consumer"}])
def test_a_refused_login_names_the_code_and_the_next_step(
    http: responses.RequestsMock, code: str, description: dict[str, str]
) -> None:
    http.post(TOKEN, status=400, json={"error": code, **description})

    with pytest.raises(AuthError, match=rf"refused the login \({code}\)\. Check") as raised:
        api().login.grant()

    assert "secret" not in str(raised.value).replace("_CLIENT_SECRET", "")


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 503, "body": "<html>ana@example.com</html>"},
        {"status": 200, "body": "<html>"},
        {"status": 200, "json": {"access_token": "x"}},
        {"status": 200, "json": []},
        {"status": 200, "json": granted(id="https://login.salesforce.com/id/x/y")},
        {"status": 200, "json": granted(access_token="")},
    ],
)
def test_an_answer_that_is_no_login_is_an_outage_and_shows_nothing_of_it(
    http: responses.RequestsMock, answer: dict[str, object]
) -> None:
    http.post(TOKEN, **answer)

    with pytest.raises(CrmUnavailableError, match="not Salesforce's") as raised:
        api().login.grant()

    assert "ana@" not in str(raised.value)


def test_an_instance_outside_salesforce_is_refused(http: responses.RequestsMock) -> None:
    http.post(TOKEN, json=granted(instance_url="https://salesforce.com.evil.example"))

    with pytest.raises(AuthError, match=r"evil\.example"):
        api().login.grant()


def test_calls_go_to_the_instance_that_the_login_named(http: responses.RequestsMock) -> None:
    other = "https://acme2.my.salesforce.com"
    http.post(TOKEN, json=granted(instance_url=other))
    http.get(f"{other}/services/data/v68.0/limits", json={})

    api().read("GET", "/limits", api="limits")

    assert http.calls[1].request.headers["Authorization"] == "Bearer 00D!token"
    assert http.calls[1].request.headers["Sforce-Auto-Assign"] == "FALSE"


def test_threads_that_find_the_token_expired_cause_one_login(http: responses.RequestsMock) -> None:
    http.post(TOKEN, json=granted())
    login = api().login
    expired = login.grant()

    threads = [threading.Thread(target=login.renew, args=(expired,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)

    assert len(http.calls) == 2


@pytest.mark.parametrize(
    ("text", "mode", "message"),
    [
        ("-----BEGIN PRIVATE KEY-----", 0o644, "chmod 600"),
        ("not a key", 0o600, "no private key in PEM form"),
        ("-----BEGIN PRIVATE KEY-----\nbroken\n-----END PRIVATE KEY-----\n", 0o600, "private key"),
    ],
)
def test_a_key_file_that_cannot_be_used_is_one_clear_line(
    tmp_path: Path, text: str, mode: int, message: str
) -> None:
    path = key_file(tmp_path, text, mode)
    access = SalesforceAccess(HOST, "key", username="bot@acme", private_key_file=path)

    with pytest.raises(AuthError, match=message) as raised:
        api(access).login.grant()

    assert str(path) in str(raised.value)
    assert "broken" not in str(raised.value)


def test_a_key_file_that_is_missing_is_one_clear_line(tmp_path: Path) -> None:
    access = SalesforceAccess(HOST, "key", username="bot@acme", private_key_file=tmp_path / "none.pem")

    with pytest.raises(AuthError, match="cannot be read"):
        api(access).login.grant()


@pytest.mark.parametrize(
    ("header", "remaining"),
    [
        ("api-usage=18/5000", 4982),
        ("api-usage=25/5000; per-app-api-usage=17/250(appName=x)", 233),
        ("api-usage=18/5000,per-app-api-usage=1/9000(appName=api-usage=1/2)", 4982),
        ("something else", None),
    ],
)
def test_the_quota_is_read_in_both_of_its_forms(
    http: responses.RequestsMock, header: str, remaining: int | None
) -> None:
    http.post(TOKEN, json=granted())
    http.get(f"{HOST}/services/data/v68.0/limits", json={}, headers={"Sforce-Limit-Info": header})
    salesforce = api()

    salesforce.read("GET", "/limits", api="limits")

    assert salesforce.transport.governor.remaining() == remaining


def test_a_query_too_long_for_an_address_goes_in_the_body_of_one_call(http: responses.RequestsMock) -> None:
    http.post(TOKEN, json=granted())
    page = {"totalSize": 1, "done": True, "records": [{"Id": "1"}]}
    http.post(
        f"{HOST}/services/data/v68.0/composite",
        json={"compositeResponse": [{"httpStatusCode": 200, "body": page, "referenceId": "query"}]},
    )
    soql = f"SELECT {', '.join(f'Field_{i}__c' for i in range(2000))} FROM Lead"

    [found] = api().query(soql)

    assert found.records == [{"Id": "1"}]
    assert len(http.calls) == 2


@pytest.mark.parametrize(
    "page",
    [
        {},
        [],
        {"records": None, "done": True},
        {"records": [], "done": "yes"},
        {"records": [1], "done": True},
        {"records": [], "done": False},
    ],
)
def test_an_answer_that_is_no_page_is_never_an_empty_one(http: responses.RequestsMock, page: object) -> None:
    http.post(TOKEN, json=granted())
    http.get(f"{HOST}/services/data/v68.0/queryAll", json=page)

    with pytest.raises(CrmUnavailableError, match="not a page"):
        list(api().query("SELECT Id FROM Lead"))
