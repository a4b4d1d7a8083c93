"""What every CRM adapter promises, told against its sandbox over real HTTP.

A CRM joins by a subclass whose name begins with Test and which has a fixture `scene`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from leadledger.domain.definition import Definition
from leadledger.domain.instants import SECOND
from leadledger.domain.intents import IntentState
from leadledger.ports import Crm, Kind, Rejected, Row, Stream, Watermark
from leadledger.sandbox.clock import StoryClock
from leadledger.sandbox.faults import FOR_EVER, Act, Fault
from leadledger.sandbox.http import App, Response
from leadledger.sandbox.server import Sandbox

HTML_503 = Response(503, b"<html><body>Service unavailable</body></html>", (("Content-Type", "text/html"),))


@dataclass
class Naps:
    """A Sleeper that only notes how long it would have waited."""

    waited_s: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.waited_s.append(seconds)


class NothingSeen:
    """A mirror that holds nothing yet."""

    def count(self, low_us: int, high_us: int) -> int:
        return 0

    def modified(self, low_us: int, high_us: int) -> Mapping[str, int]:
        return {}

    def touched_people(self) -> Sequence[str]:
        return ()


@dataclass
class Scene:
    """One CRM with its sandbox. `number_field` of `object` may be written; `live_ids` asks the sandbox's state."""

    crm: Crm
    app: App
    sandbox: Sandbox
    clock: StoryClock
    definition: Definition
    object: str
    number_field: str
    text_field: str
    user_id: str
    absent_id: str
    pull_glob: str
    read_glob: str
    write_glob: str
    live_ids: Callable[[], set[str]]
    refused_row: Callable[[], tuple[str, Mapping[str, str | None]]]
    naps: Naps

    def people(self) -> Stream:
        streams = self.crm.streams(self.definition)
        return next(s for s in streams if s.kind is Kind.PEOPLE and s.name == self.object)

    def later(self, seconds: int = 60) -> None:
        """Let time pass in the sandbox."""
        self.clock.advance(seconds * SECOND)

    def fault(self, act: Act, path_glob: str, **more: Any) -> None:
        self.sandbox.faults.add(Fault(act, crm=self.crm.name, path_glob=path_glob, **more))

    def arrived(self, path_glob: str = "") -> int:
        return len(self.sandbox.journal.entries(crm=self.crm.name, path_glob=path_glob))


@dataclass(frozen=True)
class Pulled:
    rows: Sequence[Row]
    rejected: Sequence[Rejected]
    watermark: Watermark

    def by_id(self) -> dict[str, Row]:
        return {row["id"]: row for row in self.rows}


def pulled(scene: Scene, stream: Stream, since: Watermark | None = None) -> Pulled:
    pull = scene.crm.pull(stream, since, NothingSeen())
    rows: list[Row] = []
    rejected: list[Rejected] = []
    for page in pull.pages:
        rows += page.rows
        rejected += page.rejected
    return Pulled(rows, rejected, pull.watermark())


def writable_ids(scene: Scene, count: int) -> list[str]:
    """Ids of rows that may be written, in id order."""
    rows = pulled(scene, scene.people()).rows
    free = [r["id"] for r in rows if not r["deleted"] and not r["converted_us"] and not r["converted_to"]]
    return sorted(free)[:count]


class CrmContract:
    """The promises of `leadledger.ports.Crm`."""

    def test_the_first_pull_gives_every_row_once(self, scene: Scene) -> None:
        found = pulled(scene, scene.people())

        ids = Counter(row["id"] for row in found.rows)
        assert {id_ for id_, count in ids.items() if count > 1} == set()
        assert {row["id"] for row in found.rows if not row["deleted"]} == scene.live_ids()
        assert found.rejected == []

    def test_every_stream_of_the_definition_can_be_pulled(self, scene: Scene) -> None:
        streams = scene.crm.streams(scene.definition)

        rows = {stream.name: len(pulled(scene, stream).rows) for stream in streams}

        assert set(rows) == {stream.name for stream in streams}
        assert all(rows.values())

    def test_rows_hold_the_fixed_columns_and_the_fields_of_their_stream(self, scene: Scene) -> None:
        from leadledger.ports import COLUMNS, COMMON_COLUMNS

        for stream in scene.crm.streams(scene.definition):
            expected = {*COMMON_COLUMNS, *COLUMNS[stream.kind], *stream.fields}
            for row in pulled(scene, stream).rows:
                assert set(row) == expected
                for name, value in row.items():
                    if name.endswith("_us") or name in stream.instants:
                        assert value is None or type(value) is int
                    elif {**COMMON_COLUMNS, **COLUMNS[stream.kind]}.get(name) == "BOOLEAN":
                        assert type(value) is bool
                    else:
                        assert value is None or type(value) is str

    def test_the_same_state_is_pulled_as_the_same_rows_in_the_same_order(self, scene: Scene) -> None:
        assert pulled(scene, scene.people()).rows == pulled(scene, scene.people()).rows

    def test_a_second_pull_straight_after_the_first_gives_nothing_new(self, scene: Scene) -> None:
        first = pulled(scene, scene.people())

        second = pulled(scene, scene.people(), first.watermark)

        known = first.by_id()
        assert [row for row in second.rows if row != known.get(row["id"])] == []

    def test_a_human_edit_is_pulled(self, scene: Scene) -> None:
        first = pulled(scene, scene.people())
        edited = writable_ids(scene, 1)[0]
        scene.later()
        scene.app.edit(scene.object, edited, {scene.text_field: "set by hand"}, by=scene.user_id)
        scene.later()

        second = pulled(scene, scene.people(), first.watermark)

        assert second.by_id()[edited][scene.text_field] == "set by hand"

    def test_an_edit_in_the_second_of_the_watermark_is_not_lost(self, scene: Scene) -> None:
        first = pulled(scene, scene.people())
        edited = writable_ids(scene, 1)[0]
        scene.app.edit(scene.object, edited, {scene.text_field: "in the same second"}, by=scene.user_id)

        second = pulled(scene, scene.people(), first.watermark)
        scene.later()
        third = pulled(scene, scene.people(), second.watermark)

        seen = [rows.by_id().get(edited, {}).get(scene.text_field) for rows in (second, third)]
        assert "in the same second" in seen

    def test_a_watermark_ahead_of_the_servers_clock_gives_nothing_and_does_not_move_back(
        self, scene: Scene
    ) -> None:
        first = pulled(scene, scene.people())
        scene.later(86_400 * 30)
        ahead = pulled(scene, scene.people(), first.watermark).watermark
        ahead = pulled(scene, scene.people(), ahead).watermark
        scene.later(-86_400 * 30)

        found = pulled(scene, scene.people(), ahead)

        assert found.rows == []
        assert found.watermark == ahead

    @pytest.mark.parametrize("act", [Act.TRUNCATE, Act.TRUNCATE_JSON])
    def test_a_page_cut_in_half_is_asked_for_again_and_loses_nothing(self, scene: Scene, act: Act) -> None:
        scene.fault(act, scene.pull_glob)

        found = pulled(scene, scene.people())

        assert {row["id"] for row in found.rows if not row["deleted"]} == scene.live_ids()
        assert scene.sandbox.faults.pending() == ()

    @pytest.mark.parametrize(
        ("act", "more"),
        [
            pytest.param(Act.RESPOND, {"response": HTML_503, "times": 2}, id="503 with a page of HTML"),
            pytest.param(
                Act.RESPOND,
                {"response": Response.json(429, {}, (("Retry-After", "2"),))},
                id="429 too many calls",
            ),
            pytest.param(
                Act.RESPOND, {"response": Response(200, b"<html>log in</html>")}, id="captive portal"
            ),
            pytest.param(Act.DROP_BEFORE, {"times": 2}, id="connection dropped"),
            pytest.param(Act.DROP_AFTER, {}, id="answer lost"),
        ],
    )
    def test_reads_survive(self, scene: Scene, act: Act, more: dict[str, Any]) -> None:
        scene.fault(act, scene.pull_glob, **more)

        found = pulled(scene, scene.people())

        assert {row["id"] for row in found.rows if not row["deleted"]} == scene.live_ids()
        assert scene.naps.waited_s
        assert scene.sandbox.faults.pending() == ()

    def test_nothing_is_written_by_a_pull(self, scene: Scene) -> None:
        before = scene.app.dump()

        for stream in scene.crm.streams(scene.definition):
            pulled(scene, stream)

        assert scene.app.dump() == before

    def test_fresh_values_are_read_after_a_write(self, scene: Scene) -> None:
        first, second = writable_ids(scene, 2)

        outcomes = scene.crm.write(
            scene.object, {first: {scene.number_field: "42"}, second: {scene.number_field: "7"}}
        )

        assert [outcome.state for outcome in outcomes] == [IntentState.CONFIRMED] * 2
        assert [outcome.record.id for outcome in outcomes] == [first, second]
        values = scene.crm.read(scene.object, [first, second], [scene.number_field])
        assert values == {first: {scene.number_field: "42"}, second: {scene.number_field: "7"}}

    def test_none_empties_a_field(self, scene: Scene) -> None:
        [first] = writable_ids(scene, 1)
        scene.crm.write(scene.object, {first: {scene.text_field: "to be emptied"}})

        scene.crm.write(scene.object, {first: {scene.text_field: None}})

        values = scene.crm.read(scene.object, [first], [scene.text_field])
        assert values[first][scene.text_field] in {None, ""}

    def test_the_same_write_sent_twice_changes_nothing_more(self, scene: Scene) -> None:
        [first] = writable_ids(scene, 1)
        target = {first: {scene.number_field: "42"}}

        outcomes = [scene.crm.write(scene.object, target)[0].state for _ in range(2)]

        assert outcomes == [IntentState.CONFIRMED] * 2
        assert scene.crm.read(scene.object, [first], [scene.number_field]) == target

    def test_what_was_written_is_pulled_as_it_is_read(self, scene: Scene) -> None:
        first = pulled(scene, scene.people())
        [id_] = writable_ids(scene, 1)
        scene.later()
        scene.crm.write(scene.object, {id_: {scene.number_field: "42"}})
        scene.later()

        second = pulled(scene, scene.people(), first.watermark)

        assert second.by_id()[id_][scene.number_field] == "42"

    def test_an_absent_id_is_missing_from_a_read(self, scene: Scene) -> None:
        [first] = writable_ids(scene, 1)

        values = scene.crm.read(scene.object, [scene.absent_id, first], [scene.number_field])

        assert set(values) == {first}

    def test_every_row_of_a_write_has_its_own_outcome(self, scene: Scene) -> None:
        good = writable_ids(scene, 1)[0]
        bad, target = scene.refused_row()

        outcomes = scene.crm.write(scene.object, {bad: target, good: {scene.number_field: "11"}})

        states = {outcome.record.id: outcome.state for outcome in outcomes}
        assert states == {bad: IntentState.REFUSED, good: IntentState.CONFIRMED}
        assert next(o.reason for o in outcomes if o.record.id == bad)
        assert scene.crm.read(scene.object, [good], [scene.number_field])[good] == {scene.number_field: "11"}

    @pytest.mark.parametrize("act", [Act.DROP_AFTER, Act.DROP_BEFORE, Act.TRUNCATE, Act.TRUNCATE_JSON])
    def test_a_write_without_a_whole_answer_is_unknown_and_was_sent_once(
        self, scene: Scene, act: Act
    ) -> None:
        [first] = writable_ids(scene, 1)
        scene.crm.describe(scene.object)
        scene.fault(act, scene.write_glob)
        before = scene.arrived(scene.write_glob)

        [outcome] = scene.crm.write(scene.object, {first: {scene.number_field: "42"}})

        assert outcome.state is IntentState.UNKNOWN
        assert outcome.reason
        assert scene.arrived(scene.write_glob) - before == 1

    def test_a_write_that_a_proxy_answers_is_unknown(self, scene: Scene) -> None:
        [first] = writable_ids(scene, 1)
        scene.crm.describe(scene.object)
        scene.fault(Act.RESPOND, scene.write_glob, response=HTML_503, times=FOR_EVER)
        before = scene.arrived(scene.write_glob)

        [outcome] = scene.crm.write(scene.object, {first: {scene.number_field: "42"}})

        assert outcome.state is IntentState.UNKNOWN
        assert scene.arrived(scene.write_glob) - before == 1

    def test_every_call_is_counted(self, scene: Scene) -> None:
        scene.crm.org()
        [first] = writable_ids(scene, 1)
        scene.crm.write(scene.object, {first: {scene.number_field: "42"}})
        scene.crm.read(scene.object, [first], [scene.number_field])

        assert sum(scene.crm.calls().values()) == scene.arrived()

    def test_the_organisation_is_known_after_one_call_at_most_and_for_nothing_later(
        self, scene: Scene
    ) -> None:
        first = scene.crm.org()
        made = sum(scene.crm.calls().values())

        assert scene.crm.org() == first
        assert sum(scene.crm.calls().values()) == made <= 1
        assert first.id
        assert abs(first.now_us - scene.clock.now_us()) < 60 * SECOND

    def test_an_introduction_tells_the_name_for_one_call_more(self, scene: Scene) -> None:
        org = scene.crm.org()
        made = sum(scene.crm.calls().values())

        introduced = scene.crm.introduce()

        assert sum(scene.crm.calls().values()) <= made + 1
        assert (introduced.id, bool(introduced.name)) == (org.id, True)

    def test_a_field_is_described_with_its_kind_and_whether_it_may_be_written(self, scene: Scene) -> None:
        field = scene.crm.describe(scene.object)[scene.number_field]

        assert (field.name, field.kind, field.writable) == (scene.number_field, "number", True)
