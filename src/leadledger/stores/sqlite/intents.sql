-- name: insert
INSERT INTO intent (intent_id, run_id, person_id, record, expected, target, stamp, state, reason, sent_at_us)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)

-- name: send
UPDATE intent SET state = 'sent', sent_at_us = ? WHERE intent_id = ?

-- name: settle
UPDATE intent SET state = ?, reason = ?, settled_at_us = ? WHERE intent_id = ?

-- name: words
SELECT state, record, target FROM intent WHERE intent_id = ?

-- name: confirm_value
INSERT INTO confirmed_value (record, field, value, at_us) VALUES (?, ?, ?, ?)
ON CONFLICT (record, field) DO UPDATE SET value = excluded.value, at_us = excluded.at_us
WHERE excluded.at_us >= at_us

-- name: open
SELECT intent_id, run_id, person_id, record, expected, target, stamp, state, reason, sent_at_us
FROM intent WHERE state IN ('planned', 'sent', 'unknown') ORDER BY seq

-- name: of_person
SELECT intent_id, run_id, person_id, record, expected, target, stamp, state, reason, sent_at_us
FROM intent WHERE person_id = ? ORDER BY seq

-- name: confirmed
SELECT record, field, value, at_us FROM confirmed_value

-- name: confirmed_of_record
SELECT record, field, value, at_us FROM confirmed_value WHERE record = ?
