-- name: put
INSERT INTO verdicts (job_id, position, verdict) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING

-- name: get
SELECT position, verdict FROM verdicts WHERE job_id = $1

-- name: drop
DELETE FROM verdicts WHERE job_id = $1
