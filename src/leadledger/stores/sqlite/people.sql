-- name: records
SELECT record, person_id FROM person_record

-- name: people_of_records
SELECT record, person_id FROM person_record WHERE record IN (SELECT value FROM json_each(?))

-- name: transitions
SELECT person_id, stage, from_stage, at_us, trigger, evidence, inferred, counter, cycle, score, engagement, fit
FROM transition ORDER BY seq

-- name: merged_people
SELECT person_id FROM person WHERE merged_into IS NOT NULL

-- name: baselines
SELECT person_id, payload FROM baseline

-- name: settled_digests
SELECT person_id, digest FROM decision WHERE settled = 1

-- name: decided
SELECT person_id, as_of_us, fit FROM decision WHERE excluded = 0

-- name: insert_person
INSERT INTO person (person_id) VALUES (?)
ON CONFLICT (person_id) DO UPDATE SET merged_into = NULL WHERE merged_into IS NOT NULL

-- name: point_record
INSERT INTO person_record (record, person_id, id15) VALUES (?, ?, ?)
ON CONFLICT (record) DO UPDATE SET person_id = excluded.person_id WHERE person_id <> excluded.person_id

-- name: insert_baseline
INSERT INTO baseline (person_id, payload) VALUES (?, ?) ON CONFLICT (person_id) DO NOTHING

-- name: replace_baseline
INSERT INTO baseline (person_id, payload) VALUES (?, ?)
ON CONFLICT (person_id) DO UPDATE SET payload = excluded.payload

-- name: insert_transition
INSERT INTO transition (person_id, event_key, stage, from_stage, at_us, trigger, evidence, inferred, counter,
                        cycle, score, engagement, fit, run_id, merged_from)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (person_id, event_key) DO NOTHING

-- name: replace_decision
INSERT INTO decision (person_id, stage, score, engagement, fit, grade, excluded, as_of_us, digest, run_id)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (person_id) DO UPDATE SET
    stage = excluded.stage, score = excluded.score, engagement = excluded.engagement, fit = excluded.fit,
    grade = excluded.grade, excluded = excluded.excluded, as_of_us = excluded.as_of_us,
    digest = excluded.digest, settled = 0, run_id = excluded.run_id

-- name: replace_payload
INSERT INTO decision_payload (person_id, payload) VALUES (?, ?)
ON CONFLICT (person_id) DO UPDATE SET payload = excluded.payload

-- name: settle_decision
UPDATE decision SET settled = 1 WHERE person_id = ?

-- name: transitions_of_person
SELECT stage, from_stage, at_us, trigger, evidence, inferred, counter, cycle, score, engagement, fit, run_id,
       event_key
FROM transition WHERE person_id = ? ORDER BY at_us, seq

-- name: merge_person
UPDATE person SET merged_into = :new WHERE person_id = :old

-- name: note_merge
INSERT INTO person_merge (old_person_id, new_person_id, run_id) VALUES (?, ?, ?)

-- name: merge_records
UPDATE person_record SET person_id = :new WHERE person_id = :old

-- name: merge_intents
UPDATE intent SET person_id = :new WHERE person_id = :old

-- name: merge_assignment
UPDATE OR IGNORE assignment SET person_id = :new, transition_key = :new_key WHERE transition_key = :old_key

-- name: forget_decision
DELETE FROM decision WHERE person_id = ?

-- name: surviving_person
WITH RECURSIVE chain (person_id, merged_into) AS (
    SELECT person_id, merged_into FROM person WHERE person_id = ?
    UNION
    SELECT p.person_id, p.merged_into FROM person p JOIN chain c ON p.person_id = c.merged_into
)
SELECT person_id FROM chain WHERE merged_into IS NULL

-- name: person_of_record
SELECT person_id FROM person_record WHERE record = ?

-- name: records_of_id
SELECT record, person_id FROM person_record WHERE id15 = ? ORDER BY record

-- name: decision_of_person
SELECT payload FROM decision_payload WHERE person_id = ?
