from __future__ import annotations

import base64
import time

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from leadledger.sandbox.salesforce import org as facts

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


@pytest.fixture(scope="module")
def key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def org(make_org, key):
    org = make_org(token_ttl_s=7200)
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    org.app.trust(public.decode())
    return org


@pytest.fixture
def assertion(org, key):
    """Log in with a signed assertion whose claims are given."""

    def login(signer=key, algorithm="RS256", **claims):
        body = {
            "iss": facts.CONSUMER_KEY,
            "sub": facts.INTEGRATION_USERNAME,
            "aud": "https://login.salesforce.com",
            "exp": int(time.time()) + 180,
            **claims,
        }
        signed = jwt.encode(body, signer, algorithm=algorithm)
        return org.login({"grant_type": JWT_BEARER, "assertion": signed})

    return login


def test_client_credentials_in_the_body_open_a_session(org):
    answer = org.login()

    body = answer.body
    assert answer.status == 200
    assert body["access_token"].startswith("00D9S000000Ldgr!")
    assert body["instance_url"] == "http://127.0.0.1:8080"
    assert body["id"].endswith(f"/id/{facts.ORG_ID}/{facts.INTEGRATION_USER_ID}")
    assert "expires_in" not in body
    assert "refresh_token" not in body
    assert org.call("GET", "limits").status == 200


def test_client_credentials_may_come_in_the_basic_header(org):
    pair = base64.b64encode(f"{facts.CONSUMER_KEY}:{facts.CONSUMER_SECRET}".encode()).decode()

    answer = org.login({"grant_type": "client_credentials"}, {"authorization": f"Basic {pair}"})

    assert answer.status == 200


@pytest.mark.parametrize("host", ["login.salesforce.com", "test.salesforce.com:443"])
def test_client_credentials_are_refused_on_the_shared_hosts(org, host):
    form = {
        "grant_type": "client_credentials",
        "client_id": facts.CONSUMER_KEY,
        "client_secret": facts.CONSUMER_SECRET,
    }

    answer = org.login(form, {"host": host})

    assert (answer.status, answer.body["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"grant_type": "client_credentials"}, "invalid_client_id"),
        ({"grant_type": "client_credentials", "client_id": facts.CONSUMER_KEY}, "invalid_client"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"nothing": "x"}, "unsupported_grant_type"),
        ({"grant_type": JWT_BEARER, "assertion": "x.y.z"}, "invalid_grant"),
        ({"grant_type": JWT_BEARER}, "invalid_grant"),
    ],
)
def test_a_bad_grant_is_refused_with_an_object(org, form, error):
    answer = org.login(form)

    assert answer.status == 400
    assert answer.body["error"] == error
    assert answer.body["error_description"]


def test_a_bad_basic_header_is_refused(org):
    answer = org.login({"grant_type": "client_credentials"}, {"authorization": "Basic !"})

    assert answer.body["error"] == "invalid_client_id"


def test_a_refresh_token_opens_a_session(org):
    form = {
        "grant_type": "refresh_token",
        "client_id": facts.CONSUMER_KEY,
        "client_secret": facts.CONSUMER_SECRET,
        "refresh_token": facts.REFRESH_TOKEN,
    }

    assert org.login(form).status == 200
    assert org.login({**form, "refresh_token": "other"}).body["error"] == "invalid_grant"


@pytest.mark.parametrize("expires", [int, str])
def test_a_signed_assertion_opens_a_session_without_issued_at(assertion, org, expires):
    answer = assertion(exp=expires(int(time.time()) + 180))

    assert answer.status == 200
    assert "issued_at" not in answer.body
    assert org.call("GET", "limits").status == 200


@pytest.mark.parametrize(
    ("claims", "error"),
    [
        ({"iss": "other"}, "invalid_client_id"),
        ({"aud": "https://example.test"}, "invalid_grant"),
        ({"sub": "somebody@else.test"}, "invalid_grant"),
        ({"exp": 1}, "invalid_grant"),
        ({"exp": "soon"}, "invalid_grant"),
        ({"exp": "nan"}, "invalid_grant"),
    ],
)
def test_an_assertion_with_a_wrong_claim_is_refused(assertion, claims, error):
    answer = assertion(**claims)

    assert (answer.status, answer.body["error"]) == (400, error)


def test_the_audience_may_be_the_called_host(assertion):
    assert assertion(aud="http://127.0.0.1:8080").status == 200


def test_an_assertion_of_another_key_is_refused(assertion):
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    assert assertion(signer=other).body["error_description"] == "invalid assertion"


def test_an_unsigned_assertion_is_refused(assertion):
    assert assertion(signer="", algorithm="none").status == 400


def test_only_an_rsa_key_can_be_trusted(org):
    with pytest.raises(ValueError, match="PEM"):
        org.app.trust("nonsense")


def test_a_session_ends_after_its_life_without_use(org):
    org.clock.advance_s(7201)

    answer = org.call("GET", "limits")

    assert answer.status == 401
    assert answer.body == [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]


def test_use_extends_a_session(org):
    for _ in range(3):
        org.clock.advance_s(7000)
        assert org.call("GET", "limits").status == 200


def test_all_sessions_can_be_ended(org):
    org.app.expire_tokens()

    assert org.call("GET", "limits").code == "INVALID_SESSION_ID"


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer nonsense", "Basic eDp5"])
def test_a_call_without_a_living_token_is_refused(org, header):
    assert org.call("GET", "sobjects", headers={"authorization": header}).status == 401


def test_a_revoked_token_is_dead(org):
    body = f"token={org.token.replace('!', '%21')}".encode()

    revoked = org.call("POST", "/services/oauth2/revoke", body)

    assert revoked.status == 200
    assert org.call("GET", "limits").status == 401
    assert org.call("POST", "/services/oauth2/revoke", body).status == 400
