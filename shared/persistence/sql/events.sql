-- name: claim_due
-- Looked up one by one, whatever the planner makes of the tables' sizes: by a join it may read all of them each time.
-- Without $4 only what became due a moment ago is looked at: the index leads over all that was claimed and is not cleaned
-- away yet, which is much while somebody holds an old snapshot (a backup).
WITH found AS (
    SELECT event_id, due_at, octet_length(body) AS size
    FROM events WHERE due_at <= now() AND due_at >= coalesce($4, now() - interval '10 seconds') ORDER BY due_at LIMIT $1 FOR UPDATE SKIP LOCKED
), due AS (
    SELECT event_id, due_at, sum(size) OVER (ORDER BY due_at, event_id) - size AS before FROM found
)
UPDATE events SET due_at = now() + $3, attempts = attempts + 1
WHERE event_id = ANY (ARRAY(SELECT event_id FROM due WHERE before < $2))
RETURNING event_id, job_id, type, routing_key, body, traceparent, attempts,
          (SELECT command_id FROM jobs WHERE jobs.job_id = events.job_id) AS correlation_id,
          (SELECT max(due_at) FROM due WHERE before < $2) AS due_to

-- name: published
-- A claim moves due_at into the future; if it is in the past by now, the event was asked for again meanwhile.
UPDATE events SET due_at = CASE WHEN due_at > now() THEN NULL ELSE due_at END, published_at = now()
WHERE event_id = ANY($1::uuid[])

-- name: deferred
-- One that another process has published meanwhile, its lease being over, is not due again.
UPDATE events SET due_at = now() + delay FROM unnest($1::uuid[], $2::interval[]) refused (refused_id, delay)
WHERE event_id = refused_id AND due_at IS NOT NULL

-- name: publish_again
-- Whoever asks again is told that the command is kept. With a synchronous standby it may be on the primary alone: there
-- a commit has taken place already while it waits for the standby, and a statement may be given up meanwhile. So
-- something is written in any case: this commit is on the standby only after that one. The events are locked in the
-- order in which they are marked, so that neither statement dies of a deadlock.
WITH kept AS (
    UPDATE inbox SET received_at = received_at WHERE job_id = ANY($1::uuid[])
), wanted AS (
    SELECT event_id FROM events
    WHERE event_id = ANY (ARRAY(
        SELECT (SELECT event_id FROM events WHERE job_id = asked.job_id ORDER BY sequence DESC LIMIT 1)
        FROM unnest($1::uuid[]) AS asked (job_id)
    ))
    ORDER BY event_id FOR UPDATE
)
UPDATE events SET due_at = now(), waiting_since = CASE WHEN due_at IS NULL THEN now() ELSE waiting_since END
WHERE event_id = ANY (ARRAY(SELECT event_id FROM wanted))

-- name: latest
SELECT type, body FROM events WHERE job_id = $1 ORDER BY sequence DESC LIMIT 1
