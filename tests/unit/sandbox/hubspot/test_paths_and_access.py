from __future__ import annotations

from pathlib import Path
from urllib.parse import urlencode

import pytest

from leadledger.sandbox.http import Request
from leadledger.sandbox.hubspot.auth import CLIENT_ID, CLIENT_KEY, READER, REFRESH
from leadledger.sandbox.hubspot.switches import CHOICES
from unit.sandbox.hubspot.hub import Hub


@pytest.mark.parametrize(
    "path",
    [
        "/crm/objects/2026-09/contacts",
        "/crm/objects/2026-03/contacts/",
        "/crm/objects/v3/contacts",
        "/crm/v3/objects/contacts",
        "/crm/objects/2026-09/contact",
        "/crm/objects/2026-09/0-1",
        "/crm/v3/objects/0-1/",
    ],
)
def test_contacts_answer_under_every_version_and_name(hub: Hub, path: str) -> None:
    answer = hub.get(path)

    assert answer.status == 200
    assert [result["id"] for result in answer.body["results"]] == ["501", "502", "503", "504", "505"]


@pytest.mark.parametrize(
    "path",
    [
        "/crm/owners/2026-09",
        "/crm/v3/owners/",
        "/crm/properties/2026-09/contacts",
        "/crm/v3/properties/contacts/groups",
        "/crm/pipelines/2026-09/deals",
        "/crm/v3/pipelines/deals",
        "/account-info/v3/details",
        "/marketing/v3/forms/",
        "/crm-object-schemas/v3/schemas",
    ],
)
def test_the_other_endpoints_answer_with_and_without_date_and_slash(hub: Hub, path: str) -> None:
    assert hub.get(path).status == 200


def test_account_details_name_portal_time_zone_and_kind(hub: Hub) -> None:
    body = hub.get("/account-info/v3/details").body

    assert (body["portalId"], body["timeZone"], body["accountType"]) == (1, "Europe/Berlin", "DEVELOPER_TEST")
    assert body["utcOffset"] == "+01:00"


@pytest.mark.parametrize(
    "path",
    [
        "/crm/objects/2026-09/contacts/batch/upsert",
        "/crm/exports/2026-09/export/async",
        "/crm/objects/2026-09/contacts/merge",
        "/events/event-occurrences/2026-09",
        "/crm/pipelines/2026-09/contacts",
        "/crm/nothing/2026-09",
    ],
)
def test_what_the_sandbox_does_not_have_is_refused_with_404(hub: Hub, path: str) -> None:
    answer = hub.post(path, {})

    assert answer.status == 404
    assert answer.body["status"] == "error"
    assert answer.body["correlationId"]


def test_a_wrong_method_is_refused_with_405(hub: Hub) -> None:
    answer = hub.call("PUT", "/crm/objects/2026-09/contacts/501", {})

    assert answer.status == 405
    assert answer.headers["Allow"] == "GET, PATCH, DELETE"


def test_an_unknown_object_type_is_refused_with_400(hub: Hub) -> None:
    answer = hub.get("/crm/objects/2026-09/unicorns")

    assert answer.status == 400
    assert answer.body["message"] == "Unable to infer object type from: unicorns"


def test_only_hubspot_paths_are_handled(hub: Hub) -> None:
    assert hub.app.handles("/crm/objects/2026-09/contacts")
    assert not hub.app.handles("/services/data/v61.0/query")


@pytest.mark.parametrize("header", ["", "Bearer nobody", "Basic abc", "Bearer"])
def test_a_call_without_a_known_token_gets_401(hub: Hub, header: str) -> None:
    answer = hub.call("GET", "/crm/objects/2026-09/contacts", authorization=header)

    assert answer.status == 401
    assert answer.body["category"] == "INVALID_AUTHENTICATION"
    assert answer.body["message"].startswith("Authentication credentials not found.")


def test_the_reader_may_read_but_gets_403_with_the_missing_scope_on_a_write(hub: Hub) -> None:
    hub.key = READER

    read = hub.get("/crm/objects/2026-09/contacts/501")
    written = hub.patch("/crm/objects/2026-09/contacts/501", firstname="Eve")

    assert read.status == 200
    assert written.status == 403
    assert written.body["category"] == "MISSING_SCOPES"
    assert written.body["errors"][0]["context"]["requiredGranularScopes"] == ["crm.objects.contacts.write"]
    assert hub.value("501", "firstname") == "Ada"


def _grant(hub: Hub, **form: str) -> tuple[int, dict[str, object]]:
    fields = {
        "grant_type": "refresh_token",
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_KEY,
        "refresh_token": REFRESH,
        **form,
    }
    answer = hub.call("POST", "/oauth/2026-03/token", urlencode(fields).encode())
    return answer.status, answer.body


@pytest.mark.parametrize("version", ["v1", "v3", "2026-03", "2026-09"])
def test_a_refresh_token_grants_access_in_every_version(hub: Hub, version: str) -> None:
    form = urlencode(
        {
            "grant_type": "refresh_token",
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_KEY,
            "refresh_token": REFRESH,
        }
    )

    response = hub.app.handle(Request("POST", f"/oauth/{version}/token", body=form.encode()))

    assert response.status == 200


def test_an_oauth_token_works_until_it_expires_and_has_no_daily_header(hub: Hub) -> None:
    status, body = _grant(hub)
    hub.key = str(body["access_token"])

    fresh = hub.get("/crm/objects/2026-09/contacts")
    hub.clock.pass_seconds(1801)
    late = hub.get("/crm/objects/2026-09/contacts")

    assert (status, body["expires_in"], body["refresh_token"]) == (200, 1800, REFRESH)
    assert fresh.status == 200
    assert "X-HubSpot-RateLimit-Daily" not in fresh.headers
    assert fresh.headers["X-HubSpot-RateLimit-Max"] == "110"
    assert (late.status, late.body["category"]) == (401, "EXPIRED_AUTHENTICATION")


def test_expire_tokens_ends_oauth_tokens_and_keeps_private_keys(hub: Hub) -> None:
    private = hub.key
    hub.key = str(_grant(hub)[1]["access_token"])

    hub.app.expire_tokens()

    assert hub.get("/crm/objects/2026-09/contacts").status == 401
    hub.key = private
    assert hub.get("/crm/objects/2026-09/contacts").status == 200


def test_a_wrong_refresh_token_is_refused_in_hubspots_own_form(hub: Hub) -> None:
    status, body = _grant(hub, refresh_token="wrong")

    assert (status, body["status"]) == (400, "BAD_REFRESH_TOKEN")


def test_with_rotation_the_old_refresh_token_is_spent(hub: Hub) -> None:
    hub.app.switches["oauth_rotation"] = "on"

    first = _grant(hub)[1]
    again, _ = _grant(hub)
    renewed, _ = _grant(hub, refresh_token=str(first["refresh_token"]))

    assert first["refresh_token"] != REFRESH
    assert (again, renewed) == (400, 200)


def test_a_url_beyond_16_kb_is_refused_with_414(hub: Hub) -> None:
    names = ",".join(["firstname"] * 1_700)

    assert hub.get(f"/crm/objects/2026-09/contacts?properties={names}").status == 414
    assert hub.get(f"/crm/objects/2026-09/contacts?properties={names[:9000]}").status == 200


def test_the_environment_points_a_run_at_the_account(hub: Hub) -> None:
    assert hub.app.environment("http://127.0.0.1:9") == {
        "LEADLEDGER_HUBSPOT__URL": "http://127.0.0.1:9",
        "LEADLEDGER_HUBSPOT__TOKEN": hub.key,
    }


@pytest.mark.parametrize(
    ("name", "value"), [("no_such_switch", "on"), ("bad_row", "sometimes")], ids=["name", "value"]
)
def test_an_unknown_switch_or_value_says_what_there_is(hub: Hub, name: str, value: str) -> None:
    with pytest.raises(ValueError, match="bad_row"):
        hub.app.switches[name] = value


def test_deleting_a_switch_setting_restores_the_default(hub: Hub) -> None:
    hub.app.switches["bad_row"] = "per_row"

    del hub.app.switches["bad_row"]

    assert hub.app.switches["bad_row"] == "whole_batch"


@pytest.mark.parametrize(
    ("field", "status"),
    [
        ("grant_type", "BAD_GRANT_TYPE"),
        ("client_id", "BAD_CLIENT_ID"),
        ("client_secret", "BAD_CLIENT_SECRET"),
    ],
)
def test_a_grant_with_a_wrong_field_says_which(hub: Hub, field: str, status: str) -> None:
    assert _grant(hub, **{field: "wrong"})[1]["status"] == status


def test_the_token_endpoint_takes_post_only(hub: Hub) -> None:
    assert hub.get("/oauth/v1/token").status == 405
    assert hub.call("POST", "/oauth/v1/token", b"\xff").status == 400


def test_the_reference_page_names_every_switch_and_value() -> None:
    page = (Path(__file__).parents[4] / "docs/reference/sandbox-hubspot.md").read_text(encoding="utf-8")

    for name, values in CHOICES.items():
        line = next(line for line in page.splitlines() if line.startswith(f"| `{name}`"))
        assert all(value in line for value in values), name
