from __future__ import annotations

from unit.sandbox.hubspot.hub import Hub

_CONTACTS = "/crm/objects/2026-09/contacts"
_STAMPS = "hs_lifecyclestage_marketingqualifiedlead_date", "hs_v2_date_entered_marketingqualifiedlead"


def _stage(hub: Hub, stage: str) -> str | None:
    answer = hub.patch(f"{_CONTACTS}/501", lifecyclestage=stage)
    assert answer.status == 200
    return answer.body["properties"]["lifecyclestage"]


def test_entering_a_stage_stamps_it_and_leaving_it_too(hub: Hub) -> None:
    _stage(hub, "marketingqualifiedlead")
    hub.clock.pass_seconds(60)
    _stage(hub, "153180555")

    assert {hub.value("501", name) for name in _STAMPS} == {"2026-03-02T12:00:00.000Z"}
    assert hub.value("501", "hs_v2_date_exited_marketingqualifiedlead") == "2026-03-02T12:01:00.000Z"
    assert hub.value("501", "hs_v2_date_entered_153180555") == "2026-03-02T12:01:00.000Z"
    assert hub.value("501", "hs_v2_date_entered_current_stage") == "2026-03-02T12:01:00.000Z"


def test_a_backward_stage_is_ignored_with_success_and_still_moves_the_stamp(hub: Hub) -> None:
    _stage(hub, "opportunity")
    hub.clock.pass_seconds(60)

    shown = _stage(hub, "lead")

    assert shown == "opportunity"
    assert hub.value("501", "lifecyclestage") == "opportunity"
    assert len(hub.history("501", "lifecyclestage")) == 1
    assert hub.value("501", "lastmodifieddate") == "2026-03-02T12:01:00.000Z"


def test_clearing_and_then_setting_goes_back_and_restarts_the_date(hub: Hub) -> None:
    _stage(hub, "marketingqualifiedlead")
    _stage(hub, "153180554")
    hub.clock.pass_seconds(3600)

    ignored = _stage(hub, "marketingqualifiedlead")
    cleared = _stage(hub, "")
    again = _stage(hub, "marketingqualifiedlead")

    assert (ignored, cleared, again) == ("153180554", None, "marketingqualifiedlead")
    assert {hub.value("501", name) for name in _STAMPS} == {"2026-03-02T13:00:00.000Z"}
    assert [entry["value"] for entry in hub.history("501", "lifecyclestage")] == [
        "marketingqualifiedlead",
        "",
        "153180554",
        "marketingqualifiedlead",
    ]


def test_a_switch_keeps_the_first_date_of_a_stage(hub: Hub) -> None:
    hub.app.switches["stage_dates"] = "keep"
    _stage(hub, "marketingqualifiedlead")
    hub.clock.pass_seconds(3600)

    _stage(hub, "")
    _stage(hub, "marketingqualifiedlead")

    assert {hub.value("501", name) for name in _STAMPS} == {"2026-03-02T12:00:00.000Z"}


def test_a_switch_applies_backward_stages(hub: Hub) -> None:
    hub.app.switches["backward_stage"] = "applied"
    _stage(hub, "customer")

    assert _stage(hub, "lead") == "lead"


def test_a_batch_ignores_a_backward_stage_and_takes_the_other_values_of_the_row(hub: Hub) -> None:
    _stage(hub, "customer")

    answer = hub.post(
        f"{_CONTACTS}/batch/update",
        {"inputs": [{"id": "501", "properties": {"lifecyclestage": "lead", "lead_score": "5"}}]},
    )

    properties = answer.body["results"][0]["properties"]
    assert (answer.status, properties["lifecyclestage"], properties["lead_score"]) == (200, "customer", "5")


def test_the_stages_are_read_from_the_property_in_display_order(hub: Hub) -> None:
    options = hub.get("/crm/properties/2026-09/contacts/lifecyclestage").body["options"]

    assert [option["value"] for option in sorted(options, key=lambda option: option["displayOrder"])] == [
        "subscriber",
        "lead",
        "marketingqualifiedlead",
        "153180555",
        "salesqualifiedlead",
        "153180554",
        "opportunity",
        "customer",
        "evangelist",
        "other",
    ]
    assert {option["value"]: option["label"] for option in options}["153180554"] == "Recycled"
