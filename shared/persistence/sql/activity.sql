-- name: cohorts
-- What became of the jobs that ended from $1 to before $2, by the step of time in which they began.
SELECT kind, system, state AS outcome, date_bin($3, created_at, 'epoch') AS step,
       count(*) AS jobs, count(posted_at) AS posted, count(returned_at) AS returned
FROM jobs WHERE finished_at >= $1 AND finished_at < $2
GROUP BY kind, system, outcome, step

-- name: unfinished
SELECT kind, system, 'open' AS outcome, date_bin($2, created_at, 'epoch') AS step,
       count(*) AS jobs, count(posted_at) AS posted, count(returned_at) AS returned
FROM jobs WHERE finished_at IS NULL AND created_at >= $1
GROUP BY kind, system, step

-- name: ends
SELECT kind, state AS outcome, date_bin($3, finished_at, 'epoch') AS step, count(*) AS jobs
FROM jobs WHERE finished_at >= $1 AND finished_at < $2
GROUP BY kind, outcome, step

-- name: stages
-- How long the stages of jobs took that ended from $1 to before $2. Durations are told by their size: the whole part
-- of four times the binary logarithm of the seconds (see `percentiles`), a thousandth of a second at least.
SELECT kind, stage, date_bin($3, finished_at, 'epoch') AS step,
       floor(4 * ln(greatest(extract(epoch FROM took)::float8, 0.001)) / ln(2::float8))::integer AS size,
       count(*) AS jobs
FROM jobs CROSS JOIN LATERAL (VALUES
    ('received_to_posted', posted_at - created_at),
    ('accepted_to_returned', returned_at - posted_at),
    ('returned_to_ready', finished_at - returned_at),
    ('end_to_end', finished_at - created_at)
) taken (stage, took)
WHERE finished_at >= $1 AND finished_at < $2 AND took IS NOT NULL
GROUP BY kind, stage, step, size
