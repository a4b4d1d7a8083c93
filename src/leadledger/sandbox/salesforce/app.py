"""The Salesforce-compatible application: which resource answers a path, with the headers around it."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode

from leadledger.sandbox.http import JsonObject, Request, Response, SandboxClock, Storage
from leadledger.sandbox.salesforce import changes, org, tables
from leadledger.sandbox.salesforce.auth import Auth
from leadledger.sandbox.salesforce.cursors import Cursors
from leadledger.sandbox.salesforce.describe import describe, describe_basic, describe_global
from leadledger.sandbox.salesforce.errors import ApiError, method_not_allowed, not_found, refuse
from leadledger.sandbox.salesforce.objects import find_object
from leadledger.sandbox.salesforce.query import read_fields
from leadledger.sandbox.salesforce.rows import Rows
from leadledger.sandbox.salesforce.schema import SObject
from leadledger.sandbox.salesforce.sobject_collections import SobjectCollections
from leadledger.sandbox.salesforce.values import read_datetime

MAX_URI_BYTES = 16_384
_VERSION = re.compile(r"v(\d{1,3})\.0")
_RELEASES = ("Winter", "Spring", "Summer")
_RESOURCES = ("sobjects", "query", "queryAll", "composite", "limits")

_Answer = Callable[[], Response]


class SalesforceApp:
    """One pretended org. Rows live in the Storage; tokens, cursors and the call count in memory."""

    crm = "salesforce"

    def __init__(self, storage: Storage, clock: SandboxClock, *, token_ttl_s: float = 7200) -> None:
        tables.prepare(storage)
        self._storage = storage
        self._clock = clock
        self._auth = Auth(clock, ttl_s=token_ttl_s)
        self._cursors = Cursors(storage, clock)
        self._rows = Rows(storage, clock)
        self._collections = SobjectCollections(self._rows)
        self._calls = 0
        self._calls_lock = threading.Lock()

    def handles(self, path: str) -> bool:
        """Everything under /services, also with the double slash that clients produce."""
        return path.lstrip("/").startswith("services/")

    def load(self, rows: Iterable[tuple[str, JsonObject]]) -> None:
        """Replace the org's rows. Raises ValueError for an object, field or id that cannot be."""
        tables.load(self._storage, rows)
        self._cursors.forget()
        with self._calls_lock:
            self._calls = 0

    def is_empty(self) -> bool:
        """Whether nothing has been loaded yet."""
        return tables.is_empty(self._storage)

    def dump(self) -> JsonObject:
        """The whole state as `{object: {id: row}}`, in id order."""
        return tables.dump(self._storage)

    def edit(self, object_: str, record_id: str, fields: Mapping[str, Any], *, by: str) -> None:
        """Change a row as a person. Raises KeyError for an unknown object, row, field or user."""
        sobject = find_object(object_)
        if sobject is None:
            raise KeyError(object_)
        try:
            self._rows.edit(sobject, record_id, fields, by=by)
        except ApiError as error:
            raise ValueError(str(error)) from error

    def environment(self, base_url: str) -> Mapping[str, str]:
        """The variables that point a run at this org."""
        return {
            "LEADLEDGER_SALESFORCE__URL": base_url,
            "LEADLEDGER_SALESFORCE__CLIENT_ID": org.CONSUMER_KEY,
            "LEADLEDGER_SALESFORCE__CLIENT_SECRET": org.CONSUMER_SECRET,
        }

    def expire_tokens(self) -> None:
        """End every session, as an administrator can."""
        self._auth.expire_all()

    def trust(self, public_key_pem: str) -> None:
        """Accept JWT logins signed with the private half of this key. Raises ValueError."""
        self._auth.trust(public_key_pem)

    def handle(self, request: Request) -> Response:
        """Answer one call."""
        parts = [part for part in request.path.split("/") if part]
        try:
            response = self._route(request, parts[1:])
        except ApiError as error:
            response = error.response()
        if parts[1:2] != ["data"] or len(parts) == 2:
            return response
        with self._calls_lock:
            self._calls += 1
            usage = f"api-usage={self._calls}/{org.DAILY_API_REQUESTS}"
        return replace(response, headers=(*response.headers, ("Sforce-Limit-Info", usage)))

    def _route(self, request: Request, parts: list[str]) -> Response:
        _check_length(request)
        match parts:
            case ["oauth2", "token"]:
                _only(request, "POST")
                return self._auth.token(request)
            case ["oauth2", "revoke"]:
                _only(request, "POST")
                return self._auth.revoke(request)
            case ["data"]:
                _only(request, "GET")
                return Response.json(
                    200, [_version(n) for n in range(org.FIRST_VERSION, org.LAST_VERSION + 1)]
                )
            case ["data", version, *rest]:
                _check_version(version)
                self._auth.check(request)
                return self._resource(request, version, rest)
            case _:
                raise not_found()

    def _resource(self, request: Request, version: str, parts: list[str]) -> Response:
        match parts:
            case []:
                _only(request, "GET")
                return Response.json(200, {name: f"/services/data/{version}/{name}" for name in _RESOURCES})
            case ["query" | "queryAll" as name]:
                _only(request, "GET")
                return self._query(request, version, all_rows=name == "queryAll")
            case ["query" | "queryAll", locator]:
                _only(request, "GET")
                return Response.json(200, self._cursors.more(locator, version))
            case ["limits"]:
                _only(request, "GET")
                return Response.json(200, self._limits())
            case ["sobjects"]:
                _only(request, "GET")
                return Response.json(200, describe_global(version))
            case ["sobjects", name, *rest]:
                return self._sobject(request, version, _object(name), rest)
            case ["composite", "sobjects"]:
                return self._collection(request)
            case ["composite", "sobjects", name]:
                return self._collection_read(request, version, _object(name))
            case _:
                raise not_found()

    def _query(self, request: Request, version: str, *, all_rows: bool) -> Response:
        soql = request.one("q")
        if not soql.strip():
            raise refuse("MALFORMED_QUERY", "A query string has to be specified")
        options = request.headers.get("sforce-query-options", "")
        return Response.json(200, self._cursors.run(soql, options, version, all_rows=all_rows))

    def _limits(self) -> JsonObject:
        with self._calls_lock:
            remaining = max(0, org.DAILY_API_REQUESTS - self._calls)
        return {
            "DailyApiRequests": {"Max": org.DAILY_API_REQUESTS, "Remaining": remaining},
            "DailyBulkApiBatches": {"Max": 15_000, "Remaining": 15_000},
            "DailyBulkV2QueryJobs": {"Max": 10_000, "Remaining": 10_000},
        }

    def _sobject(self, request: Request, version: str, sobject: SObject, parts: list[str]) -> Response:
        match parts:
            case [] if request.method == "POST":
                body = _body(request)
                _no_id(body)
                record_id = self._rows.create(sobject, body, auto_assign=_auto_assign(request))
                return Response.json(201, {"id": record_id, "success": True, "errors": []})
            case []:
                _only(request, "GET", "POST")
                return Response.json(200, describe_basic(sobject, version))
            case ["describe"]:
                _only(request, "GET")
                return Response.json(200, describe(sobject, version))
            case ["updated" | "deleted" as what]:
                _only(request, "GET")
                read = changes.updated if what == "updated" else changes.deleted
                now_us = self._clock.now_us()
                return Response.json(
                    200, read(self._storage, sobject, request.one("start"), request.one("end"), now_us)
                )
            case [record_id]:
                return self._row(request, version, sobject, record_id)
            case [field_name, _]:
                message = f"Provided external ID field does not exist or is not accessible: {field_name}"
                raise refuse("NOT_FOUND", message)
            case _:
                raise not_found()

    def _row(self, request: Request, version: str, sobject: SObject, record_id: str) -> Response:
        _only(request, "GET", "PATCH", "DELETE")
        if request.method == "DELETE":
            self._rows.delete(sobject, record_id)
            return Response(204)
        if request.method == "PATCH":
            body = _body(request)
            _no_id(body)
            # The condition and the write belong together: nobody may slip in between.
            with self._storage.lock:
                self._check_unmodified(request, sobject, record_id)
                self._rows.change(sobject, record_id, body, auto_assign=_auto_assign(request))
            return Response(204)
        self._check_unmodified(request, sobject, record_id)
        row = self._rows.read(sobject, record_id)
        since = _http_date(request, "if-modified-since")
        if since is not None and _modified(row) is not None and not _newer(row, since):
            return Response(304)
        names = read_fields(sobject, [n for n in request.one("fields").split(",") if n]) or tuple(row)
        url = f"/services/data/{version}/sobjects/{sobject.name}/{row['Id']}"
        attributes = {"type": sobject.name, "url": url}
        return Response.json(200, {"attributes": attributes, **{name: row[name] for name in ("Id", *names)}})

    def _check_unmodified(self, request: Request, sobject: SObject, record_id: str) -> None:
        since = _http_date(request, "if-unmodified-since")
        if since is not None and _newer(self._rows.read(sobject, record_id), since):
            message = "The record was changed after the time of the If-Unmodified-Since header"
            raise refuse("PRECONDITION_FAILED", message)

    def _collection(self, request: Request) -> Response:
        _only(request, "POST", "PATCH", "DELETE")
        if request.method == "DELETE":
            all_or_none = request.one("allOrNone").lower() == "true"
            return Response.json(200, self._collections.delete(request.one("ids"), all_or_none=all_or_none))
        write = self._collections.update if request.method == "PATCH" else self._collections.create
        return Response.json(200, write(_body(request), auto_assign=_auto_assign(request)))

    def _collection_read(self, request: Request, version: str, sobject: SObject) -> Response:
        _only(request, "GET", "POST")
        if request.method == "GET":
            ids: Any = [text for text in request.one("ids").split(",") if text]
            fields: Any = [text for text in request.one("fields").split(",") if text]
        else:
            body = _body(request)
            ids, fields = body.get("ids"), body.get("fields")
            if not isinstance(ids, list) or not isinstance(fields, list):
                raise refuse("MISSING_ARGUMENT", "ids and fields are required, as lists of texts")
        urls = f"/services/data/{version}/sobjects/{sobject.name}/"
        rows = self._collections.read(sobject, ids, fields)
        return Response.json(
            200,
            [
                None
                if row is None
                else {"attributes": {"type": sobject.name, "url": urls + row["Id"]}, **row}
                for row in rows
            ],
        )


def _version(number: int) -> JsonObject:
    """v68.0 is Winter '27, and three releases follow each other in a year."""
    since = number - org.LAST_VERSION
    year = 27 + since // 3
    return {
        "label": f"{_RELEASES[since % 3]} '{year}",
        "url": f"/services/data/v{number}.0",
        "version": f"{number}.0",
    }


def _check_version(text: str) -> None:
    match = _VERSION.fullmatch(text)
    number = int(match[1]) if match else 0
    if 7 <= number <= 30:
        raise refuse("UNSUPPORTED_API_VERSION", f"The API version {number}.0 is retired")
    if not org.FIRST_VERSION <= number <= org.LAST_VERSION:
        raise not_found()


def _check_length(request: Request) -> None:
    """REST API Developer Guide, limits: URI and headers up to 16,384 bytes."""
    uri = len(request.path.encode()) + len(urlencode(request.query))
    if uri > MAX_URI_BYTES:
        raise refuse("URI_TOO_LONG", f"The URI is longer than {MAX_URI_BYTES} bytes")


def _only(request: Request, *methods: str) -> None:
    if request.method not in methods:
        raise method_not_allowed(request.method, ",".join(methods))


def _object(name: str) -> SObject:
    sobject = find_object(name)
    if sobject is None:
        raise not_found()
    return sobject


def _body(request: Request) -> JsonObject:
    kind = request.headers.get("content-type", "application/json")
    if "json" not in kind:
        raise refuse(
            "UNSUPPORTED_MEDIA_TYPE", f"The Content-Type {kind[:60]} is not supported here: send JSON"
        )
    try:
        document = json.loads(request.body)
    except (ValueError, RecursionError) as exc:
        raise refuse("JSON_PARSER_ERROR", "The body is not a JSON document at [line:1, column:1]") from exc
    if not isinstance(document, dict):
        raise refuse("JSON_PARSER_ERROR", "The body has to be a JSON object at [line:1, column:1]")
    return document


def _no_id(body: JsonObject) -> None:
    if any(name.lower() == "id" for name in body):
        raise refuse("INVALID_FIELD", "The Id field should not be specified in the sobject data.", "Id")


def _auto_assign(request: Request) -> bool:
    """REST API Developer Guide, "Assignment Rule Header": only FALSE keeps the rule from running, on updates too."""
    return request.headers.get("sforce-auto-assign", "TRUE").strip().upper() != "FALSE"


def _http_date(request: Request, name: str) -> datetime | None:
    text = request.headers.get(name)
    if text is None:
        return None
    try:
        moment = parsedate_to_datetime(text)
    except ValueError as exc:
        raise refuse("INVALID_HTTP_HEADER", f"The {name} header is not an HTTP date") from exc
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _modified(row: JsonObject) -> str | None:
    return read_datetime(row.get("LastModifiedDate") or "")


def _newer(row: JsonObject, since: datetime) -> bool:
    """Whether a row changed after an instant, to the second."""
    modified = _modified(row)
    return modified is not None and datetime.fromisoformat(modified) > since
