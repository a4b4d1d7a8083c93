"""Pulls the owners: the active ones each time, and those who left as inactive."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from leadledger.crm.hubspot.api import JsonObject
from leadledger.crm.hubspot.rows import UnusableError, rejected, text
from leadledger.crm.hubspot.streams import CONTACTS
from leadledger.crm.hubspot.vendor import VendorClient
from leadledger.ports import Page, Pull, Rejected, Row, Stream, Watermark


def pull_owners(vendor: VendorClient, stream: Stream, since: Watermark | None) -> Pull:
    """The whole list in one page. Only the first pull asks for the deactivated ones as well.

    Afterwards somebody who was known and is not listed any more has left: one call tells both.
    """
    watermark: dict[str, Any] = {}

    def pages() -> Iterator[Page]:
        rows: dict[str, Row] = {}
        bad: list[Rejected] = []
        if since is None:
            _add(vendor.owners(archived=True), stream, rows, bad, active=False)
        else:
            for id_, (email, name, queue) in sorted((since.get("known") or {}).items()):
                rows[id_] = _row(id_, email, name, queue=bool(queue), active=False)
        _add(vendor.owners(archived=False), stream, rows, bad, active=True)
        watermark["known"] = {id_: [row["email"], row["name"], row["queue"]] for id_, row in rows.items()}
        yield Page([rows[id_] for id_ in sorted(rows)], bad, len(rows), replaces="all")

    return Pull(pages(), lambda: watermark)


def _add(
    pages: Iterator[list[JsonObject]],
    stream: Stream,
    rows: dict[str, Row],
    bad: list[Rejected],
    *,
    active: bool,
) -> None:
    for owners in pages:
        for owner in owners:
            id_ = str(owner.get("id", ""))
            try:
                email = (text(owner.get("email"), "email") or "").strip().lower()
                first, last = (
                    text(owner.get("firstName"), "firstName"),
                    text(owner.get("lastName"), "lastName"),
                )
            except UnusableError as error:
                bad.append(rejected(stream, id_, str(error)))
                continue
            name = " ".join(part for part in (first, last) if part)
            queue = owner.get("type") == "QUEUE"
            rows[id_] = _row(id_, email, name, queue=queue, active=active and not owner.get("archived"))


def _row(id_: str, email: str, name: str, *, queue: bool, active: bool) -> Row:
    return {
        "id": id_,
        "modified_us": 0,
        "deleted": False,
        "email": email,
        "name": name,
        "active": active,
        "queue": queue,
        "objects": CONTACTS if queue else "",
    }
