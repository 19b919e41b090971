-- name: insert
INSERT INTO jobs (job_id, kind, system, command_id, state, command, traceparent, created_at, expires_at, due_at,
                  history_count)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $8, 1)
RETURNING *, now() AS seen_at

-- name: insert_content
INSERT INTO job_contents (job_id, position, ref, correlation_id, name, multiple_signatures, hash)
VALUES ($1, $2, $3, $4, $5, $6, $7)

-- name: insert_history
INSERT INTO job_history (job_id, sequence, from_state, to_state, cause, at)
VALUES ($1, $2, $3, $4, $5, $6)

-- name: remember_command
INSERT INTO inbox (system, command_id, digest, job_id, received_at)
VALUES ($1, $2, $3, $4, $5)

-- name: recall_command
SELECT digest, job_id FROM inbox WHERE system = $1 AND command_id = $2

-- name: get
SELECT *, now() AS seen_at FROM jobs WHERE job_id = $1

-- name: by_command
SELECT *, now() AS seen_at FROM jobs WHERE system = $1 AND command_id = $2

-- name: contents
SELECT position, ref, correlation_id, name, multiple_signatures, hash
FROM job_contents WHERE job_id = $1 ORDER BY position

-- name: claim
-- One job of each system in turn, so that a flood of one system does not hold up the others; the systems that
-- have work are found by skipping through the index instead of reading the whole backlog.
WITH RECURSIVE busy AS (
    (SELECT system FROM jobs WHERE state = 'received' AND kind = $1 ORDER BY system LIMIT 1)
    UNION ALL
    SELECT (SELECT next.system FROM jobs next
            WHERE next.state = 'received' AND next.kind = $1 AND next.system > busy.system
            ORDER BY next.system LIMIT 1)
    FROM busy WHERE busy.system IS NOT NULL
), candidates AS (
    SELECT job.job_id, job.due_at, row_number() OVER (PARTITION BY busy.system ORDER BY job.due_at) AS turn
    FROM busy CROSS JOIN LATERAL (
        SELECT job_id, due_at FROM jobs
        WHERE state = 'received' AND kind = $1 AND system = busy.system AND due_at <= now()
          AND (expires_at > now() OR kind = 'verification')
        ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED
    ) job
), claimed AS (
    UPDATE jobs SET state = $3, attempt = attempt + 1, claimed_by = $4, lease_until = now() + $5,
                    history_count = history_count + 1
    WHERE job_id IN (SELECT job_id FROM candidates ORDER BY turn, due_at LIMIT $2)
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
-- What is due again after $5 is due at its deadline at the latest, as long as that is not over.
UPDATE jobs SET state = $4, failures = failures + $6, request_id = coalesce($7, request_id),
                claimed_by = NULL, lease_until = NULL,
                event_count = event_count + $8, history_count = history_count + 1,
                finished_at = CASE WHEN $9 THEN now() END,
                posted_at = CASE WHEN $10 THEN now() ELSE posted_at END,
                due_at = CASE WHEN $5::interval IS NULL THEN NULL
                              WHEN now() < expires_at THEN least(now() + $5, expires_at) ELSE now() + $5 END
WHERE job_id = $1 AND state = $2 AND attempt = $3
RETURNING *, now() AS seen_at

-- name: count_open
SELECT count(*) FROM (SELECT FROM jobs WHERE system = $1 AND finished_at IS NULL LIMIT $2) counted

-- name: count_begun
SELECT count(*) FROM inbox WHERE system = $1 AND received_at > $2

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

-- name: end_attempt
UPDATE post_attempts SET ended_at = now(), outcome = $3, request_id = coalesce($4, request_id)
WHERE job_id = $1 AND attempt = $2

-- name: extend
UPDATE jobs SET lease_until = now() + $3 WHERE job_id = $1 AND attempt = $2 AND lease_until IS NOT NULL RETURNING true

-- name: lost
SELECT *, now() AS seen_at FROM jobs WHERE state IN ('posting', 'verifying') AND lease_until < now()
ORDER BY lease_until LIMIT $1 FOR UPDATE SKIP LOCKED

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
