"""Writes contacts in batches and decides row by row what became of them.

Nothing is retried that may have been applied. A batch is decided by its body and by comparing ids, never by its
status: HubSpot answers 207 for some failures, 200 without a word for merged records, and success for a lifecycle
stage that it did not move.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from leadledger.crm.hubspot.api import Api, JsonObject
from leadledger.crm.hubspot.errors import body_of, codes
from leadledger.crm.hubspot.rows import UnusableError, instant, text
from leadledger.crm.hubspot.streams import CRM
from leadledger.crm.hubspot.values import is_same, to_hubspot
from leadledger.crm.replies import Reply
from leadledger.domain.intents import IntentState, Outcome
from leadledger.domain.records import RecordRef
from leadledger.errors import AuthError, CrmUnavailableError, RetryLaterError, WriteInDoubtError
from leadledger.ports import FieldInfo

STAGE = "lifecyclestage"
SPEED_ATTEMPTS = 4
LONGEST_SPEED_WAIT_S = 30.0
GONE = "HubSpot does not have this record any more: it was absorbed by a merge, or is gone. The next run finds out which"


class BatchWrite:
    """One call of `Crm.write`: at most `batch_size` rows of one object."""

    def __init__(self, api: Api, object_: str, infos: Mapping[str, FieldInfo], zone: ZoneInfo) -> None:
        self._api = api
        self._object = object_
        self._infos = infos
        self._zone = zone
        self._sent: dict[str, dict[str, str]] = {}
        self._outcomes: dict[str, Outcome] = {}
        self._anything_sent = False

    def write(self, rows: Mapping[str, Mapping[str, str | None]]) -> list[Outcome]:
        """One outcome per row, in the order of the rows.

        Raises AuthError, RetryLaterError or CrmUnavailableError only while nothing was applied; later the rows
        that could not be sent come back as unknown.
        """
        for id_, values in rows.items():
            try:
                self._sent[id_] = {
                    name: to_hubspot(value, self._infos.get(name), name, self._zone)
                    for name, value in sorted(values.items())
                }
            except UnusableError as error:
                self._settle(id_, IntentState.REFUSED, f"not sent: {error}")
        if self._sent:
            self._write(list(self._sent))
        return [self._outcomes[id_] for id_ in rows]

    def _write(self, ids: Sequence[str]) -> None:
        try:
            reply = self._request(ids)
        except WriteInDoubtError as error:
            self._anything_sent = True
            self._settle_all(ids, IntentState.UNKNOWN, str(error))
            return
        except (AuthError, RetryLaterError, CrmUnavailableError) as error:
            if not self._anything_sent:
                raise
            self._settle_all(ids, IntentState.UNKNOWN, f"not sent: {error}")
            return
        self._anything_sent = True
        if reply.status < 300:
            self._reconcile(ids, reply)
        elif len(ids) > 1 and reply.status in {400, 409, 422}:
            # One bad row refuses its whole batch and the body does not say which: halve until it stands alone.
            middle = len(ids) // 2
            self._write(ids[:middle])
            self._write(ids[middle:])
        else:
            self._settle_all(ids, IntentState.REFUSED, f"{reply.describe(codes(body_of(reply)))}")

    def _request(self, ids: Sequence[str]) -> Reply:
        inputs = [{"id": id_, "objectWriteTraceId": id_, "properties": self._sent[id_]} for id_ in ids]
        attempt = 1
        while True:
            try:
                return self._api.update(self._object, inputs)
            except RetryLaterError as error:
                # 429 and 423 say that nothing was applied. The governor has noted the pause and keeps it.
                passes = error.after_s is not None and error.after_s <= LONGEST_SPEED_WAIT_S
                if not passes or attempt == SPEED_ATTEMPTS:
                    raise
                attempt += 1

    def _reconcile(self, ids: Sequence[str], reply: Reply) -> None:
        body = body_of(reply)
        results, errors = body.get("results"), body.get("errors") or []
        if (
            body.get("status", "COMPLETE") != "COMPLETE"
            or not isinstance(results, list)
            or not isinstance(errors, list)
        ):
            self._settle_all(ids, IntentState.UNKNOWN, f"{reply.describe()}: not a finished batch answer")
            return
        waiting = dict.fromkeys(ids)
        for result in results:
            if not isinstance(result, dict):
                continue
            id_, trace = str(result.get("id")), str(result.get("objectWriteTraceId"))
            if id_ in waiting:
                del waiting[id_]
                self._settle_result(id_, result, reply)
            elif trace in waiting:
                del waiting[trace]
                self._settle(
                    trace, IntentState.REFUSED, "merged into another record, which took the values instead"
                )
        for error in errors:
            if isinstance(error, dict):
                named = _named(error)
                self._settle_error([id_ for id_ in named or waiting if id_ in waiting], error, waiting)
        self._settle_all(list(waiting), IntentState.REFUSED, GONE)

    def _settle_error(self, ids: Sequence[str], error: JsonObject, waiting: dict[str, None]) -> None:
        reason = GONE if error.get("category") == "OBJECT_NOT_FOUND" else f"HubSpot: {codes(error)}"
        for id_ in ids:
            del waiting[id_]
            self._settle(id_, IntentState.REFUSED, reason)

    def _settle_result(self, id_: str, result: JsonObject, reply: Reply) -> None:
        properties = result.get("properties")
        if not isinstance(properties, dict):
            self._settle(id_, IntentState.UNKNOWN, f"{reply.describe()}: a result without its properties")
            return
        sent = self._sent[id_]
        kept = [
            name
            for name, value in sent.items()
            if name in properties and not is_same(value, properties[name], self._infos[name], self._zone)
        ]
        try:
            values = {name: text(properties[name], name) for name in sent if name in properties}
            modified_us = instant(result.get("updatedAt"), "updatedAt", self._zone) or 0
        except UnusableError:
            values, modified_us = {}, 0
        state, reason = IntentState.CONFIRMED, ""
        if STAGE in kept:
            state = IntentState.REFUSED
            reason = (
                f"HubSpot kept {STAGE} as it was: a stage does not move backward by itself. "
                "Clear it in HubSpot first if it should go back"
            )
        elif kept:
            state = IntentState.REFUSED
            reason = f"HubSpot kept another value in {', '.join(kept)}. Look for a workflow or a rule on it"
        ref = RecordRef(CRM, self._object, id_)
        self._outcomes[id_] = Outcome(ref, state, reason, values, modified_us)

    def _settle(self, id_: str, state: IntentState, reason: str) -> None:
        self._outcomes[id_] = Outcome(RecordRef(CRM, self._object, id_), state, reason)

    def _settle_all(self, ids: Sequence[str], state: IntentState, reason: str) -> None:
        for id_ in ids:
            self._settle(id_, state, reason)


def _named(error: Mapping[str, Any]) -> list[str]:
    """The inputs that an error entry of a batch names, by id or by the trace id that we gave."""
    context = error.get("context")
    if not isinstance(context, Mapping):
        return []
    named: list[str] = []
    for key in ("ids", "id", "objectWriteTraceId"):
        value = context.get(key)
        named += [str(one) for one in value] if isinstance(value, list) else [str(value)] if value else []
    return list(dict.fromkeys(named))
