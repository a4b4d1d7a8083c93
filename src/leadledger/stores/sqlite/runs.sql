-- name: pinned_org
SELECT org_id, name FROM org WHERE crm = ?

-- name: pin_org
INSERT INTO org (crm, org_id, name) VALUES (?, ?, ?) ON CONFLICT (crm) DO UPDATE SET name = excluded.name
WHERE excluded.name <> ''

-- name: begin
INSERT INTO run (run_id, command, definition, definition_version, definition_digest, started_us, ended_us,
                 outcome, summary)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)

-- name: end
UPDATE run SET ended_us = ?, outcome = ?, summary = ? WHERE run_id = ?

-- name: latest
SELECT run_id, command, definition, definition_version, definition_digest, started_us, ended_us, outcome, summary
FROM run ORDER BY seq DESC LIMIT ?

-- name: reject
INSERT INTO rejected (record, reason, first_us, last_us, run_id) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (record, reason) DO UPDATE SET last_us = max(last_us, excluded.last_us)

-- name: rejected
SELECT record, reason, first_us, last_us FROM rejected ORDER BY last_us DESC, seq DESC LIMIT ?

-- name: totals
SELECT 'people', count(*) FROM person WHERE merged_into IS NULL
UNION ALL
SELECT 'transitions', (SELECT count(*) FROM transition)
    - (SELECT count(*) FROM person p JOIN transition t ON t.person = p.num WHERE p.merged_into IS NOT NULL)
UNION ALL SELECT 'intents', count(*) FROM intent
UNION ALL SELECT 'open_intents', count(*) FROM intent WHERE state IN ('planned', 'sent', 'unknown')
UNION ALL SELECT 'assignments', count(*) FROM assignment
UNION ALL SELECT 'rejected', count(*) FROM rejected
UNION ALL SELECT 'runs', count(*) FROM run
UNION ALL SELECT 'stage:' || stage, count(*) FROM decision WHERE excluded = 0 AND gone = 0 GROUP BY stage
