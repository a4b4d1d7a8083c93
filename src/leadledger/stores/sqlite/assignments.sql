-- name: insert
INSERT INTO assignment (person_id, transition_key, crm, owner_id, way, rule, pool, payload, run_id)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (transition_key, crm) DO NOTHING

-- name: empty_pool
DELETE FROM pool_credit WHERE pool = ?

-- name: insert_credit
INSERT INTO pool_credit (pool, member, credit) VALUES (?, ?, ?)

-- name: credits
SELECT pool, member, credit FROM pool_credit ORDER BY pool, member

-- name: by_key
SELECT a.transition_key || '/' || a.crm, a.person_id, a.transition_key, a.payload
FROM json_each(?) wanted JOIN assignment a
  ON a.transition_key = json_extract(wanted.value, '$[0]') AND a.crm = json_extract(wanted.value, '$[1]')

-- name: of_person
SELECT person_id, transition_key, payload FROM assignment WHERE person_id = ? ORDER BY seq
