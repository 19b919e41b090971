-- Signing happens long after the request was posted, and belongs to the same trace.

ALTER TABLE sign_requests ADD COLUMN traceparent text;
