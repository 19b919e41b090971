-- name: open_jobs
-- One look at the jobs that are not finished, through their index; `overdue` means what it means in inquiries.sql.
SELECT kind, system, state, count(*) AS jobs,
       count(*) FILTER (WHERE created_at > now() - interval '1 minute') AS under_1m,
       count(*) FILTER (WHERE created_at > now() - interval '10 minutes') AS under_10m,
       count(*) FILTER (WHERE created_at > now() - interval '1 hour') AS under_1h,
       count(*) FILTER (WHERE created_at > now() - interval '1 day') AS under_1d,
       count(*) FILTER (WHERE state = 'received' AND due_at <= now()
                          AND (expires_at > now() OR kind = 'verification')) AS claimable,
       count(*) FILTER (WHERE coalesce(lease_until, due_at) < now() - interval '1 minute'
                           OR kind = 'sign' AND expires_at < now() - interval '20 minutes') AS overdue
FROM jobs WHERE finished_at IS NULL GROUP BY kind, system, state

-- name: outbox
SELECT count(*) AS depth, coalesce(extract(epoch FROM now() - min(waiting_since)), 0)::float8 AS oldest_age_s
FROM events WHERE due_at IS NOT NULL
