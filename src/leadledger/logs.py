"""Structured logs on stderr: pretty on a terminal, JSON elsewhere; redaction is the last step before rendering."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

EVENTS: Mapping[str, str] = {
    "stream.pulled": "One stream of a CRM was read to its end (crm, object, count, full).",
    "read.retried": "A read is tried again (crm, attempt, wait_s, error_kind).",
    "form.missing": "A form that the definition names does not exist in HubSpot (crm, forms).",
    "write.answered": "Salesforce answered a write request (crm, object, count, and a count per outcome).",
    "batch.written": "One write request and its outcomes are in the ledger (crm, object, count).",
    "read_back.left_out": "Our own writes could not be read back; the next run does it (crm, object, error_kind).",
    "intents.recovered": "Open intents of an earlier run were settled (count, confirmed).",
    "run.ended": "A command ended (command, outcome, run_id).",
    "run.not_recorded": "The end of a run could not be stored; the ledger shows it as running.",
}
"""Every event of the use cases; docs/reference/log-events.md lists them, a test compares."""

_SECRET_KEYS = re.compile(r"token|secret|password|authorization|assertion|private_key", re.IGNORECASE)
_SECRET_TEXTS = (
    (re.compile(r"Bearer\s+\S+"), "Bearer [secret]"),
    (re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*"), "[jwt]"),
    (re.compile(r"\b00D\w{12,15}![\w.-]+"), "[session]"),
    (re.compile(r"\bpat-[\w-]+"), "[token]"),
    (re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+"), "[e-mail]"),
    (re.compile(r"(?<![\w:.])\+\d[\d ()/.-]{6,}\d"), "[phone]"),
)


def redact(_logger: object, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Take out what looks like a secret, an address or a phone number, whatever put it there and however deep."""
    for key, value in list(event.items()):
        event[key] = "[secret]" if _SECRET_KEYS.search(key) else _clean(value)
    return event


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return redacted(value)
    if isinstance(value, Mapping):
        return redact(None, "", {str(key): inner for key, inner in value.items()})
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(inner) for inner in value]
    return value


def redacted(text: str) -> str:
    """A text without tokens and e-mail addresses."""
    for pattern, instead in _SECRET_TEXTS:
        text = pattern.sub(instead, text)
    return text


def set_up(level: str, form: str) -> None:
    """Configure structlog and the libraries' own loggers. Libraries speak only from WARNING on: at DEBUG some of
    them log whole response bodies.
    """
    pretty = form == "pretty" or (form == "auto" and sys.stderr.isatty())
    renderer: Any = structlog.dev.ConsoleRenderer() if pretty else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            redact,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping().get(level.upper(), logging.WARNING)
        ),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.getLogger().addHandler(logging.NullHandler())
    for library in ("urllib3", "requests", "hubspot", "simple_salesforce"):
        logging.getLogger(library).setLevel(logging.ERROR)
