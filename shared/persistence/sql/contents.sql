-- name: put
INSERT INTO contents (system, ref, body) VALUES ($1, $2, $3) ON CONFLICT (system, ref) DO UPDATE SET touched_at = now()

-- name: get
SELECT body FROM contents WHERE system = $1 AND ref = $2

-- name: touch
UPDATE contents SET touched_at = now() WHERE system = $1 AND ref = $2 RETURNING true

-- name: piece
-- Not compressed (STORAGE EXTERNAL), so that only the piece is read.
SELECT substring(body FROM $3 FOR $4) FROM contents WHERE system = $1 AND ref = $2

-- name: of_jobs
SELECT job_id, position, ref, correlation_id, name, multiple_signatures, hash, octet_length(body) AS size,
       CASE WHEN octet_length(body) <= $3 THEN body END AS body
FROM unnest($1::text[], $2::uuid[]) AS asked (system, job_id)
JOIN job_contents USING (job_id) LEFT JOIN contents USING (system, ref)
ORDER BY job_id, position

-- name: look
SELECT ref, octet_length(body) AS size, CASE WHEN octet_length(body) <= $3 THEN body END AS body
FROM contents WHERE system = $1 AND ref = ANY($2::text[])

-- name: refer
-- Always in the same order, so that two commands that refer to the same contents do not wait for each other for ever.
WITH found AS (
    SELECT system, ref FROM contents WHERE system = $1 AND ref = ANY($2::text[]) ORDER BY ref FOR UPDATE
)
UPDATE contents SET touched_at = now() FROM found WHERE contents.system = found.system AND contents.ref = found.ref
RETURNING contents.ref, octet_length(body) AS size, substring(body FROM 1 FOR 1024) AS head

-- name: keep
INSERT INTO job_results (job_id, ref) VALUES ($1, $2) ON CONFLICT DO NOTHING

-- name: purge
WITH old AS (
    SELECT system, ref FROM contents
    WHERE touched_at < $1
      AND NOT EXISTS (SELECT FROM job_contents JOIN jobs USING (job_id)
                      WHERE job_contents.ref = contents.ref AND jobs.system = contents.system)
      AND NOT EXISTS (SELECT FROM job_results JOIN jobs USING (job_id)
                      WHERE job_results.ref = contents.ref AND jobs.system = contents.system)
    ORDER BY touched_at LIMIT $2 FOR UPDATE SKIP LOCKED
), gone AS (
    DELETE FROM contents USING old WHERE contents.system = old.system AND contents.ref = old.ref RETURNING 1
)
SELECT count(*) FROM gone

-- name: sizes
SELECT ref, octet_length(body) AS size FROM contents WHERE system = $1 AND ref = ANY($2::text[])
