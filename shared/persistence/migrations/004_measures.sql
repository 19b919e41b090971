-- How long a job took to its user's return, and from there to its outcome; how long an event has waited.

ALTER TABLE jobs ADD COLUMN posted_at timestamptz;           -- when MSign had it
ALTER TABLE jobs ADD COLUMN returned_at timestamptz;         -- when its user first came back from the Sign Page

ALTER TABLE events ADD COLUMN waiting_since timestamptz NOT NULL DEFAULT now();  -- when it last became due
UPDATE events SET waiting_since = created_at WHERE due_at IS NOT NULL;
