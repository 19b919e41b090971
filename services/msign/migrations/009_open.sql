-- Requests without an outcome are counted now and then, without reading everything that has one.

CREATE INDEX sign_requests_open ON sign_requests (expires_at) WHERE status = 'Pending';
