"""A definition of thirty-five engagement rules of every kind there is, over the mirror that `population.py` makes."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from leadledger.domain.conditions import All, AnyOf, Compare, Condition, Not, Op, Scalar, Space
from leadledger.domain.definition import Definition
from leadledger.domain.instants import DAY, HOUR, SECOND
from leadledger.domain.lifecycle import (
    AcceptedTrigger,
    ActivityTrigger,
    Add,
    ConvertedTrigger,
    DealEvent,
    DealTrigger,
    HandRaiseTrigger,
    Lifecycle,
    Restore,
    Stage,
    StatusTrigger,
    TimerTrigger,
    WhenTrigger,
)
from leadledger.domain.routing import AccountOwner, Fallback, Member, Pool, RouteRule, Routing
from leadledger.domain.scoring import (
    BotGuard,
    Burst,
    Calendar,
    Category,
    Engagement,
    EngagementRule,
    Fit,
    FitRule,
    Grade,
    HalfLife,
    Inactivity,
    Limit,
    Linear,
    PointsBy,
    Steps,
)
from leadledger.domain.sources import ActivitySource, Normalise, PeopleSource

VISITS = {
    "page_view": 440,
    "email_open": 130,
    "email_delivery": 120,
    "email_click": 80,
    "trial_login": 70,
    "download": 60,
    "form": 45,
    "call": 30,
    "chat": 12,
    "meeting": 8,
    "unsubscribe": 3,
    "demo": 2,
}
"""Kind of visit -> its part of a thousand."""
MEMBERS = ("Webinar", "Trade Show", "Workshop")


def definition() -> Definition:
    """Thirty-five engagement rules, eight fit rules, eight stages with every kind of trigger, three pools."""
    return Definition(
        name="benchmark",
        version="1",
        digest="0" * 64,
        time_zone=ZoneInfo("Europe/Berlin"),
        connections=("salesforce",),
        people=(
            PeopleSource(
                "salesforce",
                "Lead",
                {
                    "email": "Email",
                    "company": "Company",
                    "title": "Title",
                    "industry": "Industry",
                    "employees": "Employees",
                    "country": "Country",
                    "source": "LeadSource",
                    "account_type": "Account.Type",
                },
            ),
        ),
        normalise={"country": Normalise("iso_country"), "source": Normalise("map", {"google": "Google"})},
        activities=_activities(),
        engagement=_engagement(),
        fit=_fit(),
        lifecycle=_lifecycle(),
        routing=_routing(),
        targets=(),
        exclude_when=AnyOf((_fact("email_domain", "ours.test"), _fact("title", "Student"))),
    )


def _ask(space: Space, name: str, value: Scalar | tuple[Scalar, ...], op: Op) -> Condition:
    return Compare(space, name, op, value)


def _fact(name: str, value: Scalar | tuple[Scalar, ...], op: Op = Op.IS) -> Condition:
    return _ask(Space.FACT, name, value, op)


def _activity(name: str, value: Scalar | tuple[Scalar, ...], op: Op = Op.IS) -> Condition:
    return _ask(Space.ACTIVITY, name, value, op)


def _state(name: str, value: Scalar, op: Op) -> Condition:
    return _ask(Space.COMPUTED, name, value, op)


def _type(name: str) -> Condition:
    return _activity("type", name)


def _page(pattern: str) -> Condition:
    return All((_type("page_view"), _activity("asset", (pattern,), Op.MATCHES)))


def _activities() -> tuple[ActivitySource, ...]:
    return (
        *(
            ActivitySource(
                "salesforce",
                "Visit__c",
                kind,
                _ask(Space.FIELD, "Kind", kind, Op.IS),
                at="At",
                asset="Url" if kind in {"page_view", "form", "download"} else None,
                intent="hand_raise" if kind == "demo" else "none",
                origin="sales" if kind in {"call", "meeting"} else "marketing",
                attributes={"seconds": "Seconds"},
            )
            for kind in VISITS
        ),
        *(
            ActivitySource(
                "salesforce",
                "CampaignMember",
                kind.lower().replace(" ", "_"),
                _ask(Space.FIELD, "Campaign.Type", kind, Op.IS),
                at="At",
                campaign="CampaignId",
            )
            for kind in MEMBERS
        ),
    )


def _engagement() -> Engagement:
    return Engagement(
        rules=(*_web_rules(), *_content_rules(), *_product_and_sales_rules()),
        categories=(
            Category("web", max=60),
            Category("content", max=40),
            Category("product", max=50, min=-20),
        ),
        max=300,
        inactivity=Inactivity(-10, 30 * DAY, 30 * DAY, ("page_view", "form", "email_click", "trial_login")),
        reset_on=(_type("unsubscribe"),),
        bot_guard=BotGuard(
            ("email_open", "email_click"), "email_delivery", 5 * SECOND, times=3, burst=2 * SECOND
        ),
    )


def _web_rules() -> tuple[EngagementRule, ...]:
    daily, weekly, week = Limit(1, Calendar.DAY), Limit(2, 7 * DAY), HalfLife(7 * DAY)
    long = All((_type("page_view"), _activity("seconds", 300, Op.AT_LEAST)))
    pages = _type("page_view")
    return (
        EngagementRule("pricing", _page("*/pricing*"), 25, "web", Limit(1, 7 * DAY), 90 * DAY, HalfLife(30 * DAY)),
        EngagementRule("pricing_burst", _page("*/pricing*"), 30, burst=Burst(3, 48 * HOUR), window=60 * DAY),
        EngagementRule("enterprise_page", _page("*/enterprise"), 8, "web", daily, 60 * DAY, Linear(60 * DAY)),
        EngagementRule("product_page", _page("*/product"), 5, "web", daily, 60 * DAY),
        EngagementRule("home", _page("*/"), 1, "web", daily, 14 * DAY),
        EngagementRule("any_page", pages, 1, "web", Limit(5, Calendar.DAY), 30 * DAY),
        EngagementRule("many_docs", _page("*/docs/*"), 6, "web", daily, 30 * DAY, burst=Burst(5, DAY)),
        EngagementRule("docs", _page("*/docs/*"), 3, "web", weekly, 90 * DAY, max_points=20),
        EngagementRule("blog", _page("*/blog/*"), 1, "content", Limit(3, Calendar.WEEK), 90 * DAY, Steps(50, 30 * DAY)),
        EngagementRule("careers", _page("*/careers*"), -10, limit=daily, window=180 * DAY, decay=Steps(25, 30 * DAY)),
        EngagementRule("long_visit", long, 4, "web", weekly, 60 * DAY),
        EngagementRule("pricing_again", _page("*/pricing*"), 3, "web", daily, 30 * DAY, week, gate=_state("mql_counter", 1, Op.AT_LEAST)),
    )  # fmt: skip


def _content_rules() -> tuple[EngagementRule, ...]:
    daily, weekly = Limit(1, Calendar.DAY), Limit(2, 7 * DAY)
    large = _fact("employees", 500, Op.AT_LEAST)
    papers = PointsBy("asset", {"https://www.ours.test/pricing": 15, "https://www.ours.test/product": 8}, 4)
    return (
        EngagementRule("open", _type("email_open"), 1, "content", daily, 30 * DAY),
        EngagementRule("click", _type("email_click"), 5, "content", weekly, 90 * DAY, HalfLife(45 * DAY)),
        EngagementRule("click_burst", _type("email_click"), 6, "content", None, 30 * DAY, burst=Burst(2, 7 * DAY)),
        EngagementRule("download", _type("download"), category="content", limit=Limit(3, Calendar.MONTH),
                       window=180 * DAY, points_by=papers),
        EngagementRule("form", _type("form"), 20, limit=daily, window=180 * DAY, decay=HalfLife(60 * DAY)),
        EngagementRule("form_again", _type("form"), 5, None, None, 90 * DAY, Linear(90 * DAY), max_points=25),
        EngagementRule("webinar", _type("webinar"), 15, "content", None, 180 * DAY, HalfLife(60 * DAY)),
        EngagementRule("two_webinars", _type("webinar"), 10, "content", burst=Burst(2, 90 * DAY), window=180 * DAY),
        EngagementRule("show", _type("trade_show"), 10, limit=Limit(1, Calendar.EVER)),
        EngagementRule("workshop", _type("workshop"), 15, None, None, 365 * DAY, Steps(10, 30 * DAY)),
        EngagementRule("enterprise_workshop", All((_type("workshop"), large)), 25, window=180 * DAY),
        EngagementRule("unsubscribe", _type("unsubscribe"), -40, window=365 * DAY),
    )  # fmt: skip


def _product_and_sales_rules() -> tuple[EngagementRule, ...]:
    daily, weekly = Limit(1, Calendar.DAY), Limit(2, 7 * DAY)
    dwell = PointsBy("seconds", {str(seconds): 2 + seconds // 60 for seconds in range(0, 400, 20)}, 1)
    return (
        EngagementRule("login", _type("trial_login"), 8, "product", daily, 30 * DAY),
        EngagementRule("login_week", _type("trial_login"), 15, "product", weekly, 30 * DAY, burst=Burst(4, 7 * DAY)),
        EngagementRule("dwell", _type("trial_login"), category="product", limit=daily, window=14 * DAY, points_by=dwell),
        EngagementRule("good_fit_login", _type("trial_login"), 5, "product", daily, 30 * DAY,
                       gate=_state("grade", "B", Op.AT_LEAST)),
        EngagementRule("call", _type("call"), 10, limit=weekly, window=90 * DAY),
        EngagementRule("meeting", _type("meeting"), 30, window=120 * DAY),
        EngagementRule("second_meeting", _type("meeting"), 20, window=120 * DAY, burst=Burst(2, 60 * DAY)),
        EngagementRule("chat", _type("chat"), 10, limit=daily, window=60 * DAY),
        EngagementRule("recycled_return", _type("form"), 12, limit=weekly, window=60 * DAY,
                       gate=_state("stage", "recycled", Op.IS)),
        EngagementRule("sales_touch", _activity("origin", "sales"), 2, limit=daily, window=30 * DAY),
        EngagementRule("demo", _activity("intent", "hand_raise"), 100, limit=daily, window=90 * DAY, auto_qualify=True),
    )  # fmt: skip


def _fit() -> Fit:
    return Fit(
        (
            FitRule("business_email", _fact("email_domain", ("gmail.com", "outlook.com"), Op.NOT_IN), 30),
            FitRule(
                "mid_size", All((_fact("employees", 50, Op.AT_LEAST), _fact("employees", 1000, Op.BELOW))), 20
            ),
            FitRule("large", _fact("employees", 1000, Op.AT_LEAST), 15, 2),
            FitRule("title", _fact("title", ("VP", "Head", "Chief", "Director"), Op.WORDS), 15),
            FitRule("industry", _fact("industry", ("Software", "Banking"), Op.IN), 10),
            FitRule("country", _fact("country", ("DE", "FR", "US"), Op.IN), 5),
            FitRule("source", Not(_fact("source", "List")), 5),
            FitRule("customer", _fact("account_type", "Customer"), -20),
        ),
        max=70,
        grades=(Grade("A", 60), Grade("B", 45), Grade("C", 30), Grade("D", 15), Grade("F", None)),
    )


def _lifecycle() -> Lifecycle:
    hot = WhenTrigger(
        All((_state("score", 100, Op.OVER), _state("engagement", 0, Op.OVER))),
        until=_state("score", 60, Op.BELOW),
    )
    back = ("recycled",)
    return Lifecycle(
        (
            Stage("inquiry", (ActivityTrigger(_type("form")),)),
            Stage("mql", (HandRaiseTrigger(), hot), counter="mql_counter", reenter_from=back, routes=True,
                  adds=(Add(5, _state("mql_counter", 2, Op.AT_LEAST)),)),
            Stage("sal", (StatusTrigger("Status", ("Accepted",)), AcceptedTrigger()), reenter_from=back),
            Stage("sql", (DealTrigger(DealEvent.CREATED), ConvertedTrigger()), reenter_from=back),
            Stage("customer", (DealTrigger(DealEvent.WON),), reenter_from=back),
            Stage("recycled", (StatusTrigger("Status", ("Recycle",)), DealTrigger(DealEvent.LOST)), side=True,
                  sources=("mql", "sal", "sql"), resets_engagement=True, cooldown=14 * DAY,
                  restores=Restore("mql", 30 * DAY)),
            Stage("stale", (TimerTrigger(30 * DAY, ("mql",), (AcceptedTrigger(),)),), side=True, sources=("mql",)),
            Stage("disqualified", (StatusTrigger("Status", ("Disqualified",)),), side=True),
        )
    )  # fmt: skip


def _routing() -> Routing:
    pools = tuple(
        Pool(name, (Member(f"a@{name}.test", 2), Member(f"b@{name}.test")))
        for name in ("emea", "americas", "rest")
    )
    return Routing(
        sticky=("mql",),
        account_owner=AccountOwner(unless=_fact("account_type", "Customer")),
        pools=pools,
        rules=(
            RouteRule("emea", _fact("country", ("DE", "FR"), Op.IN), "emea"),
            RouteRule("americas", _fact("country", ("US", "BR"), Op.IN), "americas"),
            RouteRule("rest", All(()), "rest"),
        ),
        fallback=Fallback(queue="Inbound"),
    )
