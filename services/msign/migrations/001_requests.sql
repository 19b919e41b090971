-- Who may call the API, what they asked to have signed, and what became of it.

CREATE TABLE consumers (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE,
    return_origins text[] NOT NULL DEFAULT '{}',   -- empty: anywhere that is allowed at all
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE consumer_certificates (
    serial text NOT NULL,                           -- upper-case hexadecimal, whole bytes
    issuer bytea NOT NULL,                          -- the issuer's name in DER
    consumer_id bigint NOT NULL REFERENCES consumers,
    added_at timestamptz NOT NULL DEFAULT now(),
    revoked_at timestamptz,
    PRIMARY KEY (serial, issuer)
);

CREATE TABLE sign_requests (
    request_id text PRIMARY KEY CHECK (request_id ~ '^[0-9a-f]{32}$'),
    consumer_id bigint NOT NULL REFERENCES consumers,
    content_type text NOT NULL,
    short_content_description text NOT NULL,
    content_description text,
    signature_reason text,
    expected_signer jsonb,
    status text NOT NULL DEFAULT 'Pending' CHECK (status IN ('Pending', 'Success', 'Failure')),
    reason text,                                    -- a code of messages.py
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,                -- Pending after this moment reads as Expired
    finished_at timestamptz
);

CREATE TABLE sign_contents (
    request_id text NOT NULL REFERENCES sign_requests ON DELETE CASCADE,
    position integer NOT NULL,
    content bytea NOT NULL,
    correlation_id text,
    name text,
    multiple_signatures boolean NOT NULL,
    PRIMARY KEY (request_id, position)
);

CREATE TABLE sign_results (
    request_id text NOT NULL REFERENCES sign_requests ON DELETE CASCADE,
    position integer NOT NULL,
    correlation_id text,
    certificate bytea,
    signature bytea,
    PRIMARY KEY (request_id, position)
);
