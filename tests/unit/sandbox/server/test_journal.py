from __future__ import annotations

import pytest

from leadledger.sandbox.http import Request
from leadledger.sandbox.journal import KEEP_BODY_BYTES, KEEP_REQUESTS, Journal, family


def _record(journal: Journal, path: str = "/a", body: bytes = b"") -> None:
    headers = {"content-length": str(len(body))}
    journal.record(
        "x", Request("POST", path, (), headers, body), at_us=0, status=200, response_bytes=0, duration_us=1
    )


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/services/oauth2/token", "oauth2/token"),
        ("/services/data", "versions"),
        ("/services/data/v68.0", "resources"),
        ("/services/data/v68.0/query", "query"),
        ("//services/data/v68.0/query/", "query"),
        ("/services/data/v68.0/query/0r8000000000001AAA-2000", "query"),
        ("/services/data/v68.0/queryAll", "queryAll"),
        ("/services/data/v68.0/limits/", "limits"),
        ("/services/data/v68.0/sobjects/Lead/describe", "sobjects/describe"),
        ("/services/data/v68.0/sobjects/Lead/updated/", "sobjects/updated"),
        ("/services/data/v68.0/sobjects/Lead/00Q9S0000000001AAA", "sobjects"),
        ("/services/data/v68.0/composite/sobjects", "composite/sobjects"),
        ("/services/data/v68.0/composite/sobjects/Lead", "composite/sobjects"),
        ("/crm/v3/objects/contacts/batch/update", "crm/objects/contacts/batch/update"),
        ("/crm/objects/2026-09/contacts/search", "crm/objects/contacts/search"),
        ("/crm/v3/objects/contacts/4711", "crm/objects/contacts"),
        ("/", "/"),
    ],
)
def test_a_path_belongs_to_a_family_without_versions_and_ids(path, name):
    assert family(path) == name


def test_only_the_last_calls_are_kept_but_all_are_counted():
    journal = Journal()

    for _ in range(KEEP_REQUESTS + 10):
        _record(journal)

    assert len(journal.entries()) == KEEP_REQUESTS
    assert journal.entries()[0].number == 11
    assert journal.counts() == {"x": {"a": {"POST": KEEP_REQUESTS + 10}}}


def test_a_body_beyond_64_kb_is_not_kept():
    journal = Journal()

    _record(journal, body=b"x" * KEEP_BODY_BYTES)
    _record(journal, body=b"x" * (KEEP_BODY_BYTES + 1))

    kept, left_out = (entry.as_json() for entry in journal.entries())
    assert len(kept["body"]) == KEEP_BODY_BYTES
    assert (left_out["body"], left_out["body_note"]) == (None, "longer than 65536 bytes")


def test_a_body_that_is_no_text_is_shown_as_far_as_possible():
    journal = Journal()

    _record(journal, body=b"\xffa")

    assert journal.entries()[0].as_json()["body"] == "\ufffda"
