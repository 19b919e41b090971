-- Who may sign for somebody else: for a person or an organisation, in general or in one role.

CREATE TABLE mandates (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    who text NOT NULL CHECK (who ~ '^[0-9]{13}$'),              -- the signer's personal number (IDNP)
    delegator_type text NOT NULL CHECK (delegator_type IN ('Person', 'Organization')),
    delegator_id text NOT NULL CHECK (delegator_id ~ '^[0-9]{13}$'),
    role_id integer CHECK (role_id > 0),                        -- null: in general, in no particular role
    added_at timestamptz NOT NULL DEFAULT now(),
    valid_until timestamptz,                                    -- null: until it is revoked
    revoked_at timestamptz
);

CREATE UNIQUE INDEX mandates_not_revoked ON mandates (who, delegator_type, delegator_id, role_id) NULLS NOT DISTINCT
    WHERE revoked_at IS NULL;
