-- name: put
INSERT INTO contents (system, ref, body) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING

-- name: get
SELECT body FROM contents WHERE system = $1 AND ref = $2

-- name: heads
SELECT ref, octet_length(body) AS size, substring(body FROM 1 FOR 1024) AS head FROM contents WHERE system = $1 AND ref = ANY($2::text[])

-- name: sizes
SELECT ref, octet_length(body) AS size FROM contents WHERE system = $1 AND ref = ANY($2::text[])
