-- name: people_of_records
SELECT DISTINCT person FROM person_record WHERE record IN (SELECT value FROM json_each(?))

-- name: living
SELECT num, person_id FROM person WHERE merged_into IS NULL AND num {of_these}

-- name: records
SELECT record, person FROM person_record WHERE person {of_these}

-- name: transitions
SELECT person, stage, from_stage, at_us, trigger, evidence, inferred, counter, cycle, score, engagement, fit,
       no_sales_touch
FROM transition WHERE person {of_these} ORDER BY seq

-- name: baselines
SELECT person, payload FROM baseline WHERE person {of_these}

-- name: settled_digests
SELECT person, digest FROM decision WHERE settled = 1 AND person {of_these}

-- name: decided
SELECT d.person, d.as_of_us, d.fit, f.digest, d.activated_us, d.next_due_us
FROM decision d JOIN definition f ON f.num = d.definition WHERE d.excluded = 0 AND d.person {of_these}

-- name: began
SELECT as_of_us FROM beginning

-- name: stage_writes
SELECT record, coalesce(json_extract(target, :path), ''), sent_at_us FROM intent
WHERE state IN ('sent', 'confirmed', 'unknown') AND record >= :low AND record < :high
  AND json_type(target, :path) IS NOT NULL
ORDER BY seq

-- name: stage_writes_of_these
SELECT record, coalesce(json_extract(target, :path), ''), sent_at_us FROM intent
WHERE state IN ('sent', 'confirmed', 'unknown') AND record >= :low AND record < :high
  AND json_type(target, :path) IS NOT NULL
  AND person_id IN (SELECT p.person_id FROM person p JOIN json_each(:people) j ON p.num = j.value)
ORDER BY seq

-- name: due
SELECT r.record FROM decision d JOIN person_record r ON r.person = d.person
WHERE d.next_due_us > 0 AND d.gone = 0 AND d.next_due_us <= ?

-- name: unsettled
SELECT r.record FROM decision d JOIN person_record r ON r.person = d.person
WHERE d.settled = 0 AND d.gone = 0

-- name: population
SELECT d.stage, d.excluded, d.definition, count(*) FROM decision d
WHERE d.gone = 0 AND d.person {of_these} GROUP BY d.stage, d.excluded, d.definition

-- name: definitions
SELECT num, digest FROM definition
