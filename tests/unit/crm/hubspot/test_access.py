"""Who we are to HubSpot, and what happens when HubSpot does not agree."""

from __future__ import annotations

import pytest

from leadledger.crm.hubspot import paths
from leadledger.crm.hubspot.access import DEFAULT_URL, HubSpotAccess
from leadledger.errors import AuthError, ConfigError, CrmUnavailableError
from leadledger.ports import Kind, Stream

CONTACTS = Stream("hubspot", "contacts", Kind.PEOPLE, ("email",))
OWNERS = Stream("hubspot", "owners", Kind.OWNERS)


def test_the_organisation_is_the_account_with_its_own_time(make_account) -> None:
    account = make_account()

    org = account.crm.org()

    assert (org.id, org.sandbox) == ("1", True)
    assert org.now_us == account.clock.now_us()
    assert "DEVELOPER_TEST" in org.name


def test_asking_again_for_the_organisation_costs_nothing(make_account) -> None:
    account = make_account()

    account.crm.org()
    account.crm.org()

    assert account.crm.calls() == {"account": 1}


def test_a_wrong_key_is_an_access_error_that_never_shows_the_key(make_account) -> None:
    crm = make_account().connector("pat-na1-wrong-key")

    with pytest.raises(AuthError) as raised:
        crm.org()

    assert "INVALID_AUTHENTICATION" in str(raised.value)
    assert "pat-na1-wrong-key" not in str(raised.value)
    assert crm.calls() == {"account": 1}
    crm.close()


@pytest.mark.parametrize("key", ["", "two words", "line\nbreak", "kéy"])
def test_a_key_that_cannot_be_one_is_refused_before_any_call(make_account, key: str) -> None:
    crm = make_account().connector(key)

    with pytest.raises(AuthError, match="Copy it again"):
        crm.org()

    crm.close()


def test_a_missing_scope_is_named_with_the_next_step(make_account) -> None:
    account = make_account()
    refusal = {
        "category": "MISSING_SCOPES",
        "errors": [{"context": {"requiredGranularScopes": ["crm.objects.contacts.read"]}}],
    }
    account.answers("/crm/objects/*", 403, refusal)

    with pytest.raises(AuthError, match=r"crm\.objects\.contacts\.read\. Add it to the key"):
        account.pull(CONTACTS)


def test_a_missing_scope_of_the_vendor_client_is_named_as_well(make_account) -> None:
    account = make_account()
    refusal = {
        "category": "MISSING_SCOPES",
        "errors": [{"context": {"requiredGranularScopes": ["crm.objects.owners.read"]}}],
    }
    account.answers("/crm/v3/owners*", 403, refusal)

    with pytest.raises(AuthError, match=r"crm\.objects\.owners\.read\. Add it to the key"):
        account.pull(OWNERS)


def test_a_key_that_may_only_read_cannot_write(make_account, record) -> None:
    account = make_account([("contacts", record(1, email="a@b.example"))])
    reader = account.connector("pat-sandbox-0000-reader")

    with pytest.raises(AuthError, match=r"crm\.objects\.contacts\.write"):
        reader.write("contacts", {"1": {"lead_score": "5"}})

    reader.close()


def test_an_answer_without_an_account_is_not_hubspot(make_account) -> None:
    account = make_account()
    account.answers("/account-info/*", 200, {"hello": "world"})

    with pytest.raises(CrmUnavailableError, match="portalId"):
        account.crm.org()


def test_all_paths_of_ours_carry_the_one_version() -> None:
    built = [
        paths.objects("contacts"),
        paths.search("contacts"),
        paths.batch_read("contacts"),
        paths.batch_update("contacts"),
        paths.associations("calls", "contacts"),
        paths.ACCOUNT,
    ]

    assert paths.VERSION == "2026-09"
    assert all(f"/{paths.VERSION}/" in path for path in built)


def test_plain_http_is_for_the_sandbox_only() -> None:
    from leadledger.crm.hubspot.crm import HubSpotCrm

    class Still:
        def sleep(self, seconds: float) -> None:
            raise AssertionError(seconds)

    assert HubSpotAccess("t").url == DEFAULT_URL == "https://api.hubapi.com"
    with pytest.raises(ConfigError, match="https"):
        HubSpotCrm(HubSpotAccess("t", "http://api.hubapi.com"), sleeper=Still(), monotonic=lambda: 0.0)


def test_the_key_is_not_in_the_representation() -> None:
    assert "pat-na1-secret" not in repr(HubSpotAccess("pat-na1-secret"))
