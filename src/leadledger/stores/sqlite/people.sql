-- name: people_of_ids
SELECT person_id, num, merged_into IS NOT NULL FROM person WHERE person_id IN (SELECT value FROM json_each(?))

-- name: people_of_records
SELECT r.record, p.person_id FROM person_record r JOIN person p ON p.num = r.person
WHERE r.record IN (SELECT value FROM json_each(?))

-- name: last_number
SELECT coalesce(max(num), 0) FROM person

-- name: insert_person
INSERT INTO person (num, person_id) VALUES (?, ?)

-- name: revive_person
UPDATE person SET merged_into = NULL WHERE num = ?

-- name: number_of_person
SELECT num FROM person WHERE person_id = ?

-- name: point_record
INSERT INTO person_record (record, person) VALUES (?, ?)
ON CONFLICT (record) DO UPDATE SET person = excluded.person WHERE person <> excluded.person

-- name: insert_baseline
INSERT INTO baseline (person, payload) VALUES (?, ?) ON CONFLICT (person) DO NOTHING

-- name: forget_baseline
DELETE FROM baseline WHERE person = ?

-- name: insert_transition
INSERT INTO transition (person, stage, from_stage, at_us, trigger, evidence, inferred, counter, cycle, score,
                        engagement, fit, no_sales_touch, run_id, merged_from)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (person, at_us, stage, evidence) DO NOTHING

-- name: begin
INSERT INTO beginning (one, as_of_us) VALUES (1, ?) ON CONFLICT DO NOTHING

-- name: insert_definition
INSERT INTO definition (digest) VALUES (?) ON CONFLICT DO NOTHING

-- name: number_of_definition
SELECT num FROM definition WHERE digest = ?

-- name: replace_decision
INSERT INTO decision (person, stage, score, engagement, fit, grade, excluded, as_of_us, definition, activated_us,
                      next_due_us, digest, run_id)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (person) DO UPDATE SET
    stage = excluded.stage, score = excluded.score, engagement = excluded.engagement, fit = excluded.fit,
    grade = excluded.grade, excluded = excluded.excluded, as_of_us = excluded.as_of_us,
    definition = excluded.definition, activated_us = excluded.activated_us, next_due_us = excluded.next_due_us,
    digest = excluded.digest, settled = 0, gone = 0, run_id = excluded.run_id

-- name: replace_payload
INSERT INTO decision_payload (person, payload) VALUES (?, ?)
ON CONFLICT (person) DO UPDATE SET payload = excluded.payload

-- name: settle_decision
UPDATE decision SET settled = 1 WHERE person = (SELECT num FROM person WHERE person_id = ?)

-- name: mark_gone
UPDATE decision SET gone = 1 WHERE person = (SELECT num FROM person WHERE person_id = ?)

-- name: transitions_of_person
SELECT stage, from_stage, at_us, trigger, evidence, inferred, counter, cycle, score, engagement, fit, no_sales_touch,
       run_id
FROM transition WHERE person = ? ORDER BY at_us, seq

-- name: merge_person
UPDATE person SET merged_into = :new WHERE num = :old

-- name: note_merge
INSERT INTO person_merge (old_person_id, new_person_id, run_id) VALUES (?, ?, ?)

-- name: merge_records
UPDATE person_record SET person = :new WHERE person = :old

-- name: merge_intents
UPDATE intent SET person_id = ? WHERE person_id = ?

-- name: merge_assignment
UPDATE OR IGNORE assignment SET person_id = :new, transition_key = :new_key WHERE transition_key = :old_key

-- name: forget_decision
DELETE FROM decision WHERE person = ?

-- name: surviving_person
WITH RECURSIVE chain (num, merged_into) AS (
    SELECT num, merged_into FROM person WHERE person_id = ?
    UNION
    SELECT p.num, p.merged_into FROM person p JOIN chain c ON p.num = c.merged_into
)
SELECT num FROM chain WHERE merged_into IS NULL

-- name: person_of_record
SELECT person FROM person_record WHERE record = ?

-- name: next_record
SELECT min(record) FROM person_record WHERE record >= ?

-- name: records_between
SELECT record, person FROM person_record WHERE record >= ? AND record < ? ORDER BY record

-- name: decision_of_person
SELECT p.person_id, d.stage, d.engagement, d.fit, d.grade, d.excluded, d.as_of_us, f.digest, d.activated_us,
       d.next_due_us, w.payload
FROM decision d JOIN decision_payload w ON w.person = d.person JOIN person p ON p.num = d.person
JOIN definition f ON f.num = d.definition
WHERE d.person = ?
