"""Do the roles of `roles.sql` get what they need and no more? On a real server, with the statements as they are."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
import pytest

from shared.persistence.migrate import migrate, pending
from tests.deploy.manifests import K8S, Overlay

ROLES = ("msign_gateway_scaler", "msign_gateway", "msign_gateway_owner")
RIGHTS = ("SELECT", "INSERT", "UPDATE", "DELETE")
JOB = """
INSERT INTO jobs (job_id, kind, system, command_id, state, command, created_at, expires_at, due_at)
VALUES ($1, $2, 'declaratii', $3, $4, '{}', now(), $5, $6)
"""


def url_of(url: str, role: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"{role}:secret@{parts.hostname}:{parts.port}"))


@pytest.fixture
async def server(empty_database_url: str) -> AsyncIterator[str]:
    """A database as CloudNativePG hands it over: its owner is there, `roles.sql` has run, nothing is migrated yet."""
    administrator = await asyncpg.connect(empty_database_url)
    name = urlsplit(empty_database_url).path.lstrip("/")
    await administrator.execute("CREATE ROLE msign_gateway_owner LOGIN")
    try:
        await administrator.execute(f'ALTER DATABASE "{name}" OWNER TO msign_gateway_owner')
        await administrator.execute((K8S / "base" / "database" / "roles.sql").read_text(encoding="utf-8"))
        for role in ROLES:
            await administrator.execute(f"ALTER ROLE {role} PASSWORD 'secret'")
        yield empty_database_url
    finally:
        await administrator.execute("REASSIGN OWNED BY msign_gateway, msign_gateway_owner TO CURRENT_USER")
        await administrator.execute(f"DROP OWNED BY {', '.join(ROLES)}")
        await administrator.execute(f"DROP ROLE {', '.join(ROLES)}")
        await administrator.close()


@pytest.fixture
async def migrated(server: str) -> str:
    """The same, after the migration Job: as the owner."""
    await migrate(url_of(server, "msign_gateway_owner"))
    return server


async def test_before_the_migration_the_services_see_that_it_is_missing(server: str):
    assert await pending(url_of(server, "msign_gateway")) != []


async def test_after_it_they_see_that_they_can_start(migrated: str):
    assert await pending(url_of(migrated, "msign_gateway")) == []


async def test_the_services_may_change_every_row_and_no_table(migrated: str):
    service = await asyncpg.connect(url_of(migrated, "msign_gateway"))
    tables = [
        row["tablename"] for row in await service.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    ]
    assert "jobs" in tables
    for table in tables:
        for right in RIGHTS:
            assert await service.fetchval("SELECT has_table_privilege($1, $2)", table, right), (table, right)
    for forbidden in ("CREATE TABLE mine ()", "ALTER TABLE jobs ADD mine text", "DROP TABLE jobs", "TRUNCATE jobs"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await service.execute(forbidden)
    await service.close()


async def test_keda_counts_the_jobs_that_can_be_claimed_now(migrated: str, production: Overlay):
    now = datetime.now(UTC)
    later, earlier = now + timedelta(hours=1), now - timedelta(hours=1)
    service = await asyncpg.connect(url_of(migrated, "msign_gateway"))
    for kind, state, expires_at, due_at in (
        ("sign", "received", later, earlier),
        ("sign", "received", later, earlier),
        ("sign", "received", later, later),
        ("sign", "received", earlier, earlier),
        ("sign", "posting", later, earlier),
        ("sign", "awaiting_signer", later, earlier),
        ("verification", "received", earlier, earlier),
    ):
        await service.execute(JOB, uuid4(), kind, str(uuid4()), state, expires_at, due_at)
    await service.close()
    scaler = await asyncpg.connect(url_of(migrated, "msign_gateway_scaler"))
    counted = {name: await scaler.fetchval(query) for name, query in queries(production).items()}
    await scaler.close()
    assert counted == {"sign-gateway": 2, "verifier": 1}


def queries(production: Overlay) -> dict[str, str]:
    return {
        one["metadata"]["name"]: trigger["metadata"]["query"]
        for one in production.all("ScaledObject")
        for trigger in one["spec"]["triggers"]
        if trigger["type"] == "postgresql"
    }


async def test_keda_can_neither_read_a_job_nor_change_anything(migrated: str):
    scaler = await asyncpg.connect(url_of(migrated, "msign_gateway_scaler"))
    for forbidden in ("SELECT * FROM jobs", "DELETE FROM jobs", "CREATE TABLE mine ()", "CREATE TABLE scaling.mine ()"):
        with pytest.raises(asyncpg.PostgresError, match="permission denied"):
            await scaler.execute(forbidden)
    await scaler.close()


async def test_nobody_else_may_count(migrated: str):
    administrator = await asyncpg.connect(migrated)
    await administrator.execute("CREATE ROLE msign_gateway_stranger")
    try:
        allowed = "SELECT has_function_privilege('msign_gateway_stranger', 'scaling.claimable_jobs(text)', 'EXECUTE')"
        assert not await administrator.fetchval(allowed)
    finally:
        await administrator.execute("DROP ROLE msign_gateway_stranger")
        await administrator.close()


async def test_the_count_reads_an_index_of_what_waits_and_not_the_table(migrated: str):
    administrator = await asyncpg.connect(migrated)
    body = await administrator.fetchval("SELECT prosrc FROM pg_proc WHERE proname = 'claimable_jobs'")
    query = body.partition("RETURN (")[2].rpartition(");")[0].replace("wanted", "'sign'")
    await administrator.execute("SET enable_seqscan = off")
    plan = await administrator.fetch(f"EXPLAIN {query}")
    await administrator.close()
    assert any("jobs_claimable" in row[0] for row in plan)
