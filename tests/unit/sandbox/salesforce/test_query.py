from __future__ import annotations

import pytest


@pytest.fixture
def org(make_org, ids):
    """Five leads that differ in everything a condition can ask."""
    return make_org(
        ids.a_lead(
            "1", FirstName="Ann", LastName="Zorn", Email="ann@a.test", NumberOfEmployees=10, Rating="Hot"
        ),
        ids.a_lead("2", LastName="50%_off", Email="bob@b.test", NumberOfEmployees=20, OwnerId=ids.queue),
        ids.a_lead("3", LastName="Ünal", Email=None, First_MQL_Date__c="2026-03-01T10:00:00.000+0000"),
        ids.a_lead("4", LastName="back\\slash", Contact_Me__c=True, ConvertedDate="2026-02-03"),
        ids.a_lead("5", LastName="Deleted", IsDeleted=True),
    )


@pytest.mark.parametrize(
    ("where", "names"),
    [
        ("NumberOfEmployees = 10", ["Ann Zorn"]),
        ("NumberOfEmployees > 10", ["50%_off"]),
        ("NumberOfEmployees >= 10 AND NumberOfEmployees < 20.5", ["50%_off", "Ann Zorn"]),
        ("LastName = 'ZORN'", ["Ann Zorn"]),
        ("LastName = 'üNAL'", ["Ünal"]),
        ("LastName IN ('üNAL', 'zorn')", ["Ann Zorn", "Ünal"]),
        ("LastName LIKE 'z%'", ["Ann Zorn"]),
        ("LastName LIKE 'ÜN%'", ["Ünal"]),
        ("LastName LIKE '_orn'", ["Ann Zorn"]),
        ("LastName LIKE '50\\%%'", ["50%_off"]),
        ("LastName LIKE '50_\\_off'", ["50%_off"]),
        ("LastName LIKE '50\\_%'", []),
        ("LastName LIKE 'back\\\\%'", ["back\\slash"]),
        ("LastName = 'back\\\\slash'", ["back\\slash"]),
        ("Email = null", ["back\\slash", "Ünal"]),
        ("Email = ''", ["back\\slash", "Ünal"]),
        ("Email != null", ["50%_off", "Ann Zorn"]),
        ("Email IN (null, 'ann@a.test')", ["Ann Zorn", "back\\slash", "Ünal"]),
        ("Contact_Me__c = true", ["back\\slash"]),
        ("Contact_Me__c != true AND Rating = 'Hot'", ["Ann Zorn"]),
        ("First_MQL_Date__c >= 2026-03-01T10:00:00Z", ["Ünal"]),
        ("First_MQL_Date__c = 2026-03-01T12:00:00.999+02:00", ["Ünal"]),
        ("First_MQL_Date__c > 2026-03-01T10:00:00Z", []),
        ("ConvertedDate = 2026-02-03", ["back\\slash"]),
        ("ConvertedDate < 2026-02-03", []),
    ],
)
def test_a_comparison_finds_its_rows(org, where, names):
    assert org.names(where) == sorted(names)


@pytest.mark.parametrize(
    "where",
    [
        "Email != 'ann@a.test'",
        "NOT Email = 'ann@a.test'",
        "Email NOT IN ('ann@a.test')",
        "NOT Email LIKE 'ann%'",
    ],
)
def test_a_negation_holds_for_null(org, where):
    assert org.names(where) == ["50%_off", "back\\slash", "Ünal"]


def test_not_in_with_null_asks_for_a_value(org):
    assert org.names("Email NOT IN (null, 'ann@a.test')") == ["50%_off"]


def test_or_and_nested_not_are_two_valued(org):
    assert org.names("(NOT (Email = 'ann@a.test' OR NumberOfEmployees > 5)) AND Name LIKE 'b%'") == [
        "back\\slash"
    ]


def test_ids_are_compared_in_either_length(org, ids):
    answer = org.query(f"SELECT Id FROM Lead WHERE Id = '{ids.lead('1')[:15]}'")

    assert [row["Id"] for row in answer.body["records"]] == [ids.lead("1")]


def test_ids_are_compared_with_their_case(org, ids):
    assert org.names(f"Id = '{ids.lead('1').swapcase()}'") == []


def test_deleted_rows_are_only_in_query_all(org):
    everything = org.call("GET", "queryAll", query={"q": "SELECT Name FROM Lead WHERE IsDeleted = true"})

    assert org.names("Name = 'Deleted'") == []
    assert [row["Name"] for row in everything.body["records"]] == ["Deleted"]


def test_archived_tasks_are_only_in_query_all(make_org, ids):
    task = ids.system(Id=ids.record("00T", 1), Status="Completed", IsArchived=True, OwnerId=ids.ada)
    org = make_org(("Task", task))

    assert org.query("SELECT COUNT() FROM Task").body["totalSize"] == 0
    assert org.call("GET", "queryAll", query={"q": "SELECT COUNT() FROM Task"}).body["totalSize"] == 1


def test_a_record_has_attributes_and_canonical_names(org, ids):
    record = org.query("select ID, contact_me__C, owner.NAME from lead where lastname = 'Zorn'").body[
        "records"
    ][0]

    assert record == {
        "attributes": {"type": "Lead", "url": f"/services/data/v68.0/sobjects/Lead/{ids.lead('1')}"},
        "Id": ids.lead("1"),
        "Contact_Me__c": False,
        "Owner": {
            "attributes": {"type": "User", "url": f"/services/data/v68.0/sobjects/User/{ids.ada}"},
            "Name": "Ada",
        },
    }


def test_an_owner_may_be_a_user_or_a_queue(org):
    answer = org.query("SELECT Owner.Type, Owner.Name, Owner.IsActive FROM Lead WHERE Owner.Type = 'Queue'")

    (record,) = answer.body["records"]
    assert record["Owner"]["attributes"]["type"] == "Group"
    assert (record["Owner"]["Type"], record["Owner"]["Name"], record["Owner"]["IsActive"]) == (
        "Queue",
        "Inbound",
        None,
    )


@pytest.fixture
def activities(make_org, ids):
    """A task on a lead, one on a contact of an account, one on nobody."""
    account = ids.system(Id=ids.record("001", 1), Name="Acme", Industry="Banking", OwnerId=ids.bob)
    contact = ids.system(Id=ids.record("003", 1), LastName="Con", AccountId=account["Id"], OwnerId=ids.ada)
    tasks = [
        ids.system(Id=ids.record("00T", n), Subject=f"t{n}", WhoId=who, Status="Completed", OwnerId=ids.ada)
        for n, who in enumerate([ids.lead("1"), contact["Id"], None])
    ]
    return make_org(
        ids.a_lead("1"), ("Account", account), ("Contact", contact), *(("Task", task) for task in tasks)
    )


def test_the_type_of_a_polymorphic_parent_can_be_asked(activities):
    answer = activities.query("SELECT Subject, Who.Type, Who.Name FROM Task ORDER BY Subject")

    who = [record["Who"] for record in answer.body["records"]]
    assert [(parent["Type"], parent["Name"]) for parent in who[:2]] == [("Lead", "1"), ("Contact", "Con")]
    assert who[2] is None


def test_a_condition_on_a_missing_parent_is_a_condition_on_null(activities):
    query = "SELECT Subject FROM Task WHERE Who.Name = null OR Who.Type = 'Lead' ORDER BY Subject"

    assert [record["Subject"] for record in activities.query(query).body["records"]] == ["t0", "t2"]


def test_a_path_may_pass_several_parents(activities):
    query = "SELECT Account.Owner.Name, Account.Industry FROM Contact WHERE Account.Owner.Name = 'bob'"

    (record,) = activities.query(query).body["records"]

    assert record["Account"]["Owner"]["Name"] == "Bob"
    assert record["Account"]["Industry"] == "Banking"


@pytest.mark.parametrize(
    ("order", "names"),
    [
        ("NumberOfEmployees, Name", ["back\\slash", "Ünal", "Ann Zorn", "50%_off"]),
        ("NumberOfEmployees DESC NULLS LAST, Name DESC", ["50%_off", "Ann Zorn", "Ünal", "back\\slash"]),
        ("NumberOfEmployees DESC, Name", ["back\\slash", "Ünal", "50%_off", "Ann Zorn"]),
        ("Name LIMIT 2 OFFSET 1", ["Ann Zorn", "back\\slash"]),
    ],
)
def test_order_limit_and_offset_shape_the_answer(org, order, names):
    answer = org.query(f"SELECT Name FROM Lead ORDER BY {order}")

    assert [record["Name"] for record in answer.body["records"]] == names


def test_order_by_owner_name_sorts_by_the_parent(org):
    answer = org.query("SELECT Name FROM Lead ORDER BY Owner.Name DESC, Name LIMIT 1")

    assert answer.body["records"][0]["Name"] == "50%_off"


def test_count_answers_a_number_only(org):
    answer = org.query("SELECT COUNT() FROM Lead WHERE NumberOfEmployees != null")

    assert answer.body == {"totalSize": 2, "done": True, "records": []}


@pytest.mark.parametrize(
    ("query", "code", "words"),
    [
        ("SELECT Nope__c FROM Lead", "INVALID_FIELD", "No such column 'Nope__c' on entity 'Lead'"),
        ("SELECT Id FROM Lead WHERE Nope = 1", "INVALID_FIELD", "No such column 'Nope' on entity 'Lead'"),
        ("SELECT Id FROM Lead ORDER BY Nope", "INVALID_FIELD", "No such column"),
        ("SELECT Owner.Nope FROM Lead", "INVALID_FIELD", "No such column 'Nope' on entity 'Name'"),
        ("SELECT Boss.Name FROM Lead", "INVALID_FIELD", "Didn't understand relationship 'Boss'"),
        ("SELECT Owner FROM Lead", "INVALID_FIELD", "No such column 'Owner'"),
        ("SELECT Id, Id FROM Lead", "INVALID_FIELD", "duplicate field selected: Id"),
        ("SELECT Id FROM Nope__c", "INVALID_TYPE", "sObject type 'Nope__c' is not supported"),
        (
            "SELECT Id FROM Lead WHERE CreatedDate > '2026-01-01T00:00:00Z'",
            "INVALID_FIELD",
            "must be of type datetime and should not be enclosed in quotes",
        ),
        ("SELECT Id FROM Lead WHERE CreatedDate > 2026-01-01", "INVALID_FIELD", "must be of type datetime"),
        ("SELECT Id FROM Lead WHERE ConvertedDate > 2026-01-01T00:00:00Z", "INVALID_FIELD", "of type date"),
        (
            "SELECT Id FROM Lead WHERE Name = 5",
            "INVALID_FIELD",
            "must be of type string and should be enclosed",
        ),
        ("SELECT Id FROM Lead WHERE NumberOfEmployees = '5'", "INVALID_FIELD", "should not be enclosed"),
        ("SELECT Id FROM Lead WHERE IsConverted = 1", "INVALID_FIELD", "must be of type boolean"),
        ("SELECT Id FROM Lead WHERE Score_Reasons__c != null", "INVALID_FIELD", "can not be filtered"),
        ("SELECT Id FROM Lead WHERE Description LIKE 'a%'", "INVALID_FIELD", "can not be filtered"),
        ("SELECT Id FROM Lead ORDER BY Description", "INVALID_FIELD", "can not be sorted"),
        ("SELECT Id FROM Lead WHERE Id = 'abc'", "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field: abc"),
        ("SELECT Id FROM Lead WHERE Id LIKE '00Q%'", "INVALID_QUERY_FILTER_OPERATOR", "invalid operator"),
        ("SELECT Id FROM Lead WHERE IsConverted > true", "INVALID_QUERY_FILTER_OPERATOR", "invalid operator"),
    ],
)
def test_a_query_that_does_not_fit_the_schema_is_refused_with_the_true_code(org, query, code, words):
    answer = org.query(query)

    assert answer.status == 400
    assert answer.code == code
    assert words.lower() in answer.body[0]["message"].lower()


def test_a_query_without_text_is_malformed(org):
    assert org.call("GET", "query").code == "MALFORMED_QUERY"


def test_a_thousand_ors_are_answered(org):
    terms = " OR ".join(f"LastName = 'n{number}'" for number in range(1500))

    answer = org.app._cursors.run(
        f"SELECT Id FROM Lead WHERE {terms} OR Rating = 'hot'", "", "v68.0", all_rows=False
    )

    assert answer["totalSize"] == 1


def test_a_uri_beyond_16_384_bytes_is_refused(org):
    answer = org.query(f"SELECT Id FROM Lead WHERE Name = '{'x' * 16_400}'")

    assert answer.status == 414


def test_numbers_beyond_64_bits_compare_without_breaking(org):
    assert org.names(f"NumberOfEmployees < {'9' * 40}") == ["50%_off", "Ann Zorn"]


def test_a_quote_in_a_value_stays_a_value(org):
    assert org.names("Name = 'x\\' OR Name != \\''") == []
