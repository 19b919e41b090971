"""What the doctor finds at the database."""

from collections.abc import AsyncIterator
from datetime import timedelta
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from msign_gateway.doctor import database as looking
from msign_gateway.doctor.database import clocks
from shared.persistence.migrate import migrate
from tests.integration.encryption.fronts import Front, server_context, verified


@pytest.fixture
async def admin(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


def as_role(url: str, login: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"{login}@{parts.hostname}:{parts.port}"))


async def test_a_migrated_database_of_ours_is_well(diagnose, database):
    async with database.owned("gateway") as owned:
        await migrate(owned.url)
        secret = urlsplit(owned.url).password
        found = await diagnose("database", DATABASE_URL=owned.url, secrets=(str(secret),))
    assert found.exit_code == 0
    assert {check: found.outcome(check) for check in found} == dict.fromkeys(
        ("encryption", "login", "version", "writable", "migrations", "privileges", "clock", "connections", "notices"),
        "ok",
    )


async def test_a_database_without_tables_is_to_be_migrated(diagnose, empty_database_url):
    found = await diagnose("database", DATABASE_URL=empty_database_url)
    assert (found.exit_code, found.outcome("migrations")) == (1, "failed")
    assert found["migrations"][0]["advice"] == "run msign-gateway migrate"


async def test_a_migration_that_was_not_applied_is_named(diagnose, database_url, admin):
    await admin.execute("DELETE FROM schema_migrations WHERE name = '002_verdicts'")
    assert "002_verdicts" in (await diagnose("database", DATABASE_URL=database_url)).detail("migrations")


async def test_a_database_of_a_newer_version_is_told(diagnose, database_url, admin):
    await admin.execute("INSERT INTO schema_migrations (name) VALUES ('999_flying')")
    found = await diagnose("database", DATABASE_URL=database_url)
    assert (found.outcome("migrations"), "999_flying" in found.detail("migrations")) == ("warning", True)
    assert (found.outcome("privileges"), found.exit_code) == ("ok", 0)


async def test_a_role_that_may_not_write_is_told_what_it_lacks(diagnose, database_url, admin):
    await admin.execute("CREATE ROLE doctor_reader LOGIN PASSWORD 's3cret'")
    try:
        await admin.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO doctor_reader")
        url = as_role(database_url, "doctor_reader:s3cret")
        found = await diagnose("database", DATABASE_URL=url, secrets=("s3cret",))
    finally:
        await admin.execute("DROP OWNED BY doctor_reader")
        await admin.execute("DROP ROLE doctor_reader")
    assert found.outcome("privileges") == "failed"
    assert "INSERT on " in found.detail("privileges")
    assert "SELECT" not in found.detail("privileges")


async def test_a_server_that_cannot_be_written_to_is_told(diagnose, database_url, admin):
    (name,) = await admin.fetchrow("SELECT current_database()")
    await admin.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    assert (await diagnose("database", DATABASE_URL=database_url)).outcome("writable") == "failed"


async def test_a_wrong_password_is_told_from_a_database_that_is_not_there(diagnose, database_url):
    wrong = await diagnose("database", DATABASE_URL=as_role(database_url, "nobody:s3cret"), secrets=("s3cret",))
    assert "refuses the role nobody" in wrong.detail("login")
    nowhere = await diagnose("database", DATABASE_URL=database_url.rpartition("/")[0] + "/nowhere")
    assert '"nowhere" does not exist' in nowhere.detail("login")
    assert wrong.exit_code == nowhere.exit_code == 1


async def test_nobody_there_is_said_so(diagnose):
    found = await diagnose("database", DATABASE_URL="postgresql://u:s3cret@127.0.0.1:9/x", secrets=("s3cret",))
    assert "127.0.0.1:9 cannot be reached" in found.detail("login")


async def test_of_several_hosts_the_one_that_answers_is_looked_at(diagnose, database_url):
    parts = urlsplit(database_url)
    login, _, host = parts.netloc.rpartition("@")
    several = urlunsplit(parts._replace(netloc=f"{login}@127.0.0.1:9,{host}"))
    found = await diagnose("database", DATABASE_URL=several)
    assert (found.outcome("login"), found.outcome("notices"), found.exit_code) == ("ok", "ok", 0)


async def test_a_server_of_another_authority_is_a_failed_handshake(diagnose, database_url, server, stranger):
    async with Front(database_url, server_context(server)).running() as front:
        url = verified(front, database_url)
        bad = await diagnose("database", DATABASE_URL=url, DATABASE_CA_BUNDLE=stranger.ca)
    assert "TLS handshake failed" in bad.detail("login")


async def test_few_spare_connections_are_a_warning(diagnose, database_url, monkeypatch):
    monkeypatch.setattr(looking, "SPARE_CONNECTIONS", 10_000)
    found = await diagnose("database", DATABASE_URL=database_url)
    assert (found.outcome("connections"), found.exit_code) == ("warning", 0)


async def test_notices_that_do_not_arrive_are_a_warning(admin, empty_database_url):
    """What a transaction pooler does, another database does as well: it never hears."""
    assert (await looking.notices(admin, empty_database_url)).outcome == "warning"


@pytest.mark.parametrize(
    ("seconds", "outcome", "said"),
    [
        (0.4, "ok", "agrees"),
        (-1.9, "ok", "agrees"),
        (2.5, "warning", "2.5 s ahead of"),
        (-2.5, "warning", "2.5 s behind"),
        (3600, "failed", "3600.0 s ahead of"),
    ],
)
def test_clocks_that_differ_are_told_in_seconds(seconds, outcome, said):
    finding = clocks("clock", "the database's", timedelta(seconds=seconds))
    assert finding.outcome == outcome
    assert said in finding.detail
