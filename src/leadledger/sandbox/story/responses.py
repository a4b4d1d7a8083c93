"""How somebody answers campaigns: forms sent, webinars attended, stands visited."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from leadledger.domain.instants import DAY, HOUR, MINUTE
from leadledger.sandbox.story.habits import Habit
from leadledger.sandbox.story.interests import Interest
from leadledger.sandbox.story.kinds import CampaignKind, FormName
from leadledger.sandbox.story.market import Market
from leadledger.sandbox.story.model import Campaign, FormFill, Person, Response
from leadledger.sandbox.story.site import FORM_PAGES

_BUDGETS = ("< 10k", "10k-50k", "50k-200k", "> 200k", "unknown")
_TIMEFRAMES = ("0-3 months", "3-6 months", "6-12 months", "no plans")
_MESSAGES = (
    "Please call me back.",
    "Wir möchten ein Angebot für 50 Nutzer.",
    "料金を教えてください。",
    "Can we see a demo next week? 🙏",
    "Need pricing for 200 seats; budget approved.",
    "",
)


def respond(
    rng: Random, person: Person, habit: Habit, interests: Sequence[Interest], market: Market
) -> tuple[list[FormFill], list[Response], list[int]]:
    """Forms sent and campaigns joined while interested, with the moment of each period that sales should see."""
    fills: list[FormFill] = []
    responses: dict[int, Response] = {}
    hot_us: list[int] = []
    until_us = market.calendar.until_us
    for interest in interests:
        heat: list[int] = []
        if rng.random() < habit.raises_hand:
            at_us = _soon(rng, person, habit, interest, market)
            form = FormName.PRICING_REQUEST if rng.random() < 0.4 else FormName.CONTACT_SALES
            fills.append(FormFill(at_us, form, FORM_PAGES[form], _answers(rng, form)))
            _join(responses, _running(market, CampaignKind.WEB_FORM, form, at_us), at_us, at_us, "Responded")
            heat.append(at_us)
        if rng.random() < habit.downloads:
            at_us = _soon(rng, person, habit, interest, market)
            papers = _running(market, CampaignKind.CONTENT, FormName.WHITEPAPER, at_us)
            fills.append(
                FormFill(
                    at_us,
                    FormName.WHITEPAPER,
                    FORM_PAGES[FormName.WHITEPAPER],
                    _answers(rng, FormName.WHITEPAPER),
                )
            )
            _join(responses, rng.sample(papers, min(1, len(papers))), at_us, at_us, "Downloaded")
        for webinar in market.of(CampaignKind.WEBINAR):
            if not interest.start_us - 20 * DAY < webinar.start_us < interest.end_us + 30 * DAY:
                continue
            if webinar.key in responses or rng.random() >= habit.webinars:
                continue
            attended_us = _webinar(rng, person, webinar, responses, fills)
            heat += [attended_us] if attended_us and rng.random() < 0.45 else []
        for show in market.of(CampaignKind.TRADE_SHOW):
            if (
                interest.start_us - 40 * DAY < show.start_us < interest.end_us + 40 * DAY
                and rng.random() < habit.shows
            ):
                heat += _trade_show(rng, show, responses, until_us)
        hot_us += [min(heat)] if heat else []
    return fills, list(responses.values()), hot_us


def _soon(rng: Random, person: Person, habit: Habit, interest: Interest, market: Market) -> int:
    """Early in a period of interest: for strangers the form is often what made the row."""
    if interest.start_us == person.created_us and rng.random() < 0.6:
        return interest.start_us
    middle_us = interest.start_us + (interest.end_us - interest.start_us) // 2
    return market.calendar.moment(rng, person.time_zone, interest.start_us, middle_us, habit.hours)


def _running(market: Market, kind: CampaignKind, form: FormName, at_us: int) -> list[Campaign]:
    return [c for c in market.of(kind) if c.form is form and c.start_us <= at_us <= c.end_us]


def _join(
    responses: dict[int, Response],
    campaigns: Sequence[Campaign],
    at_us: int,
    responded_us: int | None,
    status: str,
) -> None:
    """A person is in a campaign once: whoever responds again only moves the row's last change."""
    for campaign in campaigns[:1]:
        known = responses.get(campaign.key)
        changed_us = max(at_us, responded_us or 0)
        if known is None:
            responses[campaign.key] = Response(campaign.key, at_us, changed_us, status, responded_us)
        elif changed_us > known.changed_us:
            responses[campaign.key] = Response(
                campaign.key, known.at_us, changed_us, known.status, known.responded_us
            )


def _webinar(
    rng: Random, person: Person, webinar: Campaign, responses: dict[int, Response], fills: list[FormFill]
) -> int | None:
    """Registered by form, then attended or not; some are invited and never answer. The time attended."""
    asked_us = webinar.start_us - rng.randrange(2, 15 * 24) * HOUR - rng.randrange(60) * MINUTE
    asked_us = max(asked_us, person.created_us)
    if asked_us >= webinar.start_us or rng.random() < 0.45:
        if asked_us < webinar.start_us:
            _join(responses, [webinar], asked_us, None, "Invited")
        return None
    if rng.random() < 0.5:
        fills.append(
            FormFill(
                asked_us, FormName.WEBINAR, FORM_PAGES[FormName.WEBINAR], _answers(rng, FormName.WEBINAR)
            )
        )
    if rng.random() < 0.55:
        _join(responses, [webinar], asked_us, webinar.start_us + rng.randrange(12) * MINUTE, "Attended")
        return webinar.start_us + HOUR
    _join(responses, [webinar], asked_us, None, rng.choice(("Registered", "No Show")))
    return None


def _trade_show(rng: Random, show: Campaign, responses: dict[int, Response], until_us: int) -> list[int]:
    """Scanned at the stand and imported the week after, or only on the list of those invited."""
    if show.key in responses or show.end_us > until_us - DAY:
        return []
    visited_us = show.start_us + int(rng.random() * (show.end_us - show.start_us))
    if rng.random() < 0.55:
        _join(
            responses,
            [show],
            min(show.end_us + rng.randrange(1, 6) * DAY, until_us),
            visited_us,
            "Visited Booth",
        )
        return [min(show.end_us + 6 * DAY, until_us)] if rng.random() < 0.65 else []
    _join(responses, [show], show.start_us - 20 * DAY, None, "Invited")
    return []


def _answers(rng: Random, form: FormName) -> tuple[tuple[str, str], ...]:
    """What was typed beyond name and address. Optional answers are missing, or sent empty."""
    answers: list[tuple[str, str]] = []
    if form in (FormName.CONTACT_SALES, FormName.PRICING_REQUEST):
        if rng.random() < 0.6:
            answers.append(("budget", rng.choice(_BUDGETS)))
        if rng.random() < 0.6:
            answers.append(("purchase_timeframe", rng.choice(_TIMEFRAMES)))
        answers.append(("message", rng.choice(_MESSAGES)))
        if rng.random() < 0.7:
            answers.append(("contact_me", "true"))
    elif rng.random() < 0.12:
        answers.append(("contact_me", rng.choice(("true", "false", "false"))))
    return tuple(answers)
