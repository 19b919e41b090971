-- Who may do what in the gateway's database. A superuser runs this once, in that database, before the first migration.
-- The owner (`msign_gateway_owner`, who migrates) exists already; passwords are set by whoever sets up the server.

CREATE ROLE msign_gateway LOGIN;         -- the services
CREATE ROLE msign_gateway_scaler LOGIN;  -- KEDA: may count what waits, and see nothing else

REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO msign_gateway;
ALTER DEFAULT PRIVILEGES FOR ROLE msign_gateway_owner IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO msign_gateway;
ALTER DEFAULT PRIVILEGES FOR ROLE msign_gateway_owner IN SCHEMA public
    GRANT USAGE, SELECT ON SEQUENCES TO msign_gateway;

-- PL/pgSQL looks for the table when it is called: the migrations make it later. More than 10,000 is not counted.
CREATE SCHEMA scaling;
CREATE FUNCTION scaling.claimable_jobs(wanted text) RETURNS bigint
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN (
        SELECT count(*) FROM (
            SELECT FROM jobs
            WHERE state = 'received' AND kind = wanted AND due_at <= now()
              AND (expires_at > now() OR kind = 'verification')
            LIMIT 10000
        ) AS claimable
    );
END
$$;
ALTER FUNCTION scaling.claimable_jobs(text) OWNER TO msign_gateway;
REVOKE ALL ON FUNCTION scaling.claimable_jobs(text) FROM PUBLIC;
GRANT USAGE ON SCHEMA scaling TO msign_gateway, msign_gateway_scaler;
GRANT EXECUTE ON FUNCTION scaling.claimable_jobs(text) TO msign_gateway_scaler;
