-- What is finished is forgotten after a while, and what nothing refers to any more with it.

ALTER TABLE jobs ADD COLUMN finished_at timestamptz;         -- when the job came to its final state
UPDATE jobs SET finished_at = (SELECT max(at) FROM job_history WHERE job_history.job_id = jobs.job_id)
WHERE state IN ('completed', 'failed', 'expired', 'rejected');

CREATE INDEX jobs_finished ON jobs (finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX jobs_open ON jobs (system) WHERE finished_at IS NULL;
CREATE INDEX inbox_by_time ON inbox (system, received_at);

CREATE TABLE job_results (                                    -- contents that a job's final event refers to
    job_id uuid NOT NULL REFERENCES jobs ON DELETE CASCADE,
    ref    text NOT NULL,
    PRIMARY KEY (job_id, ref)
);

ALTER TABLE contents RENAME COLUMN created_at TO touched_at;  -- when it was last stored or referred to
CREATE INDEX contents_by_time ON contents (touched_at);
CREATE INDEX job_contents_by_ref ON job_contents (ref);
CREATE INDEX job_results_by_ref ON job_results (ref);
