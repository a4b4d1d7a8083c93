"""What marketing ran in the two years: webinars, content, trade shows, web forms and newsletters."""

from __future__ import annotations

from datetime import datetime
from random import Random
from zoneinfo import ZoneInfo

from leadledger.domain.instants import DAY, HOUR, from_us, to_us
from leadledger.sandbox.story.chance import stream
from leadledger.sandbox.story.kinds import CampaignKind, FormName
from leadledger.sandbox.story.model import Campaign, Mailing
from leadledger.sandbox.story.seasons import weekday
from leadledger.sandbox.story.site import ROOT

_ZONE = ZoneInfo("Europe/Berlin")
_WEBINAR_TOPICS = (
    "Scores that sales believes",
    "Routing without tears",
    "The MQL contract",
    "Decay, caps and floors",
    "Bots in your numbers",
    "Lead scoring für den Mittelstand",
)
_WHITEPAPERS = (
    "Whitepaper: Lead Scoring",
    "Whitepaper: The MQL Counter",
    "eBook: Recycled Leads",
    "Checklist: CRM Hygiene",
    "Report: State of Hand-over",
)
# (month, day of the first day, name, days)
_TRADE_SHOWS = (
    (3, 10, "CRM World Berlin", 3),
    (5, 19, "SaaS Summit Austin", 2),
    (10, 13, "営業DX展 Tokyo", 3),
)
_MAILING_LINKS = (
    "/blog/what-is-an-mql",
    "/blog/score-decay",
    "/product/scoring",
    "/pricing",
    "/webinars/register",
    "/customers/case-study-freight",
    "/docs/getting-started",
)


def _months(start_us: int, until_us: int) -> list[tuple[int, int]]:
    first, last = from_us(start_us).astimezone(_ZONE), from_us(until_us).astimezone(_ZONE)
    return [
        (number // 12, number % 12 + 1)
        for number in range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    ]


def _local_us(year: int, month: int, day: int, hour: int) -> int:
    return to_us(datetime(year, month, day, hour, tzinfo=_ZONE))


def _on_weekday(at_us: int) -> int:
    return at_us + max(0, 7 - weekday(at_us // DAY)) * DAY if weekday(at_us // DAY) > 4 else at_us


def plan_campaigns(seed: int, start_us: int, until_us: int) -> tuple[Campaign, ...]:
    """Every campaign that began before the end of the story, by its first day."""
    rng = stream(seed, "campaigns")
    plans: list[tuple[int, int, str, CampaignKind, FormName | None]] = []
    years = sorted({year for year, _ in _months(start_us, until_us)})
    for index, (year, month) in enumerate(_months(start_us, until_us)):
        if month not in (8, 12):
            at_us = _on_weekday(_local_us(year, month, 5 + rng.randrange(18), 15))
            topic = _WEBINAR_TOPICS[index % len(_WEBINAR_TOPICS)]
            plans.append(
                (
                    at_us,
                    at_us + HOUR,
                    f"Webinar {year}-{month:02}: {topic}",
                    CampaignKind.WEBINAR,
                    FormName.WEBINAR,
                )
            )
        for show_month, day, name, days in _TRADE_SHOWS:
            if month == show_month:
                at_us = _on_weekday(_local_us(year, month, day, 9))
                plans.append((at_us, at_us + days * DAY, f"{name} {year}", CampaignKind.TRADE_SHOW, None))
    for index, name in enumerate(_WHITEPAPERS):
        at_us = start_us + index * 75 * DAY
        plans.append((at_us, until_us, name, CampaignKind.CONTENT, FormName.WHITEPAPER))
    for year in years:
        begin_us, end_us = (
            max(start_us, _local_us(year, 1, 1, 0)),
            min(until_us, _local_us(year + 1, 1, 1, 0)),
        )
        plans.append(
            (begin_us, end_us, f"Contact Sales {year}", CampaignKind.WEB_FORM, FormName.CONTACT_SALES)
        )
        plans.append(
            (begin_us, end_us, f"Pricing request {year}", CampaignKind.WEB_FORM, FormName.PRICING_REQUEST)
        )
        for half, month in (("H1", 1), ("H2", 7)):
            begin_us = _local_us(year, month, 1, 0)
            end_us = _local_us(year, 7, 1, 0) if month == 1 else _local_us(year + 1, 1, 1, 0)
            if end_us > start_us:
                plans.append(
                    (max(start_us, begin_us), end_us, f"Newsletter {year} {half}", CampaignKind.EMAIL, None)
                )
    told = sorted(plan for plan in plans if start_us <= plan[0] < until_us - DAY)
    return tuple(
        Campaign(key, name, kind, begin_us, min(end_us, until_us), form)
        for key, (begin_us, end_us, name, kind, form) in enumerate(told)
    )


def plan_mailings(
    seed: int, campaigns: tuple[Campaign, ...], start_us: int, until_us: int
) -> tuple[Mailing, ...]:
    """A newsletter every other month, on a Tuesday at 10:00 in Berlin, none in August."""
    rng = stream(seed, "mailings")
    programs = [campaign for campaign in campaigns if campaign.kind is CampaignKind.EMAIL]
    mailings: list[Mailing] = []
    for year, month in _months(start_us, until_us)[1::2]:
        at_us = _local_us(year, month, 8 + _days_to_tuesday(year, month), 10)
        program = [campaign for campaign in programs if campaign.start_us <= at_us < campaign.end_us]
        if month == 8 or not program or at_us > until_us - DAY:
            continue
        mailings.append(
            Mailing(
                len(mailings),
                f"Newsletter {year}-{month:02}",
                at_us,
                _links(rng, year, month),
                program[0].key,
            )
        )
    return tuple(mailings)


def _days_to_tuesday(year: int, month: int) -> int:
    return (1 - weekday(_local_us(year, month, 8, 12) // DAY)) % 7


def _links(rng: Random, year: int, month: int) -> tuple[str, ...]:
    pages = rng.sample(_MAILING_LINKS, 4)
    return tuple(f"{ROOT}{page}?utm_source=newsletter&utm_campaign={year}-{month:02}" for page in pages)
