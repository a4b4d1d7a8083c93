"""Bad input ends in one clear line and the right exit code: no traceback, no secret, nothing written unplanned."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from installed import MAPPINGS, Done, Org, Stories, differences

CANARY = "canary-7f3a9c"
HTML = "<html><body><h1>503 Service Unavailable</h1></body></html>"
READS = {"salesforce": "*/query*", "hubspot": "*/crm/*"}
WRITEBACK = {"salesforce": "Fit_Score__c", "hubspot": "fit_score"}
MISSPELT = {"salesforce": "Fit_Scroe__c", "hubspot": "fit_scroe"}
FACT = {"salesforce": "Title", "hubspot": "jobtitle"}
MISSPELT_FACT = {"salesforce": "Titel", "hubspot": "jobtitel"}


@pytest.fixture(autouse=True)
def _no_secret_is_left_anywhere(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[None]:
    yield
    for path in tmp_path.rglob("*"):
        if path.is_file() and "crm.sqlite" not in path.name:
            content = path.read_bytes()
            for secret in (CANARY, "sandbox-consumer-secret", "pat-sandbox-0000", "00D9S000000Ldgr!"):
                assert secret.encode() not in content, f"{path} holds {secret}"


def one_clear_line(done: Done, code: int, *parts: str) -> str:
    """The message, after checking that it is one line on stderr, with all parts, without secret and traceback."""
    assert done.code == code, done.told
    assert done.out == ""
    lines = done.err.splitlines()
    assert lines[-1].startswith("error: "), done.err
    assert sum(line.startswith("error: ") for line in lines) == 1, done.err
    for word in ("Traceback", CANARY, "sandbox-consumer-secret", "pat-sandbox", "Bearer"):
        assert word not in done.err
    for part in parts:
        assert part in done.err, done.err
    return lines[-1]


def changed(org: Org, file: str, old: str, new: str) -> None:
    """Give the org a definition of its own with one change."""
    if org.folder.parent == MAPPINGS:
        folder = org.home / "definition"
        shutil.copytree(org.folder, folder)
        org.folder = folder
    path = org.folder / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


# The definition


@pytest.mark.parametrize("command", ["validate", "plan", "run"])
def test_a_wrong_definition_names_every_problem_with_its_place(org: Org, command: str) -> None:
    changed(org, "scoring.yaml", "points: 100", "points: many")
    changed(org, "scoring.yaml", "half_life: 30d", "half_live: 30d")
    changed(org, "lifecycle.yaml", "counter: mql_counter", "cuonter: mql_counter")
    done = org.here(command)
    one_clear_line(done, 78, "half_life", "counter")
    places = [line for line in done.err.splitlines() if not line.startswith("error: ")]
    assert len(places) == 3
    for line in places:
        file, row, column, _ = line.split(":", 3)
        assert Path(file).name in {"scoring.yaml", "lifecycle.yaml"}
        assert int(row) > 0
        assert int(column) > 0
    assert org.calls() == []


def test_no_definition_folder_is_a_matter_of_configuration(org: Org) -> None:
    org.folder = org.home / "nowhere"
    one_clear_line(org.here("plan"), 78, "nowhere")


def test_a_field_that_the_crm_does_not_have_is_named_before_anything_is_read(org: Org) -> None:
    changed(org, "writeback.yaml", WRITEBACK[org.crm], MISSPELT[org.crm])
    changed(org, "people.yaml", f": {FACT[org.crm]}\n", f": {MISSPELT_FACT[org.crm]}\n")
    done = org.here("plan")
    one_clear_line(
        done,
        78,
        MISSPELT[org.crm],
        f"Did you mean '{WRITEBACK[org.crm]}'?",
        MISSPELT_FACT[org.crm],
        f"'{FACT[org.crm]}'?",
    )
    assert org.calls(writing=True) == []


# Access


def test_a_wrong_secret_is_refused_and_never_shown(org: Org) -> None:
    name = "LEADLEDGER_SALESFORCE__CLIENT_SECRET" if org.crm == "salesforce" else "LEADLEDGER_HUBSPOT__TOKEN"
    org.variables[name] = CANARY
    for words in (("plan",), ("plan", "--json"), ("run",)):
        done = org.here(*words)
        assert done.code == 5, done.told
        assert CANARY not in done.told
    one_clear_line(org.run("plan"), 5, name if org.crm == "hubspot" else "CLIENT_SECRET")


@pytest.mark.parametrize("crm", ["hubspot"])
def test_a_key_that_may_only_read_plans_and_writes_nothing(org: Org) -> None:
    org.variables["LEADLEDGER_HUBSPOT__TOKEN"] = "pat-sandbox-0000-reader"
    path = org.planned()
    before = org.dump()
    one_clear_line(org.here("apply", str(path)), 5, "scope", "crm.objects.contacts.write")
    assert org.dump() == before
    del org.variables["LEADLEDGER_HUBSPOT__TOKEN"]
    assert org.here("run").code == 0, "with the right key it goes on"
    assert org.open_intents() == []


def test_access_that_is_not_set_names_the_variables_and_the_way_to_the_sandbox(org: Org) -> None:
    names = [name for name in org.sandbox.environment() if "URL" not in name or org.crm == "salesforce"]
    for name in org.sandbox.environment():
        org.variables[name] = ""
    one_clear_line(org.here("plan"), 78, *names, "leadledger sandbox serve")


def test_settings_that_are_wrong_are_named_without_their_values(org: Org) -> None:
    org.variables["LEADLEDGER_MEMORY_LIMIT"] = CANARY
    done = org.here("plan")
    assert done.code == 78
    assert "LEADLEDGER_MEMORY_LIMIT" in done.err
    org.variables["LEADLEDGER_MEMORY_LIMIT"] = ""
    org.variables[
        "LEADLEDGER_HUBSPOT__TOKNE" if org.crm == "hubspot" else "LEADLEDGER_SALESFORCE__CLIENT_SCERET"
    ] = CANARY
    one_clear_line(org.here("plan"), 78, "TOKNE" if org.crm == "hubspot" else "CLIENT_SCERET")


# The network


def test_a_crm_that_is_not_there_says_how_to_start_the_sandbox(org: Org) -> None:
    environment = dict(org.sandbox.environment())
    org.sandbox.stop()
    org.sandbox.environment = lambda: environment  # type: ignore[method-assign]
    one_clear_line(org.run("plan"), 74, "refused the connection", "leadledger sandbox serve")


@pytest.mark.parametrize("action", ["truncate", "truncate_json", "drop_before", "respond"])
def test_a_read_that_comes_back_broken_is_read_again(org: Org, action: str) -> None:
    expected = org.here("plan", "--json").result["plan"]["changes"]
    (org.state_dir / "mirror.duckdb").unlink()
    more = {"status": 503, "body": HTML} if action == "respond" else {}
    org.fault(action, path_glob=READS[org.crm], times=3, after=1, **more)
    done = org.here("plan", "--json")
    assert done.code == 0, done.told
    assert org.sandbox.faults.pending() == ()
    assert done.result["plan"]["changes"] == expected


@pytest.mark.parametrize("action", ["truncate_json", "respond"])
def test_reads_that_stay_broken_end_the_run_and_lose_nothing(org: Org, action: str) -> None:
    expected = org.here("plan", "--json").result["plan"]["changes"]
    (org.state_dir / "mirror.duckdb").unlink()
    more = {"status": 503, "body": HTML} if action == "respond" else {}
    org.fault(action, path_glob=READS[org.crm], times=-1, after=3, **more)
    one_clear_line(org.here("plan"), 74)
    org.sandbox.faults.clear()
    assert org.here("plan", "--json").result["plan"]["changes"] == expected


def test_a_page_of_html_with_status_200_is_never_an_empty_page(settled: Org) -> None:
    settled.fault(
        "respond",
        path_glob=READS[settled.crm],
        times=-1,
        status=200,
        body="<html>sign in to the guest network</html>",
    )
    one_clear_line(settled.here("run"), 74)
    settled.sandbox.faults.clear()
    assert settled.here("run", "--json").result["counts"]["people"] > 50


@pytest.mark.parametrize("command", ["plan", "run"])
def test_a_daily_limit_defers_with_its_own_exit_code(org: Org, command: str) -> None:
    limit: dict[str, Any] = (
        {
            "status": 403,
            "body": [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}],
        }
        if org.crm == "salesforce"
        else {
            "status": 429,
            "body": {"status": "error", "category": "RATE_LIMITS", "policyName": "DAILY", "message": "daily"},
        }
    )
    org.fault("respond", path_glob=READS[org.crm], times=-1, after=2, **limit)
    one_clear_line(org.here(command), 6, "again")
    org.sandbox.faults.clear()
    assert org.here(command).code == 0


# Data


def rewritten(org: Org, object_: str, id_: str, **fields: Any) -> None:
    """Change a stored row past every check of the CRM, as an import of years ago may have done."""
    dump = org.dump()
    row = dump[object_][id_]
    (row if org.crm == "salesforce" else row["properties"]).update(fields)
    now = "2026-11-02T08:30:00.000+0000"
    if org.crm == "salesforce":
        row.update({"SystemModstamp": now, "LastModifiedDate": now})
    org.app.load((name, one) for name, rows in dump.items() for one in rows.values())
    org.later(3600)


def test_a_record_without_any_value_is_decided_like_all_others(settled: Org) -> None:
    record = settled.who("").records[0]
    row = settled.row(record.object, record.id)
    kept = {
        "Id",
        "IsDeleted",
        "IsConverted",
        "OwnerId",
        "CreatedDate",
        "SystemModstamp",
        "LastModifiedDate",
        "hs_object_id",
    }
    empty = {
        name: None
        for name, value in row.items()
        if isinstance(value, str) and name not in kept and "date" not in name.lower()
    }
    rewritten(settled, record.object, record.id, **empty)
    done = settled.here("run", "--json")
    assert done.code in {0, 3}, done.told
    assert done.result["counts"]["people"] > 50


@pytest.mark.parametrize("crm", ["salesforce"])
def test_a_text_of_ten_megabytes_and_a_date_in_the_year_9999_cost_only_their_own_rows(org: Org) -> None:
    people = org.here("plan", "--json").result["counts"]["people"]
    lead, other = sorted(
        id_ for id_, row in org.dump()["Lead"].items() if not row["IsConverted"] and row["Email"]
    )[:2]
    visit = next(id_ for id_, row in org.dump()["Visit__c"].items() if row["Lead__c"] == other)
    rewritten(org, "Lead", lead, Company="x" * 10_000_000)
    rewritten(
        org,
        "Visit__c",
        visit,
        Visited_At__c="9999-12-31T23:59:59.000+0000",
        SystemModstamp="2026-11-02T08:40:00.000+0000",
    )
    done = org.here("plan", "--json")
    assert done.code == 0, done.told
    assert done.result["counts"]["people"] == people
    assert len(done.out) < 5_000_000
    status = org.here("status", "--json").result
    assert {row["record"] for row in status["rejected"]} == {
        f"salesforce/Visit__c/{visit}",
        f"salesforce/Lead/{lead}",
    }
    assert all(row["reason"] for row in status["rejected"])
    assert visit in org.here("status").out


@pytest.mark.parametrize("crm", ["hubspot"])
def test_a_long_text_and_an_impossible_date_in_hubspot_cost_only_their_own_rows(org: Org) -> None:
    people = org.here("plan", "--json").result["counts"]["people"]
    contact = next(iter(org.dump()["contacts"]))
    meeting = next(iter(org.dump()["meetings"]))
    rewritten(org, "contacts", contact, company="x" * 10_000_000, lastmodifieddate="2026-11-02T08:30:00.000Z")
    rewritten(
        org,
        "meetings",
        meeting,
        hs_meeting_start_time="9999-12-31T23:59:59.000Z",
        hs_lastmodifieddate="2026-11-02T08:30:00.000Z",
    )
    (org.state_dir / "mirror.duckdb").unlink()
    done = org.here("plan", "--json")
    assert done.code == 0, done.told
    assert done.result["counts"]["people"] == people
    status = org.here("status", "--json").result
    assert [row["record"] for row in status["rejected"]] == [f"hubspot/meetings/{meeting}"]


def controls(text: str) -> set[str]:
    return {
        c
        for c in text
        if (ord(c) < 32 and c not in "\n\t")
        or ord(c) in {0x7F, *range(0x80, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)}
    }


def test_hostile_names_cannot_move_the_cursor_or_colour_the_screen(settled: Org) -> None:
    evil = "[red]x[/red]\x1b[31m\x1b]8;;http://evil.example\x07 \u202egnp.exe\r\n\x9b2J"
    record = settled.who("").records[0]
    settled.raise_hand(record)
    if settled.crm == "salesforce":
        campaign = next(
            id_ for id_, row in settled.dump()["Campaign"].items() if row["Name"] == "Pricing request 2026"
        )
        rewritten(settled, "Lead", record.id, FirstName=evil, LastName=evil, Title=evil)
        settled.edit("Campaign", campaign, Name=f"Pricing request {evil}")
    else:
        rewritten(settled, "contacts", record.id, firstname=evil, jobtitle=evil, company=evil)
    shown = settled.here("plan", "--all")
    assert shown.code == 0, shown.told
    applied = settled.here("run")
    assert applied.code == 0, applied.told
    for done in (shown, applied, settled.here("explain", record.id), settled.here("status")):
        assert controls(done.told) == set()
        assert "Traceback" not in done.told
    if settled.crm == "salesforce":
        assert "[red]x[/red]" in shown.out, "markup is shown, not obeyed"


# The command line and the files


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (("plann",), ("'plann'", "Did you mean 'plan'?")),
        (("xyzzy",), ("'xyzzy'", "validate")),
        (("plan", "--detailed-exitcod"), ("--detailed-exitcod", "--detailed-exitcode")),
        (("apply",), ("PLAN",)),
        (("sandbox", "serve", "--crm", "pipedrive"), ("pipedrive", "hubspot")),
        (("apply", "missing.json"), ("missing.json", "leadledger plan")),
    ],
)
@pytest.mark.parametrize("crm", ["hubspot"])
def test_words_that_do_not_exist_are_usage_errors(
    org: Org, words: tuple[str, ...], parts: tuple[str, ...]
) -> None:
    one_clear_line(org.here(*words), 64, *parts)


def test_an_id_that_nobody_knows_is_a_usage_error(settled: Org) -> None:
    one_clear_line(settled.here("explain", "00Q000000000000"), 64, "00Q000000000000")


@pytest.mark.parametrize("command", [("explain", "1"), ("status",)])
@pytest.mark.parametrize("crm", ["hubspot"])
def test_without_a_ledger_the_reading_commands_say_how_to_begin(org: Org, command: tuple[str, ...]) -> None:
    one_clear_line(org.here(*command), 74, "leadledger plan")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (lambda plan: plan[: len(plan) // 2], 74),
        (lambda plan: "", 74),
        (lambda plan: "[1, 2]", 78),
        (lambda plan: json.dumps({"plan_id": "x", "format": 99}), 78),
        (lambda plan: json.dumps({**json.loads(plan), "changes": [{"record": "nonsense"}]}), 74),
        (lambda plan: json.dumps({**json.loads(plan), "definition_digest": "0" * 64}), 78),
        (
            lambda plan: json.dumps(
                {**json.loads(plan), "orgs": {"hubspot": "4711", "salesforce": "00D000000000000"}}
            ),
            78,
        ),
    ],
    ids=[
        "half",
        "empty",
        "no plan",
        "another format",
        "nonsense inside",
        "another definition",
        "another org",
    ],
)
@pytest.mark.parametrize("crm", ["salesforce"])
def test_a_plan_file_that_cannot_be_right_is_refused_whole(org: Org, content: Any, code: int) -> None:
    path = org.planned()
    path.write_text(content(path.read_text()))
    before = org.dump()
    one_clear_line(org.here("apply", str(path)), code)
    assert org.dump() == before


@pytest.mark.parametrize("command", ["plan", "run", "apply"])
def test_the_ledger_of_another_org_is_never_used(settled: Org, command: str) -> None:
    path = settled.planned()
    with sqlite3.connect(settled.state_dir / "ledger.sqlite") as connection:
        connection.execute("UPDATE org SET org_id = '4711'")
    connection.close()
    before = settled.dump()
    words = ("apply", str(path)) if command == "apply" else (command,)
    one_clear_line(settled.here(*words), 74, "4711", "LEADLEDGER_STATE_DIR")
    assert settled.dump() == before


def damage(path: Path) -> None:
    content = bytearray(path.read_bytes())
    for at in range(4096, len(content), 4096):
        content[at : at + 64] = b"\xff" * 64
    path.write_bytes(content)


@pytest.mark.parametrize("how", ["bytes", "empty", "foreign", "newer"])
@pytest.mark.parametrize("crm", ["salesforce"])
def test_a_ledger_that_cannot_be_trusted_is_refused_and_left_as_it_is(settled: Org, how: str) -> None:
    ledger = settled.state_dir / "ledger.sqlite"
    with sqlite3.connect(ledger) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        if how == "newer":
            connection.execute("PRAGMA user_version = 999")
    connection.close()
    for beside in settled.state_dir.glob("ledger.sqlite-*"):
        beside.unlink()
    if how == "bytes":
        damage(ledger)
    elif how != "newer":
        ledger.write_bytes(b"" if how == "empty" else b"this is no database at all" * 100)
    content = ledger.read_bytes()
    for words in (("run",), ("plan",)):
        one_clear_line(settled.here(*words), 74, "ledger.sqlite")
    assert settled.here("status").code == 74
    assert ledger.read_bytes() == content
    assert settled.calls(writing=True) == []


@pytest.mark.parametrize("crm", ["hubspot"])
def test_a_damaged_mirror_says_that_it_may_be_deleted(settled: Org) -> None:
    mirror = settled.state_dir / "mirror.duckdb"
    mirror.write_bytes(b"\x00" * 4096 + b"no database" * 1000)
    done = settled.here("run")
    if done.code:
        one_clear_line(done, 74, "mirror.duckdb", "elete")
        mirror.unlink()
    assert settled.here("run", "--json").result["planned_records"] == 0


@pytest.mark.parametrize("crm", ["hubspot"])
def test_a_state_directory_that_is_a_file_is_an_io_error(org: Org) -> None:
    (org.home / "file").write_text("x")
    org.variables["LEADLEDGER_STATE_DIR"] = str(org.home / "file")
    one_clear_line(org.here("plan"), 74, "file")


# Guards


def test_a_plan_beyond_a_guard_is_stopped_before_the_first_write(
    org: Org, stories: Stories, crm: str, tmp_path: Path
) -> None:
    changed(org, "leadledger.yaml", "max_owner_changes: 500", "max_owner_changes: 0")
    planned = org.here("run", "--json").result
    assert planned["first_run"]
    one_clear_line(org.here("run"), 7, "owner changes", "--allow-large")
    assert org.calls(writing=True) == []
    with org.ledger() as ledger:
        assert ledger.totals()["people"] == 0, "nothing was decided either"
    done = org.here("run", "--allow-large", "--json")
    assert done.code == 0, done.told
    assert done.result["written"]["confirmed"] == planned["planned_records"]
    twin = stories.open(crm, tmp_path / "twin", applied=True)
    try:
        assert differences(org, twin) == []
    finally:
        twin.sandbox.stop()
