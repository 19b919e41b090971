-- What the Sign Page and its instruments must remember across processes and restarts.

CREATE TABLE token_tries (
    token text PRIMARY KEY,                 -- instrument and a hash, never the personal number itself
    used integer NOT NULL CHECK (used >= 0)
);

CREATE TABLE signing_claims (
    request_id text PRIMARY KEY,
    owner uuid NOT NULL,
    held_until timestamptz NOT NULL
);
