-- Where the Sign Page stands in each browser: what the e-Service asked for, and what the last step had to say.

CREATE TABLE visits (
    request_id text NOT NULL REFERENCES sign_requests ON DELETE CASCADE,
    browser text NOT NULL,                          -- a hash of its cookie; of a ticket until it has shown its cookie
    entry json NOT NULL,                            -- not jsonb, which refuses U+0000 in a RelayState
    language text NOT NULL,
    remark json,
    entered_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (request_id, browser)
);

ALTER TABLE phone_transactions DROP COLUMN page_state;
