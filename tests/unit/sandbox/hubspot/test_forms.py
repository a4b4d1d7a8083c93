from __future__ import annotations

from typing import Any

import pytest

from unit.sandbox.hubspot.hub import Hub, MakeHub

_SUBMISSIONS = "/form-integrations/v1/submissions/forms"


def _form(guid: str, **changed: Any) -> tuple[str, dict[str, Any]]:
    return "forms", {
        "id": guid,
        "name": f"Form {guid}",
        "formType": "hubspot",
        "createdAt": "2025-01-01T00:00:00Z",
        "updatedAt": "2025-01-01T00:00:00Z",
        "archived": False,
        **changed,
    }


def _submission(guid: str, number: int, submitted_ms: int) -> tuple[str, dict[str, Any]]:
    return "form_submissions", {
        "formId": guid,
        "conversionId": f"c-{number:03d}",
        "submittedAt": submitted_ms,
        "pageUrl": "https://www.ours.example/demo",
        "values": [{"name": "email", "objectTypeId": "0-1", "value": f"p{number}@x.example"}],
    }


@pytest.fixture
def forms(make_hub: MakeHub) -> Hub:
    return make_hub(
        _form("aa"),
        _form("bb", formType="captured"),
        _form("cc", formType="blog_comment"),
        _form("dd", archived=True),
        # Two of them in one millisecond: a cursor of time alone would lose or repeat one.
        *(_submission("aa", number, 1_770_000_000_000 + number // 2) for number in range(60)),
    )


def test_forms_are_listed_by_kind_in_pages(forms: Hub) -> None:
    first = forms.get("/marketing/v3/forms?formTypes=all&limit=2").body
    second = forms.get(f"/marketing/v3/forms?formTypes=all&after={first['paging']['next']['after']}").body

    assert [form["id"] for form in first["results"] + second["results"]] == ["aa", "bb", "cc"]
    assert [form["id"] for form in forms.get("/marketing/v3/forms").body["results"]] == ["aa"]
    assert [form["id"] for form in forms.get("/marketing/v3/forms?archived=true").body["results"]] == ["dd"]
    assert forms.get("/marketing/v3/forms/bb").body["name"] == "Form bb"
    assert forms.get("/marketing/v3/forms/zz").status == 404


def test_submissions_come_newest_first_in_pages_of_at_most_50(forms: Hub) -> None:
    first = forms.get(f"{_SUBMISSIONS}/aa?limit=50").body
    second = forms.get(f"{_SUBMISSIONS}/aa?limit=50&after={first['paging']['next']['after']}").body

    ids = [result["conversionId"] for result in first["results"] + second["results"]]
    assert ids == [f"c-{number:03d}" for number in reversed(range(60))]
    assert len(first["results"]) == 50
    assert "paging" not in second


def test_a_submission_has_values_and_no_contact_id(forms: Hub) -> None:
    newest = forms.get(f"{_SUBMISSIONS}/aa?limit=1").body["results"][0]

    assert newest == {
        "conversionId": "c-059",
        "submittedAt": 1_770_000_000_029,
        "pageUrl": "https://www.ours.example/demo",
        "values": [{"name": "email", "objectTypeId": "0-1", "value": "p59@x.example"}],
    }


def test_the_default_page_has_20_submissions(forms: Hub) -> None:
    assert len(forms.get(f"{_SUBMISSIONS}/aa").body["results"]) == 20


@pytest.mark.parametrize(
    ("path", "status"), [("aa?limit=51", 400), ("aa?after=soon", 400), ("zz", 404), ("cc", 400)]
)
def test_what_cannot_be_read_is_refused(forms: Hub, path: str, status: int) -> None:
    assert forms.get(f"{_SUBMISSIONS}/{path}").status == status


def test_a_form_without_submissions_is_empty(forms: Hub) -> None:
    assert forms.get(f"{_SUBMISSIONS}/bb").body == {"results": []}
