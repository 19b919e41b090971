-- A job takes its inbox row with it: without an index each job that was forgotten meant a look at the whole inbox.

CREATE INDEX inbox_by_job ON inbox (job_id);
