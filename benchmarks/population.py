"""A mirror of any size for the benchmarks, made by SQL, and a definition of twenty engagement rules over it.

No randomness: every value hangs on a hash of its row number, so that two machines measure the same work. People
have activities in a long tail (the busiest thousands, most of them some dozens) over two years.
"""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from leadledger.domain.conditions import All, AnyOf, Compare, Condition, Not, Op, Scalar, Space
from leadledger.domain.definition import Definition
from leadledger.domain.instants import DAY
from leadledger.domain.lifecycle import (
    ActivityTrigger,
    DealEvent,
    DealTrigger,
    HandRaiseTrigger,
    Lifecycle,
    Stage,
    StatusTrigger,
    WhenTrigger,
)
from leadledger.domain.routing import AccountOwner, Fallback, Member, Pool, RouteRule, Routing
from leadledger.domain.scoring import (
    Calendar,
    Category,
    Engagement,
    EngagementRule,
    Fit,
    FitRule,
    Grade,
    Limit,
)
from leadledger.domain.sources import ActivitySource, Normalise, PeopleSource
from leadledger.ports import COLUMNS, COMMON_COLUMNS, Kind, Stream

BEGIN = 1_704_067_200_000_000
"""2024-01-01T00:00:00Z"""
AS_OF = BEGIN + 731 * DAY
"""2026-01-01T00:00:00Z"""

LEAD = Stream(
    "salesforce",
    "Lead",
    Kind.PEOPLE,
    ("Email", "Company", "Title", "Industry", "Employees", "Country", "LeadSource"),
)
ACCOUNT = Stream("salesforce", "Account", Kind.ACCOUNTS, ("Type",))
VISIT = Stream("salesforce", "Visit__c", Kind.ACTIVITIES, ("Kind", "At", "Url", "Seconds"), frozenset({"At"}))
MEMBER = Stream(
    "salesforce", "CampaignMember", Kind.ACTIVITIES, ("Campaign.Type", "CampaignId", "At"), frozenset({"At"})
)
HISTORY = Stream("salesforce", "LeadHistory", Kind.HISTORY)
DEAL = Stream("salesforce", "Opportunity", Kind.DEALS)
ROLE = Stream("salesforce", "OpportunityContactRole", Kind.DEAL_PEOPLE)
STREAMS = (LEAD, ACCOUNT, VISIT, MEMBER, HISTORY, DEAL, ROLE)

VISITS = {
    "page_view": 560,
    "email_open": 130,
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


def fill(path: Path, *, people: int, activities: int) -> None:
    """Write the raw tables of a mirror into a new DuckDB file."""
    connection = duckdb.connect(path)
    connection.execute("SET enable_progress_bar = false")
    connection.execute("CREATE SCHEMA raw")
    # A number in [0, 1) from a row number and a salt.
    connection.execute("CREATE MACRO part(n, salt) AS (hash(n * 31 + salt) >> 11) / 9007199254740992.0")
    connection.execute(
        "CREATE MACRO one_of(list, n, salt) AS list[1 + (part(n, salt) * len(list))::INTEGER % len(list)]"
    )
    connection.execute(
        f"CREATE MACRO instant(n, salt) AS {BEGIN} + (part(n, salt) * {AS_OF - BEGIN})::BIGINT // 1000 * 1000"
    )
    connection.execute("CREATE MACRO lead_id(n) AS '00Q' || lpad(n::VARCHAR, 15, '0')")
    # The last people get two thirds of the average, the first ones a hundred times as much.
    connection.execute(
        f"CREATE MACRO person(n, salt) AS lead_id(floor(pow(part(n, salt), 1.5) * {people})::BIGINT)"
    )
    members = activities // 50
    accounts = max(1, people // 6)
    _table(connection, LEAD, people, _lead(accounts))
    _table(connection, ACCOUNT, accounts, _account())
    _table(connection, VISIT, activities - members, _visit())
    _table(connection, MEMBER, members, _member())
    _table(connection, HISTORY, people // 3, _history())
    _table(connection, DEAL, people // 12, _deal())
    _table(connection, ROLE, people // 12, _role())
    connection.close()


def _lead(accounts: int) -> dict[str, str]:
    return {
        "id": "lead_id(n)",
        "created_us": "instant(n, 1)",
        "modified_us": "instant(n, 2)",
        "account": f"'001' || lpad((part(n, 3) * {accounts})::BIGINT::VARCHAR, 15, '0')",
        "owner": "'005' || n % 40",
        "Email": "'person' || n || '@' || CASE WHEN n % 5 = 0 THEN 'gmail.com' ELSE 'company' || n // 3 || '.test' END",
        "Company": "'Company ' || n // 3",
        "Title": "one_of(['VP Marketing', 'Head of Sales', 'Engineer', 'Student', 'Chief Executive Officer', 'Analyst', NULL], n, 4)",
        "Industry": "one_of(['Software', 'Retail', 'Banking', 'Health', NULL], n, 5)",
        "Employees": "one_of(['5', '40', '120', '800', '5000', NULL], n, 6)",
        "Country": "one_of(['Germany', 'FR', 'United States', 'jp', 'Brazil', NULL], n, 7)",
        "LeadSource": "one_of(['Web', 'google', 'Event', 'List'], n, 8)",
    }


def _visit() -> dict[str, str]:
    total, upto, whens = sum(VISITS.values()), 0, []
    for kind, share in VISITS.items():
        upto += share
        whens.append(f"WHEN part(n, 40) < {upto / total} THEN '{kind}'")
    return {
        "id": "'a01' || lpad(n::VARCHAR, 15, '0')",
        "person": "person(n, 41)",
        "Kind": f"CASE {' '.join(whens)} ELSE 'page_view' END",
        "At": "instant(n, 42)",
        "Url": "'https://www.ours.test' || one_of(['/pricing', '/pricing/enterprise', '/careers/all', '/blog/' || n % 150, '/docs/' || n % 60, '/product', '/'], n, 43)",
        "Seconds": "(part(n, 44) * 400)::INTEGER::VARCHAR",
    }


def _account() -> dict[str, str]:
    return {
        "id": "'001' || lpad(n::VARCHAR, 15, '0')",
        "owner": "'005' || n % 40",
        "Type": "one_of(['Prospect', 'Customer'], n, 50)",
    }


def _member() -> dict[str, str]:
    return {
        "id": "'00v' || lpad(n::VARCHAR, 15, '0')",
        "person": "person(n, 60)",
        "At": "instant(n, 61)",
        "Campaign.Type": f"one_of({list(MEMBERS)}, n, 62)",
        "CampaignId": "'701' || (part(n, 63) * 60)::INTEGER",
    }


def _history() -> dict[str, str]:
    return {
        "id": "'017' || lpad(n::VARCHAR, 15, '0')",
        "person": "person(n, 70)",
        "field": "'Status'",
        "new": "one_of(['Working', 'Accepted', 'Recycle', 'Disqualified'], n, 71)",
        "at_us": "instant(n, 72)",
    }


def _deal() -> dict[str, str]:
    return {
        "id": "'006' || lpad(n::VARCHAR, 15, '0')",
        "created_us": "instant(n, 80)",
        "closed": "n % 3 > 0",
        "won": "n % 3 = 1",
        "closed_us": f"CASE WHEN n % 3 > 0 THEN least(instant(n, 80) + {60 * DAY}, {AS_OF}) END",
        "owner": "'005' || n % 40",
    }


def _role() -> dict[str, str]:
    return {
        "id": "'00K' || lpad(n::VARCHAR, 15, '0')",
        "deal": "'006' || lpad(n::VARCHAR, 15, '0')",
        "person": "person(n, 90)",
    }


def _table(connection: duckdb.DuckDBPyConnection, stream: Stream, count: int, values: dict[str, str]) -> None:
    kinds = {**COMMON_COLUMNS, **COLUMNS[stream.kind]}
    kinds |= {name: "BIGINT" if name in stream.instants else "VARCHAR" for name in stream.fields}
    values = {"modified_us": str(BEGIN), "deleted": "false", **values}
    columns = ", ".join(f'({values.get(name, "NULL")})::{kind} AS "{name}"' for name, kind in kinds.items())
    connection.execute(f'CREATE TABLE raw."{stream.table}" AS SELECT {columns} FROM range({count}) t(n)')


def definition() -> Definition:
    """Twenty engagement rules of every kind there is, eight fit rules, seven stages, three pools."""
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
        engagement=Engagement(
            _rules(),
            (Category("web", max=60), Category("content", max=40), Category("product", max=50, min=-20)),
            max=300,
        ),
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


def _page(pattern: str) -> Condition:
    return All((_activity("type", "page_view"), _activity("asset", (pattern,), Op.MATCHES)))


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


def _rules() -> tuple[EngagementRule, ...]:
    per_day, weekly = Limit(1, Calendar.DAY), Limit(2, 7 * DAY)
    return (
        EngagementRule("pricing", _page("*/pricing*"), 25, "web", Limit(1, 7 * DAY), 90 * DAY, 30 * DAY),
        EngagementRule("product_page", _page("*/product"), 5, "web", per_day, 60 * DAY),
        EngagementRule(
            "any_page", _activity("type", "page_view"), 1, "web", Limit(5, Calendar.DAY), 30 * DAY
        ),
        EngagementRule("docs", _page("*/docs/*"), 3, "web", weekly, 90 * DAY, None, 20),
        EngagementRule("blog", _page("*/blog/*"), 1, "content", Limit(3, Calendar.WEEK), 90 * DAY),
        EngagementRule("careers", _page("*/careers*"), -10, None, per_day, 180 * DAY),
        EngagementRule(
            "long_visit",
            All((_activity("type", "page_view"), _activity("seconds", 300, Op.AT_LEAST))),
            4,
            "web",
            weekly,
            60 * DAY,
        ),
        EngagementRule("open", _activity("type", "email_open"), 1, "content", per_day, 30 * DAY),
        EngagementRule("click", _activity("type", "email_click"), 5, "content", weekly, 90 * DAY, 45 * DAY),
        EngagementRule(
            "download", _activity("type", "download"), 10, "content", Limit(3, Calendar.MONTH), 180 * DAY
        ),
        EngagementRule("form", _activity("type", "form"), 20, None, per_day, 180 * DAY, 60 * DAY),
        EngagementRule("login", _activity("type", "trial_login"), 8, "product", per_day, 30 * DAY),
        EngagementRule("call", _activity("type", "call"), 10, None, weekly, 90 * DAY),
        EngagementRule("meeting", _activity("type", "meeting"), 30, None, None, 120 * DAY),
        EngagementRule("chat", _activity("type", "chat"), 10, None, per_day, 60 * DAY),
        EngagementRule("webinar", _activity("type", "webinar"), 15, "content", None, 180 * DAY, 60 * DAY),
        EngagementRule("show", _activity("type", "trade_show"), 10, None, Limit(1, Calendar.EVER)),
        EngagementRule(
            "enterprise_workshop",
            All((_activity("type", "workshop"), _fact("employees", 500, Op.AT_LEAST))),
            25,
            None,
            None,
            180 * DAY,
        ),
        EngagementRule("unsubscribe", _activity("type", "unsubscribe"), -40, None, None, 365 * DAY),
        EngagementRule(
            "demo", _activity("intent", "hand_raise"), 100, None, per_day, 90 * DAY, auto_qualify=True
        ),
    )


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
    score = _ask(Space.COMPUTED, "score", 100, Op.OVER)
    return Lifecycle(
        (
            Stage("inquiry", (ActivityTrigger(_activity("type", "form")),)),
            Stage(
                "mql",
                (
                    HandRaiseTrigger(),
                    WhenTrigger(All((score, _ask(Space.COMPUTED, "engagement", 0, Op.OVER)))),
                ),
                counter="mql_counter",
                reenter_from=("recycled",),
                routes=True,
            ),
            Stage("sal", (StatusTrigger("Status", ("Accepted",)),), reenter_from=("recycled",)),
            Stage("sql", (DealTrigger(DealEvent.CREATED),), reenter_from=("recycled",)),
            Stage("customer", (DealTrigger(DealEvent.WON),), reenter_from=("recycled",)),
            Stage(
                "recycled",
                (StatusTrigger("Status", ("Recycle",)), DealTrigger(DealEvent.LOST)),
                side=True,
                sources=("mql", "sal", "sql"),
                resets_engagement=True,
            ),
            Stage("disqualified", (StatusTrigger("Status", ("Disqualified",)),), side=True),
        )
    )


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
