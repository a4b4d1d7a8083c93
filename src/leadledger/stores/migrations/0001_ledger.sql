-- The ledger's first schema. Instants are microseconds UTC, points are millionths, mappings are JSON.

CREATE TABLE org (
    crm TEXT PRIMARY KEY,
    org_id TEXT NOT NULL,
    name TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE run (
    seq INTEGER PRIMARY KEY,
    run_id TEXT NOT NULL UNIQUE,
    command TEXT NOT NULL,
    definition TEXT NOT NULL,
    definition_version TEXT NOT NULL,
    definition_digest TEXT NOT NULL,
    started_us INTEGER NOT NULL,
    ended_us INTEGER NOT NULL DEFAULT 0,
    outcome TEXT NOT NULL DEFAULT 'running',
    summary TEXT NOT NULL DEFAULT '{}'
) STRICT;

-- People are numbered in the order of their arrival, so that the tables with a row per person only ever grow at
-- their end. merged_into: the person that this one turned out to be; such a person has no records any more.
CREATE TABLE person (
    num INTEGER PRIMARY KEY,
    person_id TEXT NOT NULL UNIQUE,
    merged_into INTEGER REFERENCES person
) STRICT;

CREATE INDEX person_merged ON person (merged_into) WHERE merged_into IS NOT NULL;

CREATE TABLE person_record (
    record TEXT PRIMARY KEY,
    person INTEGER NOT NULL REFERENCES person
) STRICT, WITHOUT ROWID;

CREATE INDEX person_record_person ON person_record (person);

CREATE TABLE person_merge (
    seq INTEGER PRIMARY KEY,
    old_person_id TEXT NOT NULL REFERENCES person (person_id),
    new_person_id TEXT NOT NULL REFERENCES person (person_id),
    run_id TEXT NOT NULL
) STRICT;

-- Only of those in whose records something was found at first contact.
CREATE TABLE baseline (
    person INTEGER PRIMARY KEY REFERENCES person,
    payload TEXT NOT NULL
) STRICT;

-- The instant of evaluation of the first decision ever stored.
CREATE TABLE beginning (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    as_of_us INTEGER NOT NULL
) STRICT;

-- What makes an entry the same event is the unique key. merged_from: set on the copy that a merge makes for the
-- person who stays; the original is never touched.
CREATE TABLE transition (
    seq INTEGER PRIMARY KEY,
    person INTEGER NOT NULL REFERENCES person,
    stage TEXT NOT NULL,
    from_stage TEXT NOT NULL,
    at_us INTEGER NOT NULL,
    trigger TEXT NOT NULL,
    evidence TEXT NOT NULL,
    inferred INTEGER NOT NULL,
    counter TEXT NOT NULL,
    cycle INTEGER NOT NULL,
    score INTEGER NOT NULL,
    engagement INTEGER NOT NULL,
    fit INTEGER NOT NULL,
    no_sales_touch INTEGER NOT NULL,
    run_id TEXT NOT NULL,
    merged_from TEXT,
    UNIQUE (person, at_us, stage, evidence)
) STRICT;

CREATE TABLE definition (
    num INTEGER PRIMARY KEY,
    digest TEXT NOT NULL UNIQUE
) STRICT;

-- Narrow on purpose: settling 100,000 people and counting stages must not move their explanations.
-- gone: the CRMs hold no record of this person any more.
CREATE TABLE decision (
    person INTEGER PRIMARY KEY REFERENCES person,
    stage TEXT NOT NULL,
    score INTEGER NOT NULL,
    engagement INTEGER NOT NULL,
    fit INTEGER NOT NULL,
    grade TEXT NOT NULL,
    excluded INTEGER NOT NULL,
    as_of_us INTEGER NOT NULL,
    definition INTEGER NOT NULL REFERENCES definition,
    activated_us INTEGER NOT NULL,
    next_due_us INTEGER NOT NULL,
    digest TEXT NOT NULL,
    settled INTEGER NOT NULL DEFAULT 0,
    gone INTEGER NOT NULL DEFAULT 0,
    run_id TEXT NOT NULL
) STRICT;

CREATE INDEX decision_due ON decision (next_due_us) WHERE next_due_us > 0 AND gone = 0;
CREATE INDEX decision_unsettled ON decision (settled) WHERE settled = 0 AND gone = 0;

-- A JSON array, see stores/sqlite/payload.py.
CREATE TABLE decision_payload (
    person INTEGER PRIMARY KEY REFERENCES decision ON DELETE CASCADE,
    payload TEXT NOT NULL
) STRICT;

CREATE TABLE assignment (
    seq INTEGER PRIMARY KEY,
    person_id TEXT NOT NULL REFERENCES person (person_id),
    transition_key TEXT NOT NULL,
    crm TEXT NOT NULL,
    owner_id TEXT NOT NULL,
    way TEXT NOT NULL,
    rule TEXT NOT NULL,
    pool TEXT NOT NULL,
    payload TEXT NOT NULL,
    run_id TEXT NOT NULL,
    UNIQUE (transition_key, crm)
) STRICT;

CREATE INDEX assignment_person ON assignment (person_id);

CREATE TABLE pool_credit (
    pool TEXT NOT NULL,
    member TEXT NOT NULL,
    credit INTEGER NOT NULL,
    PRIMARY KEY (pool, member)
) STRICT, WITHOUT ROWID;

CREATE TABLE intent (
    seq INTEGER PRIMARY KEY,
    intent_id TEXT NOT NULL UNIQUE,
    run_id TEXT NOT NULL,
    person_id TEXT NOT NULL,
    record TEXT NOT NULL,
    expected TEXT NOT NULL,
    target TEXT NOT NULL,
    stamp TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    sent_at_us INTEGER NOT NULL DEFAULT 0,
    settled_at_us INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX intent_open ON intent (seq) WHERE state IN ('planned', 'sent', 'unknown');
CREATE INDEX intent_person ON intent (person_id);

-- unknown -> sent: the same values are sent once more, after the CRM was asked and did not hold them.
-- planned -> abandoned: no byte has left, so that it was not applied needs no question to the CRM.
CREATE TABLE intent_move (
    from_state TEXT NOT NULL,
    to_state TEXT NOT NULL,
    PRIMARY KEY (from_state, to_state)
) STRICT, WITHOUT ROWID;

INSERT INTO intent_move VALUES
    ('planned', 'sent'), ('planned', 'abandoned'),
    ('sent', 'confirmed'), ('sent', 'refused'), ('sent', 'unknown'),
    ('unknown', 'confirmed'), ('unknown', 'sent'), ('unknown', 'abandoned'), ('unknown', 'conflict');

CREATE TABLE confirmed_value (
    record TEXT NOT NULL,
    field TEXT NOT NULL,
    value TEXT,
    at_us INTEGER NOT NULL,
    PRIMARY KEY (record, field)
) STRICT, WITHOUT ROWID;

CREATE TABLE rejected (
    seq INTEGER PRIMARY KEY,
    record TEXT NOT NULL,
    reason TEXT NOT NULL,
    first_us INTEGER NOT NULL,
    last_us INTEGER NOT NULL,
    run_id TEXT NOT NULL,
    UNIQUE (record, reason)
) STRICT;

CREATE INDEX rejected_last ON rejected (last_us, seq);

CREATE TRIGGER transition_is_never_changed BEFORE UPDATE ON transition
BEGIN SELECT RAISE(ABORT, 'transition is append-only'); END;

CREATE TRIGGER transition_is_never_removed BEFORE DELETE ON transition
BEGIN SELECT RAISE(ABORT, 'transition is append-only'); END;

CREATE TRIGGER person_merge_is_never_changed BEFORE UPDATE ON person_merge
BEGIN SELECT RAISE(ABORT, 'person_merge is append-only'); END;

CREATE TRIGGER person_merge_is_never_removed BEFORE DELETE ON person_merge
BEGIN SELECT RAISE(ABORT, 'person_merge is append-only'); END;

CREATE TRIGGER intent_begins_planned BEFORE INSERT ON intent WHEN NEW.state <> 'planned'
BEGIN SELECT RAISE(ABORT, 'an intent begins as planned'); END;

CREATE TRIGGER intent_moves_as_allowed BEFORE UPDATE OF state ON intent
WHEN NEW.state <> OLD.state AND NOT EXISTS (
    SELECT 1 FROM intent_move WHERE from_state = OLD.state AND to_state = NEW.state
)
BEGIN SELECT RAISE(ABORT, 'an intent cannot move that way'); END;

CREATE TRIGGER intent_keeps_its_words BEFORE UPDATE OF intent_id, run_id, record, expected, target, stamp ON intent
BEGIN SELECT RAISE(ABORT, 'what an intent is about never changes'); END;

CREATE TRIGGER intent_is_never_removed BEFORE DELETE ON intent
BEGIN SELECT RAISE(ABORT, 'intent is never removed'); END;
