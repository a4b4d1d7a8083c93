"""Pull: read what changed since the watermarks into the mirror, stream by stream, page by page."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import structlog

from leadledger.ports import Crm, Kind, Org, Stream
from leadledger.sync.context import Context

log = structlog.get_logger()


@dataclass(slots=True)
class Pulled:
    """What one pull brought, over all CRMs."""

    streams: list[Stream] = field(default_factory=list)
    orgs: dict[str, Org] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    """Stream table -> rows stored."""
    rejected: int = 0
    first: bool = False
    """Whether the people of some CRM were read for the first time."""

    @property
    def as_of_us(self) -> int:
        """The instant of evaluation: the latest clock among the CRMs, never our own."""
        return max(org.now_us for org in self.orgs.values())

    def of(self, crm: str) -> Sequence[Stream]:
        """The streams of one CRM."""
        return [stream for stream in self.streams if stream.crm == crm]


def pull(context: Context, run_id: str) -> Pulled:
    """Bring the mirror up to date. The watermark of a stream moves when its last page is stored."""
    pulled = Pulled()
    for name, crm in context.crms.items():
        org = crm.org()
        context.ledger.pin_org(name, org.id, org.name)
        pulled.orgs[name] = org
        pulled.streams.extend(crm.streams(context.definition))
    context.mirror.prepare(pulled.streams)
    for name, crm in context.crms.items():
        for stream in pulled.of(name):
            if stream.kind is Kind.OWNERS:
                continue  # read when a hand-over is due, see `pull_owners`
            if stream.kind is Kind.PEOPLE and context.mirror.watermark(stream) is None:
                pulled.first = True
            pulled.rows[stream.table] = pull_stream(context, crm, stream, run_id, pulled)
    return pulled


def pull_owners(context: Context, run_id: str, pulled: Pulled, crms: Collection[str]) -> None:
    """Read users and queues, just before leads are dealt: who became inactive a minute ago gets nothing."""
    for stream in pulled.streams:
        if stream.kind is Kind.OWNERS and stream.crm in crms:
            pulled.rows[stream.table] = pull_stream(context, context.crms[stream.crm], stream, run_id, pulled)


def pull_stream(context: Context, crm: Crm, stream: Stream, run_id: str, pulled: Pulled | None = None) -> int:
    """Pull one stream and move its watermark. Returns the rows stored; rejected ones go to the ledger."""
    since = context.mirror.watermark(stream)
    pull_ = crm.pull(stream, since, context.mirror.seen(stream))
    rows = 0
    for page in pull_.pages:
        context.mirror.store(stream, page)
        rows += len(page.rows)
        if page.rejected:
            context.ledger.reject(run_id, page.rejected, context.clock.now_us())
            if pulled is not None:
                pulled.rejected += len(page.rejected)
        context.progress.step(f"read {stream.table}", rows, page.total)
    context.mirror.advance(stream, pull_.watermark())
    log.info("stream.pulled", crm=stream.crm, object=stream.name, count=rows, full=since is None)
    return rows
