-- name: list
SELECT * FROM (
    SELECT jobs.*, now() AS seen_at, (SELECT count(*) FROM job_contents c WHERE c.job_id = jobs.job_id) AS contents,
           finished_at IS NULL AND (coalesce(lease_until, due_at) < now() - interval '1 minute'
                                    OR kind = 'sign' AND expires_at < now() - interval '20 minutes') AS overdue
    FROM jobs
) seen
WHERE ($1::text IS NULL OR system = $1) AND ($2::text IS NULL OR state = $2) AND ($3::text IS NULL OR kind = $3)
  AND (NOT $4 OR overdue)
ORDER BY job_id DESC LIMIT $5

-- name: oldest
SELECT jobs.*, now() AS seen_at, (SELECT count(*) FROM job_contents c WHERE c.job_id = jobs.job_id) AS contents,
       coalesce(lease_until, due_at) < now() - interval '1 minute'
       OR kind = 'sign' AND expires_at < now() - interval '20 minutes' AS overdue
FROM jobs WHERE finished_at IS NULL ORDER BY job_id LIMIT $1

-- name: find
-- By the job's id, or by the command's in every system; the systems are found by skipping through the index.
WITH RECURSIVE known AS (
    (SELECT system FROM jobs ORDER BY system LIMIT 1)
    UNION ALL
    SELECT (SELECT next.system FROM jobs next WHERE next.system > known.system ORDER BY next.system LIMIT 1)
    FROM known WHERE known.system IS NOT NULL
), found AS (
    SELECT job_id FROM jobs WHERE job_id = $1::uuid
    UNION
    SELECT job_id FROM known JOIN jobs USING (system) WHERE command_id = $2
)
SELECT jobs.*, now() AS seen_at, (SELECT count(*) FROM job_contents c WHERE c.job_id = jobs.job_id) AS contents,
       finished_at IS NULL AND (coalesce(lease_until, due_at) < now() - interval '1 minute'
                                OR kind = 'sign' AND expires_at < now() - interval '20 minutes') AS overdue
FROM jobs WHERE job_id IN (SELECT job_id FROM found) ORDER BY job_id

-- name: history
SELECT sequence, from_state, to_state, cause, at FROM job_history WHERE job_id = $1 ORDER BY sequence

-- name: attempts
SELECT attempt, started_at, ended_at, outcome, request_id FROM post_attempts WHERE job_id = $1 ORDER BY attempt

-- name: events
-- What an event says is taken from its body without the results: no certificate and no signature leaves the database.
SELECT event_id, sequence, type, created_at, published_at, due_at, attempts,
       said ->> 'status' AS status, said ->> 'reason_code' AS reason_code, said -> 'errors' AS errors
FROM events CROSS JOIN LATERAL (SELECT convert_from(body, 'UTF8')::jsonb -> 'data') told (said)
WHERE job_id = $1 ORDER BY sequence

-- name: open
SELECT job_id FROM jobs WHERE finished_at IS NULL AND ($1::text IS NULL OR system = $1)
ORDER BY job_id DESC LIMIT $2

-- name: changes
-- The history of jobs that began after $1 (ids sort by time) or are among $2.
SELECT h.job_id, h.sequence, h.from_state, h.to_state, h.cause, h.at, j.system, j.kind, j.command_id,
       j.finished_at IS NOT NULL AS finished
FROM jobs j JOIN job_history h USING (job_id)
WHERE (j.job_id > $1::uuid OR j.job_id = ANY($2::uuid[])) AND ($3::text IS NULL OR j.system = $3)
ORDER BY h.at, h.job_id, h.sequence
