-- name: get
SELECT *, now() AS seen_at FROM jobs WHERE job_id = $1

-- name: by_command
SELECT *, now() AS seen_at FROM jobs WHERE system = $1 AND command_id = $2

-- name: contents
SELECT position, ref, correlation_id, name, multiple_signatures, hash
FROM job_contents WHERE job_id = $1 ORDER BY position

-- name: claim
-- One job of each system in turn, so that a flood of one system does not hold up the others; the systems that
-- have work are found by skipping through the index instead of reading the whole backlog. Whose turn is the first is
-- left to chance: where places become free one by one, the oldest jobs would all be the flood's.
WITH RECURSIVE busy AS (
    (SELECT system FROM jobs WHERE state = 'received' AND kind = $1 ORDER BY system LIMIT 1)
    UNION ALL
    SELECT (SELECT next.system FROM jobs next
            WHERE next.state = 'received' AND next.kind = $1 AND next.system > busy.system
            ORDER BY next.system LIMIT 1)
    FROM busy WHERE busy.system IS NOT NULL
), candidates AS (
    SELECT job.job_id, row_number() OVER (PARTITION BY busy.system ORDER BY job.due_at) AS turn
    FROM busy CROSS JOIN LATERAL (
        SELECT job_id, due_at FROM jobs
        WHERE state = 'received' AND kind = $1 AND system = busy.system AND due_at <= now()
          AND (expires_at > now() OR kind = 'verification')
        ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED
    ) job
), claimed AS (
    UPDATE jobs SET state = $3, attempt = attempt + 1, claimed_by = $4, lease_until = now() + $5,
                    history_count = history_count + 1
    WHERE job_id = ANY (ARRAY(SELECT job_id FROM candidates ORDER BY turn, random() LIMIT $2))  -- chosen once
    RETURNING *
), noted AS (
    INSERT INTO job_history (job_id, sequence, from_state, to_state, cause, at)
    SELECT job_id, history_count, 'received', state, 'claim', now() FROM claimed
), attempted AS (
    INSERT INTO post_attempts (job_id, attempt, started_at)
    SELECT job_id, attempt, now() FROM claimed WHERE kind = 'sign'
)
SELECT *, now() AS seen_at FROM claimed

-- name: move
-- Many at once, each with its history, its events and the end of its attempt. What is due again after due_in is due
-- at its deadline at the latest, as long as that is not over. The RequestID of an attempt that is not current any more
-- is an orphan; an attempt that has ended stays as it is, so that a move can be made again whose end nobody heard of.
-- With $21 the events are claimed for that long: who moves the jobs publishes them.
WITH wanted AS (
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::integer[], $4::text[], $5::text[], $6::interval[], $7::integer[],
                         $8::text[], $9::integer[], $10::boolean[], $11::text[])
        AS wanted (job_id, from_state, attempt, to_state, cause, due_in, failed, new_request_id, told, ends, outcome)
), moved AS (
    UPDATE jobs SET state = to_state, failures = failures + failed, request_id = coalesce(new_request_id, request_id),
                    claimed_by = NULL, lease_until = NULL,
                    event_count = event_count + told, history_count = history_count + 1,
                    finished_at = CASE WHEN ends THEN now() END,
                    posted_at = CASE WHEN cause = 'posted' THEN now() ELSE posted_at END,
                    due_at = CASE WHEN due_in IS NULL THEN NULL
                                  WHEN now() < expires_at THEN least(now() + due_in, expires_at)
                                  ELSE now() + due_in END
    FROM wanted
    WHERE jobs.job_id = wanted.job_id AND jobs.state = from_state AND jobs.attempt = wanted.attempt
    RETURNING jobs.*, from_state, cause
), noted AS (
    INSERT INTO job_history (job_id, sequence, from_state, to_state, cause, at)
    SELECT job_id, history_count, from_state, state, cause, now() FROM moved
), told AS (
    INSERT INTO events (event_id, job_id, sequence, type, routing_key, body, traceparent, created_at, due_at,
                        attempts, waiting_since)
    SELECT event_id, job_id, sequence, type, routing_key,
           head || convert_to(to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'UTF8') || tail,
           event.traceparent, now(), now() + coalesce($21::interval, '0'),
           CASE WHEN $21::interval IS NULL THEN 0 ELSE 1 END, now()
    FROM unnest($12::uuid[], $13::uuid[], $14::integer[], $15::integer[], $16::text[], $17::text[], $18::bytea[],
                $19::bytea[], $20::text[])
        AS event (event_id, job_id, attempt, sequence, type, routing_key, head, tail, traceparent)
    JOIN moved USING (job_id, attempt)
), ended AS (
    UPDATE post_attempts SET ended_at = now(), request_id = coalesce(new_request_id, post_attempts.request_id),
                             outcome = CASE WHEN moved.job_id IS NULL AND new_request_id IS NOT NULL THEN 'orphaned'
                                            ELSE wanted.outcome END
    FROM wanted LEFT JOIN moved USING (job_id, attempt)
    WHERE wanted.outcome IS NOT NULL AND post_attempts.job_id = wanted.job_id AND post_attempts.attempt = wanted.attempt
      AND post_attempts.ended_at IS NULL
)
SELECT *, now() AS seen_at FROM moved

-- name: moved_before
WITH freed AS (
    UPDATE events SET due_at = now() WHERE event_id = ANY($1::uuid[]) AND due_at > now() AND attempts = 1
)
SELECT *, now() AS seen_at FROM jobs
WHERE job_id = (SELECT job_id FROM events WHERE event_id = ANY($1::uuid[]) LIMIT 1)

-- name: purge
WITH old AS (
    SELECT job_id FROM jobs
    WHERE finished_at < $1
      AND NOT EXISTS (SELECT FROM events WHERE events.job_id = jobs.job_id AND events.due_at IS NOT NULL)
    ORDER BY finished_at LIMIT $2 FOR UPDATE SKIP LOCKED
), gone AS (
    DELETE FROM jobs USING old WHERE jobs.job_id = old.job_id RETURNING 1
)
SELECT count(*) FROM gone

-- name: extend
UPDATE jobs SET lease_until = now() + $3 WHERE job_id = $1 AND attempt = $2 AND lease_until IS NOT NULL RETURNING true

-- name: lost
SELECT *, now() AS seen_at FROM jobs WHERE state IN ('posting', 'verifying') AND lease_until < now()
ORDER BY lease_until LIMIT $1 FOR UPDATE SKIP LOCKED

-- name: claimed_by
SELECT *, now() AS seen_at FROM jobs
WHERE state IN ('posting', 'verifying') AND claimed_by = $1 AND job_id <> ALL($2::uuid[]) FOR UPDATE SKIP LOCKED

-- name: overdue
SELECT *, now() AS seen_at FROM jobs WHERE state = 'received' AND kind = 'sign' AND expires_at <= now()
ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED

-- name: claim_collection
-- With a RequestID it is the user who has come back: that is noted, too.
UPDATE jobs SET attempt = attempt + 1, claimed_by = $2, lease_until = now() + $3, collected_at = now(),
                polls = polls + 1,
                returned_at = CASE WHEN $4::text IS NULL THEN returned_at ELSE coalesce(returned_at, now()) END
WHERE job_id = $1 AND state = 'awaiting_signer' AND (lease_until IS NULL OR lease_until < now())
  AND (collected_at IS NULL OR collected_at <= now() - interval '1 second')
  AND ($4::text IS NULL OR lower(request_id) = lower($4))
RETURNING *, now() AS seen_at

-- name: claim_polls
WITH due AS (
    SELECT job_id FROM jobs
    WHERE state = 'awaiting_signer' AND due_at <= now() AND (lease_until IS NULL OR lease_until < now())
    ORDER BY due_at LIMIT $1 FOR UPDATE SKIP LOCKED
)
UPDATE jobs SET attempt = attempt + 1, claimed_by = $2, lease_until = now() + $3, collected_at = now(),
                polls = polls + 1
FROM due WHERE jobs.job_id = due.job_id
RETURNING jobs.*, now() AS seen_at

-- name: release_collection
UPDATE jobs SET claimed_by = NULL, lease_until = NULL,
                due_at = CASE WHEN now() < expires_at THEN least(now() + $3::interval, expires_at) ELSE now() + $3 END
WHERE job_id = $1 AND attempt = $2 AND state = 'awaiting_signer'

-- name: note_return
UPDATE jobs SET returned_at = now() WHERE job_id = $1 AND returned_at IS NULL AND posted_at IS NOT NULL
RETURNING *, now() AS seen_at
