"""What a decision holds beyond its columns as one compact JSON text: arrays by position, without what is empty at their ends.

Names would be half of the text, and writing it is most of the time that storing a decision takes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any

from leadledger.domain.decisions import Baseline, Contribution, Decision, LastActivity, Transition
from leadledger.domain.records import RecordRef

FORMAT = 1
"""First element of the array; a text of another format would be another program's."""

COLUMNS = (
    "person_id", "stage", "engagement", "fit", "grade", "excluded", "as_of_us", "definition", "activated_us",
    "next_due_us",
)  # fmt: skip
"""Fields that have columns of their own, in the order in which `decode` wants them."""
PLAIN = (
    "stage_since_us", "cycle", "frozen", "missing_facts", "facts_known", "facts_asked", "rule_holds",
    "account_owner_refused", "account_owner_id", "classification", "disposition", "suspected_bots", "models",
    "category_points", "first_origin",
)  # fmt: skip
TRANSITION = (
    "stage", "from_stage", "at_us", "trigger", "evidence", "inferred", "counter", "cycle", "score", "engagement",
    "fit", "no_sales_touch",
)  # fmt: skip
CONTRIBUTION = (
    "kind", "rule", "points", "raw", "count", "matched", "last_at_us", "evidence", "by_decay", "by_limit", "by_cap",
    "by_window", "by_reset",
)  # fmt: skip
"""Rarer ones last: most lines are cut after the sixth or the tenth."""
BASELINE = ("counters", "first_at_us", "last_at_us", "stage", "at_us")

_plain = attrgetter(*PLAIN)
_transition = attrgetter(*TRANSITION)
_all = attrgetter(*CONTRIBUTION)
_usual = attrgetter(*CONTRIBUTION[:10])
_short = attrgetter(*CONTRIBUTION[:6])
_baseline = attrgetter(*BASELINE)

# Nothing in a decision contains itself, so the encoder need not look out for that.
_text = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


def encode(d: Decision) -> str:
    """The text of a decision, but for `COLUMNS`. Raises TypeError for values that JSON does not have."""
    last = d.last_activity
    return _text(
        (
            FORMAT,
            _plain(d),
            [(r.crm, r.object, r.id) for r in d.records],
            [
                _all(c)
                if c.by_cap or c.by_window or c.by_reset
                else _usual(c)
                if c.evidence or c.last_at_us or c.by_decay or c.by_limit
                else _short(c)
                for c in d.contributions
            ],
            [_transition(t) for t in d.transitions],
            (last.type, last.asset, last.at_us) if last else None,
            _encoded_baseline(d.baseline),
        )
    )


def decode(columns: Sequence[Any], text: str) -> Decision:
    """A decision from its `COLUMNS` and the text of `encode`. Raises json.JSONDecodeError for a text that is damaged."""
    _, plain, records, contributions, transitions, last, baseline = json.loads(text)
    values = dict(zip((*COLUMNS, *PLAIN), (*columns, *plain), strict=True))
    return Decision(
        **{
            **values,
            "excluded": bool(values["excluded"]),
            "missing_facts": tuple(values["missing_facts"]),
            "rule_holds": tuple(values["rule_holds"]),
            "models": {name: (fit, grade) for name, (fit, grade) in values["models"].items()},
            "records": tuple(RecordRef(*record) for record in records),
            "contributions": tuple(map(_decoded_line, contributions)),
            "transitions": tuple(Transition(*transition) for transition in transitions),
            "last_activity": LastActivity(*last) if last else None,
            "baseline": _decoded_baseline(baseline),
        }
    )


def encode_baseline(baseline: Baseline) -> str:
    """The text of what was found at first contact."""
    return _text(_encoded_baseline(baseline))


def decode_baseline(text: str) -> Baseline:
    """The inverse of `encode_baseline`."""
    return _decoded_baseline(json.loads(text))


def _encoded_baseline(baseline: Baseline) -> Sequence[Any]:
    """A baseline by position; empty for one that holds nothing."""
    return _baseline(baseline) if holds_something(baseline) else ()


def holds_something(b: Baseline) -> bool:
    """Whether anything was found at first contact."""
    return bool(b.at_us or b.stage or b.counters or b.first_at_us or b.last_at_us)


def _decoded_line(values: Sequence[Any]) -> Contribution:
    fields: Mapping[str, Any] = dict(zip(CONTRIBUTION, values, strict=False))
    return Contribution(**{**fields, "evidence": tuple(fields.get("evidence", ()))})


def _decoded_baseline(values: Sequence[Any]) -> Baseline:
    return Baseline(*values)
