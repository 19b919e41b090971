-- What the pages show of a document must not take reading it: its digest is worked out once, when it is posted.
-- (The size needs no column: octet_length() does not read the value.)

ALTER TABLE sign_contents ADD COLUMN digest bytea;

UPDATE sign_contents SET digest = CASE content_type WHEN 'Pdf' THEN sha256(content) ELSE content END
FROM sign_requests WHERE sign_requests.request_id = sign_contents.request_id;

ALTER TABLE sign_contents ALTER COLUMN digest SET NOT NULL;
