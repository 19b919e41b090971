-- What has ended is found by its moment, without reading everything that has not.

CREATE INDEX sign_requests_by_end ON sign_requests (coalesce(finished_at, expires_at));
CREATE INDEX signing_claims_by_end ON signing_claims (held_until);
