"""The story as HubSpot rows: whole, well-formed, and accepted by the pretended HubSpot."""

from __future__ import annotations

import re
from datetime import datetime

from leadledger.domain.instants import to_us
from leadledger.sandbox.hubspot.object_properties import standard_properties

_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
_CRM = ("contacts", "companies", "deals", "calls", "emails", "meetings")
# Options that are wider here than in a fresh account: the admin added them.
_EXTENDED = {"hs_lead_status": {"ACCEPTED", "RECYCLE"}}


def _us(text: str) -> int:
    return to_us(datetime.fromisoformat(text))


def test_exactly_the_promised_objects_and_forms_come_out(in_hubspot):
    assert set(in_hubspot) == {*_CRM, "owners", "forms", "form_submissions"}
    assert sorted(form["name"] for form in in_hubspot["forms"]) == [
        "contact-sales",
        "pricing-request",
        "webinar-registration",
        "whitepaper-lead-scoring",
    ]


def test_every_property_is_defined_with_a_value_that_its_definition_allows(in_hubspot):
    definitions = {
        name: {body["name"]: body for body in bodies} for name, bodies in standard_properties().items()
    }
    for name in _CRM:
        for row in in_hubspot[name]:
            for property_, value in row["properties"].items():
                body = definitions[name][property_]
                assert value is None or isinstance(value, str)
                options = {option["value"] for option in body["options"]} | _EXTENDED.get(property_, set())
                if value and body["options"]:
                    assert value in options, f"{name}.{property_}"
                if value and body["type"] == "datetime":
                    assert _STAMP.fullmatch(value), f"{name}.{property_}"


def test_ids_are_unique_and_associations_point_at_rows(in_hubspot):
    ids = {name: {row["id"] for row in in_hubspot[name]} for name in _CRM}
    for name in _CRM:
        assert len(ids[name]) == len(in_hubspot[name])
        for row in in_hubspot[name]:
            assert row["properties"]["hs_object_id"] == row["id"]
            for other, linked in row["associations"].items():
                assert set(linked) <= ids[other], f"{name} {row['id']}"


def test_every_engagement_and_deal_belongs_to_a_contact(in_hubspot):
    for name in ("deals", "calls", "emails", "meetings"):
        assert all(row["associations"]["contacts"] for row in in_hubspot[name])


def test_owners_exist(in_hubspot):
    owners = {row["id"] for row in in_hubspot["owners"]}
    named = {row["properties"].get("hubspot_owner_id") for name in _CRM for row in in_hubspot[name]}

    assert named - {None} <= owners


def test_no_two_contacts_share_an_address_and_all_are_in_lower_case(in_hubspot):
    emails = [row["properties"]["email"] for row in in_hubspot["contacts"]]

    assert len(set(emails)) == len(emails)
    assert all(email == email.strip().lower() for email in emails)


def test_a_history_is_newest_first_and_its_newest_value_is_the_current_one(in_hubspot):
    for name in _CRM:
        for row in in_hubspot[name]:
            for property_, entries in row["history"].items():
                stamps = [entry["timestamp"] for entry in entries]
                assert stamps == sorted(stamps, reverse=True), f"{name}.{property_}"
                assert entries[0]["value"] == row["properties"][property_], f"{name}.{property_}"


def test_nothing_happened_after_the_end_of_the_story(told, in_hubspot):
    planned = {"closedate"}
    for name in _CRM:
        for row in in_hubspot[name]:
            stamps = [row["createdAt"], row["updatedAt"]]
            stamps += [
                value
                for property_, value in row["properties"].items()
                if value and property_ not in planned and _STAMP.fullmatch(value)
            ]
            stamps += [entry["timestamp"] for entries in row["history"].values() for entry in entries]
            assert row["createdAt"] <= row["updatedAt"]
            assert max(map(_us, stamps)) <= told.until_us, f"{name} {row['id']}"
    assert all(row["submittedAt"] <= told.until_us // 1000 for row in in_hubspot["form_submissions"])


def test_the_last_modification_is_no_earlier_than_any_change_of_history(in_hubspot):
    for name in _CRM:
        for row in in_hubspot[name]:
            newest = [entries[0]["timestamp"] for entries in row["history"].values()]
            assert all(stamp <= row["updatedAt"] for stamp in newest), f"{name} {row['id']}"


def test_submissions_carry_an_address_of_a_contact_as_somebody_typed_it(in_hubspot):
    known = {row["properties"]["email"] for row in in_hubspot["contacts"]}
    typed = [
        value["value"]
        for row in in_hubspot["form_submissions"]
        for value in row["values"]
        if value["name"] == "email"
    ]
    conversions = [row["conversionId"] for row in in_hubspot["form_submissions"]]

    assert {email.strip().lower() for email in typed} <= known
    assert any(email not in known for email in typed)
    assert len(set(conversions)) == len(conversions)
