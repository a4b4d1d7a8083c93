"""Pulls form submissions: newest first per form, back to where the last pull ended."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo

import structlog

from leadledger.crm.hubspot.api import Api, JsonObject
from leadledger.crm.hubspot.increments import OVERLAP
from leadledger.crm.hubspot.rows import UnusableError, instant, rejected, text
from leadledger.crm.hubspot.streams import FORM, PAGE_URL
from leadledger.domain.instants import DAY
from leadledger.ports import Page, Pull, Row, Stream, Watermark

FORM_ID = "form_id"
_FORM_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+")

log = structlog.get_logger()


class SubmissionsPull:
    """One pull of all forms that the definition uses.

    The watermark holds the list of forms (asked for once a day of the account's clock), and the submissions of
    the last hour, so that they are not given out twice.
    """

    def __init__(self, api: Api, stream: Stream, since: Watermark | None, zone: ZoneInfo) -> None:
        self._api = api
        self._stream = stream
        self._since: Mapping[str, Any] = since or {}
        self._zone = zone
        self._watermark: dict[str, Any] = {}

    def pull(self) -> Pull:
        """Pages and watermark."""
        return Pull(self._pages(), lambda: self._watermark)

    def _pages(self) -> Iterator[Page]:
        now_us = max(self._api.now_us(), int(self._since.get("until_us", 0)))
        known: Mapping[str, str] = self._since.get("forms") or {}
        listed_us = int(self._since.get("listed_us", 0))
        forms, living = dict(known), dict(known)
        if not self._since:
            living = self._forms(archived=False)
            forms = {**self._forms(archived=True), **living}
            self._warn_of_missing(forms)
            listed_us = now_us
        elif now_us // DAY != listed_us // DAY:
            living = self._forms(archived=False)
            forms |= living
            listed_us = now_us
        given = frozenset(self._since.get("recent") or ())
        low_us = int(self._since.get("until_us", 0)) - OVERLAP
        recent: list[str] = []
        for form_id, name in sorted(forms.items()):
            # A form that was not there before is read from its beginning.
            since_us = low_us if form_id in known else -1
            for submissions in self._api.submissions(form_id):
                instants = [_submitted_us(one, self._zone) for one in submissions]
                new = [
                    one
                    for one, at_us in zip(submissions, instants, strict=True)
                    if (at_us is None or at_us >= since_us) and one.get("conversionId") not in given
                ]
                recent += [
                    str(one.get("conversionId"))
                    for one, at_us in zip(submissions, instants, strict=True)
                    if at_us is not None and at_us >= now_us - OVERLAP
                ]
                if new:
                    yield self._page(new, name, form_id)
                if any(at_us is not None and at_us < since_us for at_us in instants):
                    break
        # A form that was archived is read once more and then left: nobody can fill it in.
        self._watermark = {"until_us": now_us, "listed_us": listed_us, "forms": living, "recent": recent}

    def _forms(self, *, archived: bool) -> dict[str, str]:
        wanted = {name.casefold() for name in self._stream.options}
        forms: dict[str, str] = {}
        for form in self._api.forms(archived=archived):
            form_id, name = str(form.get("id", "")), str(form.get("name", ""))
            if not _FORM_ID.fullmatch(form_id) or form.get("formType") == "blog_comment":
                continue
            if not wanted or name.casefold() in wanted or form_id.casefold() in wanted:
                forms[form_id] = name
        return forms

    def _warn_of_missing(self, forms: Mapping[str, str]) -> None:
        found = {word.casefold() for pair in forms.items() for word in pair}
        missing = sorted(name for name in self._stream.options if name.casefold() not in found)
        if missing:
            log.warning("form.missing", crm="hubspot", forms=missing)

    def _page(self, submissions: list[JsonObject], form: str, form_id: str) -> Page:
        rows: list[Row] = []
        bad = []
        for one in submissions:
            id_ = str(one.get("conversionId") or "")
            try:
                rows.append(self._row(one, id_, form, form_id))
            except UnusableError as error:
                bad.append(rejected(self._stream, id_ or f"{form_id}/{one.get('submittedAt')}", str(error)))
        return Page(rows, bad)

    def _row(self, submission: JsonObject, id_: str, form: str, form_id: str) -> Row:
        at_us = instant(submission.get("submittedAt"), "submittedAt", self._zone)
        if not id_ or at_us is None:
            msg = "a submission without conversionId or submittedAt"
            raise UnusableError(msg)
        values: dict[str, Any] = {}
        answers = [one for one in submission.get("values") or [] if isinstance(one, dict)]
        # A form may ask about the contact (0-1) and the company (0-2) in fields of one name.
        for answer in sorted(answers, key=lambda one: one.get("objectTypeId", "0-1") != "0-1"):
            values.setdefault(str(answer.get("name")), answer.get("value"))
        # A submission names no contact: the address that was typed into the form is all there is.
        email = (text(values.get("email"), "email") or "").strip().lower()
        if not _EMAIL.fullmatch(email):
            msg = "a submission without e-mail address belongs to nobody"
            raise UnusableError(msg)
        own = {FORM: form, FORM_ID: form_id, PAGE_URL: submission.get("pageUrl")}
        return {
            "id": id_,
            "modified_us": at_us,
            "deleted": False,
            "person": None,
            "person_email": email,
            "at_us": at_us,
            **{name: text(own.get(name, values.get(name)), name) for name in self._stream.fields},
        }


def _submitted_us(submission: JsonObject, zone: ZoneInfo) -> int | None:
    try:
        return instant(submission.get("submittedAt"), "submittedAt", zone)
    except UnusableError:
        return None
