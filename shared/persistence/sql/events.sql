-- name: claim_due
WITH due AS (
    SELECT event_id FROM events WHERE due_at <= now() ORDER BY due_at LIMIT $1 FOR UPDATE SKIP LOCKED
)
UPDATE events SET due_at = now() + $2, attempts = attempts + 1
FROM due, jobs
WHERE events.event_id = due.event_id AND jobs.job_id = events.job_id
RETURNING events.event_id, events.job_id, events.type, events.routing_key, events.body, events.traceparent,
          events.attempts, jobs.command_id AS correlation_id

-- name: published
-- A claim moves due_at into the future; if it is in the past by now, the event was asked for again meanwhile.
UPDATE events SET due_at = CASE WHEN due_at > now() THEN NULL ELSE due_at END, published_at = now()
WHERE event_id = ANY($1::uuid[])

-- name: deferred
UPDATE events SET due_at = now() + $2 WHERE event_id = $1

-- name: publish_again
UPDATE events SET due_at = now(), waiting_since = CASE WHEN due_at IS NULL THEN now() ELSE waiting_since END
WHERE event_id = (SELECT event_id FROM events WHERE job_id = $1 ORDER BY sequence DESC LIMIT 1)

-- name: latest
SELECT type, body FROM events WHERE job_id = $1 ORDER BY sequence DESC LIMIT 1
