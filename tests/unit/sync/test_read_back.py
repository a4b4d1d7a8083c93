"""What a run reads again right after its own writes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest

from leadledger.errors import RetryLaterError
from leadledger.ports import Pull, Seen, Stream
from leadledger.sync.context import Context
from leadledger.sync.run import apply
from unit.sync.scripted_crm import NoMirror, ScriptedCrm, a_change, a_context, a_decision, a_plan, lead

IDS = ("00Q1", "00Q2", "00Q3")


@dataclass(slots=True)
class PulledCrm(ScriptedCrm):
    """Notes which streams are pulled, and gives no rows."""

    pulled: list[str] = field(default_factory=list)
    pause: Exception | None = None

    def pull(self, stream: Stream, _since: object, _seen: Seen) -> Pull:
        self.pulled.append(stream.name)
        if self.pause is not None:
            raise self.pause
        return Pull(iter(()), dict)


class FilledMirror(NoMirror):
    """Everything was pulled before."""

    def watermark(self, _stream: Stream) -> Any:
        return {"until_us": 1}

    def seen(self, _stream: Stream) -> None:
        return None

    def advance(self, _stream: Stream, _watermark: Mapping[str, Any]) -> None:
        pass

    def settle_touched(self, _but: Sequence[str] = ()) -> None:
        pass


@pytest.fixture
def crm() -> PulledCrm:
    return PulledCrm(rows={id_: {"MQLs": None} for id_ in IDS}, batch_size=2)


@pytest.fixture
def context(crm: PulledCrm) -> Iterator[Context]:
    made = replace(a_context(crm), mirror=cast("Any", FilledMirror()))
    yield made
    made.ledger.close()


def applied(context: Context, *ids: str) -> str:
    plan = replace(a_plan(*map(a_change, ids)), definition_digest=context.definition.digest)
    report = apply(context, plan)
    assert report.written is not None
    assert report.written.confirmed == len(ids)
    return report.outcome


def test_people_are_read_again_after_more_than_one_batch_of_writes(crm: PulledCrm, context: Context) -> None:
    applied(context, *IDS)

    assert crm.pulled == ["Lead"]


def test_one_batch_whose_answer_carried_the_values_is_not_read_again(
    crm: PulledCrm, context: Context
) -> None:
    applied(context, *IDS[:2])

    assert crm.pulled == []


def test_one_batch_is_read_again_when_its_answer_carried_nothing(crm: PulledCrm, context: Context) -> None:
    crm.answers_with_values = False

    applied(context, IDS[0])

    assert crm.pulled == ["Lead"]


def test_what_cannot_be_read_again_now_does_not_undo_that_all_was_written(
    crm: PulledCrm, context: Context
) -> None:
    crm.pause = RetryLaterError("pause", after_s=5000.0)

    assert applied(context, *IDS) == "ok"


def test_who_left_the_crm_is_not_counted_any_more_once_the_plan_is_applied(context: Context) -> None:
    context.ledger.record_decisions("r0", [a_decision("00Q9")], [])
    plan = replace(a_plan(), gone=(str(lead("00Q9")),), definition_digest=context.definition.digest)

    apply(context, plan)

    assert context.ledger.population().people == 0
