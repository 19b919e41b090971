-- Signing on the phone: what a number was asked to sign, and how far that has come.

CREATE TABLE phone_transactions (
    id uuid PRIMARY KEY,
    request_id text NOT NULL REFERENCES sign_requests ON DELETE CASCADE,
    msisdn text NOT NULL,
    code text NOT NULL CHECK (code ~ '^[0-9]{4}$'), -- shown on the page and on the phone
    description text NOT NULL,
    consumer text NOT NULL,
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'signing', 'signed', 'failed', 'refused')),
    reason text,
    page_state text NOT NULL,                       -- the Sign Page's sealed state
    browser text NOT NULL,                          -- a hash of its cookie
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL                 -- waiting or signing after this moment reads as timed out
);

CREATE INDEX phone_transactions_by_number ON phone_transactions (msisdn, created_at);
CREATE INDEX phone_transactions_by_request ON phone_transactions (request_id, browser, created_at);

CREATE TABLE wrong_entries (
    request_id text NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX wrong_entries_by_request ON wrong_entries (request_id, made_at);
CREATE INDEX wrong_entries_by_age ON wrong_entries (made_at);
