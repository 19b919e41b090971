-- What MSign said of the signatures of a verification job that is not completed yet: a crash does not ask again.

CREATE TABLE verdicts (
    job_id   uuid NOT NULL REFERENCES jobs ON DELETE CASCADE,
    position integer NOT NULL,
    verdict  jsonb NOT NULL,                   -- as it will stand in the `completed` event
    PRIMARY KEY (job_id, position)
);
