"""A mirror of any size for the benchmarks, made by SQL; the definition over it is in `scoring_model.py`.

No randomness: every value hangs on a hash of its row number, so that two machines measure the same work. People
have activities in a long tail (the busiest thousands, most of them some dozens) over two years.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from leadledger.domain.instants import DAY
from leadledger.ports import COLUMNS, COMMON_COLUMNS, Kind, Stream
from scoring_model import MEMBERS, VISITS, definition

__all__ = ["AS_OF", "STREAMS", "definition", "fill"]

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
