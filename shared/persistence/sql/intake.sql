-- name: recall
-- One look into the index for each, whatever the planner thinks of the inbox' size.
SELECT asked.place, inbox.digest, inbox.job_id, now() AS now
FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS asked (system, command_id, place)
LEFT JOIN LATERAL (
    SELECT digest, job_id FROM inbox WHERE system = asked.system AND command_id = asked.command_id LIMIT 1
) inbox ON true

-- name: begin
-- Everything of a batch at once: jobs ($2 to $8), what they bring ($9 to $11) and what they use ($12 to $18). With an
-- owner ($19) they are claimed at once, for $20 into the state $21, and their first attempts are on record.
WITH job AS (
    SELECT * FROM unnest($2::uuid[], $3::text[], $4::text[], $5::bytea[], $6::text[], $7::text[], $8::timestamptz[])
        AS job (job_id, system, command_id, digest, command, traceparent, expires_at)
), stored AS (
    INSERT INTO contents (system, ref, body)
    SELECT * FROM unnest($9::text[], $10::text[], $11::bytea[])
    ON CONFLICT (system, ref) DO UPDATE SET touched_at = now()
), begun AS (
    INSERT INTO jobs (job_id, kind, system, command_id, state, command, traceparent, created_at, expires_at, due_at,
                      history_count, attempt, claimed_by, lease_until)
    SELECT job_id, $1, system, command_id, CASE WHEN $19::uuid IS NULL THEN 'received' ELSE $21::text END,
           command::jsonb, traceparent, now(), expires_at, now(),
           CASE WHEN $19::uuid IS NULL THEN 1 ELSE 2 END, CASE WHEN $19::uuid IS NULL THEN 0 ELSE 1 END,
           $19::uuid, now() + $20::interval
    FROM job
), noted AS (
    INSERT INTO job_history (job_id, sequence, from_state, to_state, cause, at)
    SELECT job_id, 1, NULL, 'received', 'intake', now() FROM job
    UNION ALL
    SELECT job_id, 2, 'received', $21::text, 'claim', now() FROM job WHERE $19::uuid IS NOT NULL
), attempted AS (
    INSERT INTO post_attempts (job_id, attempt, started_at)
    SELECT job_id, 1, now() FROM job WHERE $19::uuid IS NOT NULL AND $1 = 'sign'
), used AS (
    INSERT INTO job_contents (job_id, position, ref, correlation_id, name, multiple_signatures, hash)
    SELECT * FROM unnest($12::uuid[], $13::integer[], $14::text[], $15::text[], $16::text[], $17::boolean[],
                         $18::bytea[])
)
INSERT INTO inbox (system, command_id, digest, job_id, received_at)
SELECT system, command_id, digest, job_id, now() FROM job

-- name: count_open
SELECT count(*) FROM (SELECT FROM jobs WHERE system = $1 AND finished_at IS NULL LIMIT $2) counted

-- name: count_begun
SELECT count(*) FROM inbox WHERE system = $1 AND received_at > $2
