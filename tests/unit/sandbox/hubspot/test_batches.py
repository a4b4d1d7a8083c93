from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from unit.sandbox.hubspot.hub import Answer, Hub, MakeHub, a_contact

_CONTACTS = "/crm/objects/2026-09/contacts"


def _update(hub: Hub, *inputs: dict[str, Any]) -> Answer:
    return hub.post(f"{_CONTACTS}/batch/update", {"inputs": list(inputs)})


def _row(id_: str, trace: str = "", **properties: Any) -> dict[str, Any]:
    row: dict[str, Any] = {"id": id_, "properties": properties}
    return {**row, "objectWriteTraceId": trace} if trace else row


def test_a_batch_read_has_its_frame_and_its_records(hub: Hub) -> None:
    answer = hub.post(
        f"{_CONTACTS}/batch/read",
        {
            "inputs": [{"id": "503"}, {"id": "501"}],
            "properties": ["firstname", "nonsense"],
            "propertiesWithHistory": ["email"],
        },
    )

    assert answer.status == 200
    assert answer.body["status"] == "COMPLETE"
    assert answer.body["startedAt"] == answer.body["completedAt"] == "2026-03-02T12:00:00.000Z"
    assert [result["id"] for result in answer.body["results"]] == ["503", "501"]
    assert answer.body["results"][0]["properties"]["firstname"] == "Cy"
    assert answer.body["results"][0]["propertiesWithHistory"]["email"][0]["value"] == "person503@acme.example"


def test_missing_ids_of_a_batch_read_are_one_error_entry_of_a_207(hub: Hub) -> None:
    hub.call("DELETE", f"{_CONTACTS}/502")

    answer = hub.post(f"{_CONTACTS}/batch/read", {"inputs": [{"id": i} for i in ("501", "502", "x", "9")]})

    assert answer.status == 207
    assert [result["id"] for result in answer.body["results"]] == ["501"]
    assert answer.body["numErrors"] == 1
    assert answer.body["errors"] == [
        {
            "status": "error",
            "category": "OBJECT_NOT_FOUND",
            "message": "Could not get some CONTACT objects, they may be deleted or not exist. "
            "Check that ids are valid.",
            "context": {"ids": ["502", "x", "9"]},
        }
    ]


def test_a_batch_read_by_email(hub: Hub) -> None:
    body = {"idProperty": "email", "inputs": [{"id": "PERSON504@acme.example"}, {"id": "no@where.example"}]}

    answer = hub.post(f"{_CONTACTS}/batch/read", body)

    assert [result["id"] for result in answer.body["results"]] == ["504"]
    assert answer.body["errors"][0]["context"]["ids"] == ["no@where.example"]


def test_archived_records_are_batch_read_on_their_own(hub: Hub) -> None:
    hub.call("DELETE", f"{_CONTACTS}/502")

    answer = hub.post(f"{_CONTACTS}/batch/read?archived=true", {"inputs": [{"id": "502"}]})

    assert answer.body["results"][0]["archived"] is True


@pytest.mark.parametrize(
    ("verb", "extra", "largest"),
    [
        ("read", {}, 100),
        ("read", {"propertiesWithHistory": ["email"]}, 50),
        ("update", {}, 100),
        ("create", {}, 100),
        ("archive", {}, 100),
    ],
)
def test_a_batch_has_a_largest_size(hub: Hub, verb: str, extra: dict[str, Any], largest: int) -> None:
    inputs = [{"id": str(id_), "properties": {}} for id_ in range(1, largest + 2)]

    fits = hub.post(f"{_CONTACTS}/batch/{verb}", {"inputs": inputs[:-1], **extra})
    refused = hub.post(f"{_CONTACTS}/batch/{verb}", {"inputs": inputs, **extra})

    assert fits.status < 300
    assert (refused.status, refused.body["category"]) == (400, "VALIDATION_ERROR")


@pytest.mark.parametrize("body", [{}, {"inputs": "501"}, {"inputs": ["501"]}, {"inputs": None}])
def test_inputs_that_are_no_list_of_objects_are_refused(hub: Hub, body: dict[str, Any]) -> None:
    assert hub.post(f"{_CONTACTS}/batch/update", body).status == 400


def test_a_batch_update_answers_with_values_and_echoes_trace_ids(hub: Hub) -> None:
    answer = _update(hub, _row("501", "t-1", lead_score="10"), _row("502", lead_score="20"))

    first, second = answer.body["results"]
    assert answer.status == 200
    assert (first["properties"]["lead_score"], first["objectWriteTraceId"]) == ("10", "t-1")
    assert (second["properties"]["lead_score"], "objectWriteTraceId" in second) == ("20", False)
    assert {"status", "startedAt", "completedAt"} <= set(answer.body)


def test_one_bad_row_refuses_the_whole_batch(hub: Hub) -> None:
    answer = _update(hub, _row("501", lead_score="10"), _row("502", lead_score="much"))

    assert answer.status == 400
    assert answer.body["errors"][0]["code"] == "INVALID_INTEGER"
    assert hub.value("501", "lead_score") is None


def test_a_switch_reports_the_bad_row_alone(hub: Hub) -> None:
    hub.app.switches["bad_row"] = "per_row"

    answer = _update(
        hub,
        _row("501", "t-1", lead_score="10"),
        _row("502", "t-2", lead_score="much"),
        _row("503", "t-3", email="person504@acme.example"),
    )

    assert answer.status == 207
    assert [result["id"] for result in answer.body["results"]] == ["501"]
    assert [(e["category"], e["context"]) for e in answer.body["errors"]] == [
        ("VALIDATION_ERROR", {"ids": ["502"], "objectWriteTraceId": ["t-2"]}),
        ("CONFLICT", {"ids": ["503"], "objectWriteTraceId": ["t-3"]}),
    ]
    assert hub.value("501", "lead_score") == "10"


def test_a_taken_email_refuses_the_whole_batch_and_undoes_the_rows_before(hub: Hub) -> None:
    answer = _update(hub, _row("501", lead_score="10"), _row("502", email="person504@acme.example"))

    assert answer.status == 409
    assert hub.value("501", "lead_score") is None


def test_missing_ids_of_a_batch_update_are_reported_beside_the_others(hub: Hub) -> None:
    answer = _update(hub, _row("501", "t-1", lead_score="10"), _row("999", "t-2", lead_score="10"))

    assert answer.status == 207
    assert [result["id"] for result in answer.body["results"]] == ["501"]
    assert answer.body["errors"][0]["context"] == {"ids": ["999"], "objectWriteTraceId": ["t-2"]}


def test_a_repeated_id_refuses_the_batch(hub: Hub) -> None:
    answer = _update(hub, _row("501", lead_score="1"), _row("501", lead_score="2"))

    assert (answer.status, answer.body["category"]) == (400, "VALIDATION_ERROR")
    assert "[501]" in answer.body["message"]


@pytest.mark.parametrize(
    ("switch", "status", "ids", "errors"),
    [("dropped", 200, ["2"], 0), ("207", 207, ["2"], 1), ("resolved", 200, ["9", "2"], 0)],
)
def test_an_absorbed_id_of_a_batch_update(
    make_hub: MakeHub, switch: str, status: int, ids: list[str], errors: int
) -> None:
    hub = make_hub(a_contact(9, hs_merged_object_ids="4"), a_contact(2), switches={"absorbed_id": switch})

    answer = _update(hub, _row("4", lead_score="1"), _row("2", lead_score="1"))

    assert answer.status == status
    assert [result["id"] for result in answer.body["results"]] == ids
    assert len(answer.body.get("errors", [])) == errors
    assert hub.value("9", "lead_score") == ("1" if switch == "resolved" else None)


def test_a_batch_update_by_email(hub: Hub) -> None:
    answer = _update(
        hub, {"id": "person501@acme.example", "idProperty": "email", "properties": {"lead_score": "1"}}
    )

    assert answer.body["results"][0]["id"] == "501"


def test_a_batch_create_answers_201_with_associations(hub: Hub) -> None:
    inputs = [
        {
            "properties": {"hs_timestamp": "2026-03-05T09:00:00Z", "hs_task_subject": f"Call {id_}"},
            "associations": [{"to": {"id": id_}, "types": [{"associationTypeId": 204}]}],
        }
        for id_ in ("501", "502")
    ]

    answer = hub.post("/crm/objects/2026-09/tasks/batch/create", {"inputs": inputs})

    assert answer.status == 201
    assert len(answer.body["results"]) == 2
    assert len(hub.get(f"{_CONTACTS}/502/associations/tasks").body["results"]) == 1


def test_a_batch_create_without_trace_ids_is_all_or_nothing(hub: Hub) -> None:
    inputs = [{"properties": {"email": "a@new.example"}}, {"properties": {"email": "person501@acme.example"}}]

    answer = hub.post(f"{_CONTACTS}/batch/create", {"inputs": inputs})

    assert answer.status == 409
    assert len(hub.get(_CONTACTS).body["results"]) == 5


def test_a_batch_create_with_trace_ids_reports_each_row(hub: Hub) -> None:
    inputs = [
        {"properties": {"email": "a@new.example"}, "objectWriteTraceId": "t-1"},
        {"properties": {"email": "person501@acme.example"}, "objectWriteTraceId": "t-2"},
    ]

    answer = hub.post(f"{_CONTACTS}/batch/create", {"inputs": inputs})

    assert answer.status == 207
    assert [result["objectWriteTraceId"] for result in answer.body["results"]] == ["t-1"]
    assert answer.body["errors"][0]["category"] == "CONFLICT"
    assert answer.body["errors"][0]["context"] == {"objectWriteTraceId": ["t-2"]}
    assert len(hub.get(_CONTACTS).body["results"]) == 6


def test_a_batch_archive_answers_204_whether_the_ids_exist_or_not(hub: Hub) -> None:
    answer = hub.post(f"{_CONTACTS}/batch/archive", {"inputs": [{"id": "501"}, {"id": "999"}]})

    assert answer.status == 204
    assert hub.get(f"{_CONTACTS}/501").status == 404


def test_batches_from_many_threads_are_each_whole(make_hub: MakeHub) -> None:
    hub = make_hub(*(a_contact(id_) for id_ in range(1, 51)), limits=False)

    def write(score: int) -> int:
        return _update(hub, *(_row(str(id_), lead_score=str(score)) for id_ in range(1, 51))).status

    with ThreadPoolExecutor(8) as threads:
        statuses = set(threads.map(write, range(1, 41)))

    scores = {hub.value(str(id_), "lead_score") for id_ in range(1, 51)}
    assert statuses == {200}
    assert len(scores) == 1
    assert len(hub.history("1", "lead_score")) == 40
