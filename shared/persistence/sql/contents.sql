-- name: put
INSERT INTO contents (system, ref, body) VALUES ($1, $2, $3) ON CONFLICT (system, ref) DO UPDATE SET touched_at = now()

-- name: begin_pages
-- Whoever comes second waits here until the first has committed, and has nothing to write then.
INSERT INTO contents (system, ref, pages_id, pages_size) VALUES ($1, $2, $3, $4)
ON CONFLICT (system, ref) DO UPDATE SET touched_at = now()
RETURNING coalesce(pages_id = $3, false)

-- name: put_result_after
-- The base needs no lock: the job that is being finished uses it, and from then on what is stored here does.
WITH stored AS (
    INSERT INTO contents (system, ref, base_pages_id, pages_size, tail)
    SELECT $1, $2, coalesce(pages_id, base_pages_id), pages_size, tail || $4 FROM contents
    WHERE system = $1 AND ref = $3 AND body IS NULL
      AND pages_size + octet_length(tail) = $5 AND octet_length(tail) + octet_length($4) <= $6
    ON CONFLICT (system, ref) DO UPDATE SET touched_at = now()
    RETURNING ref
), kept AS (
    INSERT INTO job_results (job_id, ref) SELECT $7, ref FROM stored ON CONFLICT DO NOTHING
)
SELECT true FROM stored

-- name: place
SELECT coalesce(pages_id, base_pages_id) AS pages_id, pages_size FROM contents WHERE system = $1 AND ref = $2

-- name: pages
SELECT body FROM content_pages WHERE pages_id = $1 AND position >= $2 AND position < $3 ORDER BY position

-- name: rest
-- Not compressed (STORAGE EXTERNAL), so that only the piece is read.
SELECT substring(coalesce(body, tail) FROM $3 FOR $4) FROM contents WHERE system = $1 AND ref = $2

-- name: of_jobs
SELECT job_id, position, ref, correlation_id, name, multiple_signatures, hash,
       coalesce(octet_length(body), pages_size + octet_length(tail)) AS size,
       CASE WHEN octet_length(body) <= $3 THEN body END AS body
FROM unnest($1::text[], $2::uuid[]) AS asked (system, job_id)
JOIN job_contents USING (job_id) LEFT JOIN contents USING (system, ref)
ORDER BY job_id, position

-- name: look
SELECT ref, coalesce(octet_length(body), pages_size + octet_length(tail)) AS size,
       CASE WHEN octet_length(body) <= $3 THEN body END AS body
FROM contents WHERE system = $1 AND ref = ANY($2::text[])

-- name: refer
-- Always in the same order, so that two commands that refer to the same contents do not wait for each other for ever.
WITH found AS (
    SELECT system, ref FROM contents WHERE system = $1 AND ref = ANY($2::text[]) ORDER BY ref FOR UPDATE
)
UPDATE contents SET touched_at = now() FROM found WHERE contents.system = found.system AND contents.ref = found.ref
RETURNING contents.ref, coalesce(octet_length(body), pages_size + octet_length(tail)) AS size,
          substring(coalesce(body, (SELECT content_pages.body FROM content_pages
                                    WHERE content_pages.pages_id = coalesce(contents.pages_id, base_pages_id)
                                      AND position = 0)) FROM 1 FOR 1024) AS head

-- name: keep
INSERT INTO job_results (job_id, ref) VALUES ($1, $2) ON CONFLICT DO NOTHING

-- name: purge
-- Pages go with the content that they were written for, which stays as long as another one begins with it. No more goes
-- at once than reaches $3 bytes: what takes too long is broken off, and would be each time.
WITH old AS (
    SELECT system, ref, touched_at, pages_size FROM contents
    WHERE touched_at < $1
      AND NOT EXISTS (SELECT FROM job_contents JOIN jobs USING (job_id)
                      WHERE job_contents.ref = contents.ref AND jobs.system = contents.system)
      AND NOT EXISTS (SELECT FROM job_results JOIN jobs USING (job_id)
                      WHERE job_results.ref = contents.ref AND jobs.system = contents.system)
      AND NOT EXISTS (SELECT FROM contents AS longer WHERE longer.base_pages_id = contents.pages_id)
    ORDER BY touched_at LIMIT $2 FOR UPDATE SKIP LOCKED
), counted AS (
    SELECT system, ref, sum(pages_size) OVER (ORDER BY touched_at, system, ref) - pages_size AS before FROM old
), gone AS (
    DELETE FROM contents USING counted
    WHERE contents.system = counted.system AND contents.ref = counted.ref AND counted.before < $3
    RETURNING pages_id
), emptied AS (
    DELETE FROM content_pages WHERE pages_id = ANY (ARRAY(SELECT pages_id FROM gone))
)
SELECT count(*) FROM gone

-- name: sizes
SELECT ref, coalesce(octet_length(body), pages_size + octet_length(tail)) AS size
FROM contents WHERE system = $1 AND ref = ANY($2::text[])
