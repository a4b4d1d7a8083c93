"""What the use cases need from the outside world. Adapters implement these; `bootstrap` joins both.

Rows and streams
----------------
A CRM is read as *streams*, one per object. A stream's rows are mappings with the fixed columns of its kind
(`COLUMNS`) plus the CRM fields that the definition uses, under their own path (`Campaign.Type`). Values are
text, or None for null; an empty text stays an empty text; booleans are `true` / `false`; columns named `*_us`
and the fields in `Stream.instants` are integers, microseconds UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

from leadledger.domain.changes import Handover
from leadledger.domain.decisions import Decision, Transition
from leadledger.domain.definition import Definition
from leadledger.domain.intents import Intent, IntentState, Outcome
from leadledger.domain.outlook import Outlook
from leadledger.domain.records import RecordRef
from leadledger.domain.routing import Owner

Row = Mapping[str, Any]


class Kind(StrEnum):
    """What the rows of a stream are."""

    PEOPLE = "people"
    ACCOUNTS = "accounts"
    ACTIVITIES = "activities"
    HISTORY = "history"
    DEALS = "deals"
    DEAL_PEOPLE = "deal_people"
    OWNERS = "owners"


COMMON_COLUMNS: Mapping[str, str] = {"id": "VARCHAR", "modified_us": "BIGINT", "deleted": "BOOLEAN"}
"""In every stream: the row's id, its last change, and whether it is gone."""

COLUMNS: Mapping[Kind, Mapping[str, str]] = {
    # account, owner: ids. converted_to: id of the contact that a lead became; merged_into: id of the survivor.
    Kind.PEOPLE: {
        "account": "VARCHAR",
        "owner": "VARCHAR",
        "created_us": "BIGINT",
        "converted_to": "VARCHAR",
        "converted_us": "BIGINT",
        "merged_into": "VARCHAR",
    },
    Kind.ACCOUNTS: {"owner": "VARCHAR"},
    # person: record id; person_email: set instead where the CRM gives only an address. One row per person.
    Kind.ACTIVITIES: {"person": "VARCHAR", "person_email": "VARCHAR", "at_us": "BIGINT"},
    # field: the CRM field that changed; author: user id, or empty when unknown.
    Kind.HISTORY: {
        "person": "VARCHAR",
        "field": "VARCHAR",
        "old": "VARCHAR",
        "new": "VARCHAR",
        "at_us": "BIGINT",
        "author": "VARCHAR",
    },
    # closed_us is null while the deal is open.
    Kind.DEALS: {
        "created_us": "BIGINT",
        "closed_us": "BIGINT",
        "won": "BOOLEAN",
        "closed": "BOOLEAN",
        "owner": "VARCHAR",
    },
    Kind.DEAL_PEOPLE: {"deal": "VARCHAR", "person": "VARCHAR"},
    Kind.OWNERS: {
        "email": "VARCHAR",
        "name": "VARCHAR",
        "active": "BOOLEAN",
        "queue": "BOOLEAN",
        "objects": "VARCHAR",
    },
}
"""The fixed columns of each kind, with their DuckDB types, besides `COMMON_COLUMNS`.
`at_us` of an activity is set where the stream itself knows the time, else null. `objects` of an owner is a
comma-separated list of the objects that a queue may own."""


@dataclass(frozen=True, slots=True)
class Stream:
    """One object of one CRM, with the fields that the definition uses beyond the fixed columns.

    `instants` are those of `fields` that are parsed to microseconds. `person_field` names the field that holds
    the person, where the definition says so. The shape decides whether the mirror must be filled again.
    """

    crm: str
    name: str
    kind: Kind
    fields: tuple[str, ...] = ()
    instants: frozenset[str] = frozenset()
    person_field: str | None = None
    options: tuple[str, ...] = ()
    """What else the adapter must know: names of forms, properties whose history is wanted."""

    @property
    def table(self) -> str:
        """The mirror's table: `salesforce.Lead`."""
        return f"{self.crm}.{self.name}"

    @property
    def shape(self) -> str:
        """Equal shapes hold the same columns and rows; a new shape means a new full read."""
        return repr((self.fields, sorted(self.instants), self.person_field, self.options))


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that cannot be used, with the reason; never silently lost."""

    record: RecordRef
    reason: str


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of a stream. `total` is what the CRM announced for the whole pull, 0 when it said nothing.

    `replaces`: how rows of the mirror are replaced. "id": those with the same ids. "person": those of the same
    persons (a person's whole history comes at once). "all": the stream is small and always complete.
    """

    rows: Sequence[Row]
    rejected: Sequence[Rejected] = ()
    total: int = 0
    replaces: str = "id"


Watermark = Mapping[str, Any]
"""Up to where a stream is stored: JSON values that belong to the adapter. Stored only with the rows it covers."""


@dataclass(slots=True)
class Pull:
    """One pull of one stream. Iterate `pages`; `watermark` may be read once they are exhausted."""

    pages: Iterator[Page]
    watermark: Callable[[], Watermark]


class Seen(Protocol):
    """What the mirror already holds of a stream, for an adapter that wants to avoid reading it again."""

    def count(self, low_us: int, high_us: int) -> int:
        """Rows, not deleted, whose last change lies in `low_us <= t < high_us`."""
        ...

    def modified(self, low_us: int, high_us: int) -> Mapping[str, int]:
        """Id -> last change of the rows, not deleted, whose last change lies in `low_us <= t < high_us`."""
        ...

    def touched_people(self) -> Sequence[str]:
        """Ids of the people of this CRM that this run has pulled so far, in id order."""
        ...


@dataclass(frozen=True, slots=True)
class Org:
    """Which organisation answered. `now_us` is its own clock."""

    id: str
    name: str
    now_us: int
    sandbox: bool = False


@dataclass(frozen=True, slots=True)
class FieldInfo:
    """What the CRM itself says about a field. `kind` is one of text, number, boolean, date, datetime, picklist,
    reference. `length` is in characters, 0 when unlimited. `values` are the allowed ones, if restricted.
    """

    name: str
    kind: str
    writable: bool
    length: int = 0
    values: tuple[str, ...] = ()
    precision: int = 0


class Crm(Protocol):
    """One CRM. Reads may repeat rows and may be repeated; writes carry absolute values.

    Every method may raise AuthError, RetryLaterError or CrmUnavailableError. Nothing else escapes.
    """

    name: str
    account_prefix: str
    """The first part of a field path that leads to the account: `Account` or `company`."""

    def org(self) -> Org:
        """Log in if necessary and say who answered: at most one call, none after the first. The name may be empty."""
        ...

    def introduce(self) -> Org:
        """The same with its name and whether it is a sandbox, for the first contact; at most one call more."""
        ...

    def streams(self, definition: Definition) -> Sequence[Stream]:
        """The streams that this definition needs, in the order in which they must be pulled.

        Raises ConfigError, with all problems, for an object or stream that this CRM does not have.
        """
        ...

    def pull(self, stream: Stream, since: Watermark | None, seen: Seen) -> Pull:
        """Everything that changed since a watermark, or everything for None.

        At least once: a row may come twice, none is left out. The same rows in the same order for the same
        state. A page is only given when it was read whole.
        """
        ...

    def describe(self, object_: str) -> Mapping[str, FieldInfo]:
        """All fields of an object that the credentials may see, by name."""
        ...

    def read(
        self, object_: str, ids: Sequence[str], fields: Sequence[str]
    ) -> Mapping[str, Mapping[str, str | None]]:
        """The present values by id, never from a search index. An id that is gone is missing from the answer."""
        ...

    def write(self, object_: str, rows: Mapping[str, Mapping[str, str | None]]) -> Sequence[Outcome]:
        """Set absolute values by id; at most `batch_size` rows; None empties a field. One outcome per row.

        Never retried here: what is not known to be applied or refused comes back as UNKNOWN.
        """
        ...

    batch_size: int
    """Rows per write request (200 for Salesforce, 100 for HubSpot)."""
    answers_with_values: bool
    """Whether a confirmed outcome carries the record's values and its new time of change."""

    def calls(self) -> Mapping[str, int]:
        """API calls made so far, by API family (`query`, `composite/sobjects`, …)."""
        ...

    def close(self) -> None:
        """Give connections back."""
        ...


class Sql(Protocol):
    """As much of a DuckDB connection as the engine uses."""

    def execute(self, query: str, parameters: object = None) -> Any:
        """Run a statement; the result has fetchall and fetchnumpy."""
        ...

    def cursor(self) -> Any:
        """Another connection to the same tables, with temporary tables of its own."""
        ...

    def register(self, view_name: str, python_object: object) -> Any:
        """Make a dict of numpy arrays readable as a table."""
        ...

    def unregister(self, view_name: str) -> Any:
        """Forget a registered table."""
        ...


class Mirror(Protocol):
    """The local copy of CRM data. It may be thrown away and pulled again."""

    def prepare(self, streams: Sequence[Stream]) -> None:
        """Make the tables; a stream whose shape changed loses its rows and its watermark."""
        ...

    def holds(self, stream: Stream) -> bool:
        """Whether the stream is here in this shape, as far as it was pulled; changes nothing."""
        ...

    def watermark(self, stream: Stream) -> Watermark | None:
        """Up to where the stream is stored."""
        ...

    def store(self, stream: Stream, page: Page) -> None:
        """Put a page in, in one transaction, and mark its people as touched. Repeating it changes nothing."""
        ...

    def advance(self, stream: Stream, watermark: Watermark) -> None:
        """Move the watermark; called after the last page of a pull was stored."""
        ...

    def seen(self, stream: Stream) -> Seen:
        """What is already here of a stream."""
        ...

    def touched(self) -> frozenset[str]:
        """Records (`crm/object/id`) that were pulled or whose rows were pulled, and not yet decided upon."""
        ...

    def settle_touched(self, but: Sequence[str] = ()) -> None:
        """Forget the touched records: their decisions are in the ledger. `but` these (`crm/object/id`) stay, or
        become, touched.
        """
        ...

    def note_written(self, crm: str, object_: str, outcomes: Sequence[Outcome]) -> None:
        """Take over what the CRM confirmed of our own write: values, and the time of change if known. Not a touch.

        A key `owner` sets the fixed column of the record's owner.
        """
        ...

    def values(
        self, crm: str, object_: str, fields: Sequence[str], ids: Sequence[str] | None = None
    ) -> Iterator[tuple[str, tuple[str | None, ...]]]:
        """(id, present values) of people rows that are not deleted, in id order; instants as microsecond text."""
        ...

    def owners(self, crm: str) -> Sequence[Owner]:
        """Users and queues of a CRM, in id order."""
        ...

    def sql(self) -> Sql:
        """The connection, for the engine. Only this process, only this thread."""
        ...

    def close(self) -> None:
        """Close the file."""
        ...


class Decided(NamedTuple):
    """What the ledger's decision about a person was made of: instant, fit in millionths, digest of the definition.

    `activated_us`: since when that definition decides, where another one did before, else -1. `next_due_us`: when
    something changes by itself, 0 for never.
    """

    as_of_us: int
    fit: int
    definition: str = ""
    activated_us: int = -1
    next_due_us: int = 0


@dataclass(frozen=True, slots=True)
class Known:
    """What the ledger already knows, which every later evaluation takes as given."""

    person_of: Mapping[str, str] = field(default_factory=dict)
    """Record -> person id."""
    transitions: Mapping[str, Sequence[Transition]] = field(default_factory=dict)
    """Person id -> its transitions, oldest first."""
    baselines: Mapping[str, Any] = field(default_factory=dict)
    """Person id -> Baseline."""
    digests: Mapping[str, str] = field(default_factory=dict)
    """Person id -> digest of the stored decision; only of those whose writes are all settled."""
    decided: Mapping[str, Decided] = field(default_factory=dict)
    """Person id -> what its stored decision was made of."""
    began_us: int = 0
    """Instant of evaluation of the ledger's first decision, 0 for none."""
    stage_writes: Mapping[str, Sequence[tuple[str, int]]] = field(default_factory=dict)
    """Record -> (the value that we wrote to its stage field, when we sent it)."""


class Evaluation(Protocol):
    """The result of one evaluation; decisions are built one by one when asked for."""

    @property
    def people(self) -> int:
        """How many people were evaluated."""
        ...

    @property
    def excluded(self) -> int:
        """How many of them the definition excludes."""
        ...

    @property
    def activities(self) -> int:
        """Activities that belong to somebody and lie inside the history that is looked at."""
        ...

    @property
    def suspected_bots(self) -> int:
        """Activities that the bot guard left out."""
        ...

    @property
    def spared_entries(self) -> Mapping[str, int]:
        """Counter -> entries that there would be more without the bot guard."""
        ...

    @property
    def funnel(self) -> Mapping[str, int]:
        """Stage -> people in it; the empty text for nobody's stage yet."""
        ...

    def decisions(self) -> Iterator[Decision]:
        """All decisions in person order."""
        ...

    def outlook(self, person_id: str) -> Outlook:
        """What would change a person's stage, and what will change by itself. Raises ValueError for a stranger."""
        ...


class Engine(Protocol):
    """Facts in, decisions out. No clock, no network, no files; the same input gives the same output."""

    def evaluate(
        self,
        sql: Sql,
        definition: Definition,
        streams: Sequence[Stream],
        known: Known,
        as_of_us: int,
        scope: frozenset[str] | None = None,
    ) -> Evaluation:
        """Score and stage everybody in the mirror as of an instant, or only the people of some records.

        `scope` holds records (`crm/object/id`) and all that are the same people, see `reach`.
        """
        ...

    def reach(
        self, sql: Sql, definition: Definition, streams: Sequence[Stream], records: frozenset[str]
    ) -> frozenset[str]:
        """The records, and all that are the same people by the mirror's data."""
        ...


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run as the ledger keeps it. `summary` holds counts, calls, watermarks: plain JSON."""

    run_id: str
    command: str
    definition: str
    definition_version: str
    definition_digest: str
    started_us: int
    ended_us: int = 0
    outcome: str = "running"
    summary: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Population:
    """The people of the stored decisions in numbers, without those who are gone."""

    people: int = 0
    excluded: int = 0
    funnel: Mapping[str, int] = field(default_factory=dict)
    """Stage -> people in it; the empty text for nobody's stage yet."""
    definitions: frozenset[str] = frozenset()
    """Digests of the definitions that decided about them."""


class Ledger(Protocol):
    """The precious store: append-only facts and the intents. Every method is one durable transaction."""

    def pin_org(self, crm: str, org_id: str, name: str) -> None:
        """Remember which organisation this ledger belongs to. Raises StateError for another one.

        An empty name leaves the one that is known.
        """
        ...

    def begin_run(self, run: RunRecord) -> None:
        """Open a run."""
        ...

    def end_run(self, run_id: str, ended_us: int, outcome: str, summary: Mapping[str, Any]) -> None:
        """Close a run with its outcome (`ok`, `rejected`, or the error's kind)."""
        ...

    def runs(self, limit: int = 20) -> Sequence[RunRecord]:
        """The latest runs, newest first."""
        ...

    def known(
        self, records: Collection[str] | None = None, stage_fields: Mapping[str, str] | None = None
    ) -> Known:
        """What later evaluations take as given; only of the people of these records where some are given.

        `stage_fields`: `crm/object` -> the field that the stage is written to, for `Known.stage_writes`.
        """
        ...

    def due(self, as_of_us: int) -> Sequence[str]:
        """Records of the people for whom something changes by itself up to this instant."""
        ...

    def unsettled(self) -> Sequence[str]:
        """Records of the people whose decided writes are not all settled."""
        ...

    def population(self, but: Collection[str] = ()) -> Population:
        """How many people there are and where they stand, without the people of some records."""
        ...

    def record_decisions(
        self, run_id: str, decisions: Iterable[Decision], handovers: Iterable[Handover]
    ) -> int:
        """Store people, baselines, new transitions, decisions, picks and the pools' credits.

        Those who are handed over come first, together with all picks, in one transaction; the others follow in
        transactions of many thousands. After a crash between two of them a second call stores the rest.
        Idempotent: a transition whose key is there already, and a pick for a transition that has one, are left
        as they are. The decisions are stored unsettled. Returns the number of new transitions.
        """
        ...

    def mark_gone(self, person_ids: Iterable[str]) -> None:
        """The CRMs hold no record of these people any more: they are no longer counted, due or unsettled.

        Their history stays, and a new decision brings them back.
        """
        ...

    def settle_decisions(self, person_ids: Iterable[str]) -> None:
        """All writes of these people are settled: an equal decision needs no new look."""
        ...

    def credits(self) -> dict[str, dict[str, int]]:
        """Pool -> member -> credit of the rotation."""
        ...

    def handovers(self, keys: Sequence[str]) -> Mapping[str, Handover]:
        """Picks that exist already, by transition key and CRM (`<key>/<crm>`): a retry reuses them."""
        ...

    def plan_intents(self, intents: Sequence[Intent]) -> None:
        """Write-ahead: store intents before any byte leaves the process."""
        ...

    def mark_sent(self, intent_ids: Sequence[str], sent_at_us: int) -> None:
        """The request is about to leave."""
        ...

    def settle_intents(self, outcomes: Sequence[tuple[str, IntentState, str]], at_us: int) -> None:
        """(intent id, state, reason); a confirmed intent's targets become the confirmed values of its record."""
        ...

    def open_intents(self) -> Sequence[Intent]:
        """Intents that are not in a terminal state, oldest first."""
        ...

    def confirmed(
        self, record: RecordRef | None = None
    ) -> Mapping[str, Mapping[str, tuple[str | None, int]]]:
        """Record -> field -> (last value that we know the CRM took from us, when in microseconds)."""
        ...

    def reject(self, run_id: str, rejected: Sequence[Rejected], at_us: int) -> None:
        """Remember rejected rows; a row that was rejected before only gets a new last time."""
        ...

    def rejected(self, limit: int = 1000) -> Sequence[tuple[Rejected, int, int]]:
        """(row, first seen, last seen), newest first."""
        ...

    def decision(self, person_or_record: str) -> Decision | None:
        """The stored decision of a person id, a record (`crm/object/id`), or a bare CRM id."""
        ...

    def handovers_of(self, person_id: str) -> Sequence[Handover]:
        """All picks of a person, oldest first."""
        ...

    def intents_of(self, person_id: str) -> Sequence[Intent]:
        """All intents of a person, oldest first."""
        ...

    def totals(self) -> Mapping[str, int]:
        """Rows per table, and open intents: for `status`."""
        ...

    def close(self) -> None:
        """Close the file."""
        ...


class Clock(Protocol):
    """The only source of wall time."""

    def now_us(self) -> int:
        """Microseconds since 1970, UTC."""
        ...


class Sleeper(Protocol):
    """The only thing that waits."""

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class Progress(Protocol):
    """Somebody who wants to know how far the work is. Implementations decide what to show."""

    def step(self, name: str, done: int, total: int = 0) -> None:
        """`done` of `total` (0 when unknown) of a named step."""
        ...
