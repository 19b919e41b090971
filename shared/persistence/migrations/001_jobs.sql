-- Jobs of both kinds, what they carry, what happened to them, and the events that say so.

CREATE TABLE jobs (
    job_id        uuid PRIMARY KEY,
    kind          text NOT NULL CHECK (kind IN ('sign', 'verification')),
    system        text NOT NULL,
    command_id    text NOT NULL,
    state         text NOT NULL,
    command       jsonb NOT NULL,              -- the command's data without the contents
    traceparent   text,
    created_at    timestamptz NOT NULL,
    expires_at    timestamptz NOT NULL,        -- our deadline
    due_at        timestamptz,                 -- when the next attempt or poll may happen; null in final states
    attempt       integer NOT NULL DEFAULT 0,  -- claims so far
    failures      integer NOT NULL DEFAULT 0,  -- transient failures so far
    claimed_by    uuid,
    lease_until   timestamptz,
    collected_at  timestamptz,                 -- when GetSignResponse was last asked
    polls         integer NOT NULL DEFAULT 0,
    request_id    text,                        -- MSign's
    event_count   integer NOT NULL DEFAULT 0,
    history_count integer NOT NULL DEFAULT 0,
    UNIQUE (system, command_id)
);

CREATE INDEX jobs_claimable ON jobs (kind, system, due_at) WHERE state = 'received';
CREATE INDEX jobs_claimed ON jobs (lease_until) WHERE state IN ('posting', 'verifying');
CREATE INDEX jobs_awaiting ON jobs (due_at) WHERE state = 'awaiting_signer';
CREATE INDEX jobs_deadline ON jobs (expires_at) WHERE state IN ('received', 'posting');
CREATE INDEX jobs_by_request ON jobs (request_id) WHERE request_id IS NOT NULL;

CREATE TABLE inbox (
    system      text NOT NULL,
    command_id  text NOT NULL,
    digest      bytea NOT NULL,                -- SHA-256 of the command's type and data
    job_id      uuid NOT NULL REFERENCES jobs ON DELETE CASCADE,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (system, command_id)
);

CREATE TABLE contents (
    system     text NOT NULL,
    ref        text NOT NULL CHECK (ref ~ '^sha256:[0-9a-f]{64}$'),
    body       bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (system, ref)
);
ALTER TABLE contents ALTER COLUMN body SET STORAGE EXTERNAL;  -- PDFs and XML signatures hardly compress

CREATE TABLE job_contents (
    job_id              uuid NOT NULL REFERENCES jobs ON DELETE CASCADE,
    position            integer NOT NULL,
    ref                 text NOT NULL,         -- of the content to sign, or of the signature to verify
    correlation_id      text,
    name                text,
    multiple_signatures boolean NOT NULL DEFAULT false,
    hash                bytea,                 -- verification of Hash: the hash that was signed
    PRIMARY KEY (job_id, position)
);

CREATE TABLE post_attempts (
    job_id     uuid NOT NULL REFERENCES jobs ON DELETE CASCADE,
    attempt    integer NOT NULL,
    started_at timestamptz NOT NULL,
    ended_at   timestamptz,
    outcome    text,                           -- accepted, refused, failed, ambiguous, orphaned; null: unknown
    request_id text,
    PRIMARY KEY (job_id, attempt)
);

CREATE TABLE job_history (
    job_id     uuid NOT NULL REFERENCES jobs ON DELETE CASCADE,
    sequence   integer NOT NULL,
    from_state text,
    to_state   text NOT NULL,
    cause      text NOT NULL,
    at         timestamptz NOT NULL,
    PRIMARY KEY (job_id, sequence)
);

CREATE TABLE events (
    event_id     uuid PRIMARY KEY,
    job_id       uuid NOT NULL REFERENCES jobs ON DELETE CASCADE,
    sequence     integer NOT NULL,
    type         text NOT NULL,
    routing_key  text NOT NULL,
    body         bytea NOT NULL,               -- the CloudEvent as JSON
    traceparent  text,
    created_at   timestamptz NOT NULL,
    due_at       timestamptz,                  -- null once it is published
    attempts     integer NOT NULL DEFAULT 0,
    published_at timestamptz,
    UNIQUE (job_id, sequence)
);
ALTER TABLE events ALTER COLUMN body SET STORAGE EXTERNAL;

CREATE INDEX events_due ON events (due_at) WHERE due_at IS NOT NULL;
