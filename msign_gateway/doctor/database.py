"""Does PostgreSQL let us in, has it our tables, may we use them, and does its clock agree with ours?"""

import asyncio
import secrets
import ssl
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import asyncpg

from msign_gateway.doctor.findings import Finding, brief, counted, failed, ok, place, read_settings, travels, warning
from shared.connections import DatabaseConnection
from shared.persistence.migrate import MIGRATIONS
from shared.persistence.pool import DATABASE_ERRORS

WITHIN_S = 8
OLDEST = 150000
NEEDS = ("SELECT", "INSERT", "UPDATE", "DELETE")
CLOCKS_AGREE = timedelta(seconds=2)
CLOCKS_DIFFER = timedelta(seconds=30)
SPARE_CONNECTIONS = 20

_TABLES = """
SELECT relname, has_table_privilege(oid, 'SELECT') AS "SELECT", has_table_privilege(oid, 'INSERT') AS "INSERT",
       has_table_privilege(oid, 'UPDATE') AS "UPDATE", has_table_privilege(oid, 'DELETE') AS "DELETE"
FROM pg_class
WHERE relkind IN ('r', 'p') AND relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = 'jobs'::regclass)
  AND relname <> 'schema_migrations'
ORDER BY relname
"""
_USED = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"
_MOST = "SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int"


async def examine() -> list[Finding]:
    """Look at everything that a connection shows."""
    settings = read_settings(DatabaseConnection)
    if isinstance(settings, list):
        return settings
    url = settings.database_address()()
    findings = [travels("encryption", url)]
    try:
        connection = await asyncpg.connect(url, timeout=WITHIN_S)
    except (*DATABASE_ERRORS, TimeoutError, ValueError) as error:
        return [*findings, refused(url, error)]
    try:
        async with asyncio.timeout(WITHIN_S):
            findings.append(ok("login", f"{place(url)} lets {await connection.fetchval('SELECT current_user')} in"))
            findings += [await version(connection), await writable(connection), await migrations(connection)]
            if findings[-1].outcome != "failed":
                findings.append(await privileges(connection))
            findings += [await clock(connection), await room(connection), await notices(connection, url)]
    except (*DATABASE_ERRORS, TimeoutError) as error:
        advice = "look at the database's log"
        findings.append(failed("connection", f"looking broke off: {type(error).__name__}", advice))
    finally:
        connection.terminate()
    return findings


def refused(url: str, error: BaseException) -> Finding:
    """Tell why there is no connection."""
    parts = urlsplit(url)
    if isinstance(error, asyncpg.InvalidAuthorizationSpecificationError):
        detail = f"{place(url)} refuses the role {parts.username}: {error}"
        return failed("login", detail, "ALTER ROLE … PASSWORD, or pg_hba.conf; then DATABASE_URL (or its file)")
    if isinstance(error, asyncpg.InvalidCatalogNameError):
        return failed("login", f"{place(url)}: {error}", "create it, then run msign-gateway migrate")
    if isinstance(error, ssl.SSLError) or "SSL" in str(error):
        detail = f"{place(url)}: the TLS handshake failed: {brief(error)}"
        advice = "compare DATABASE_CA_BUNDLE with the server's certificate, and its names with DATABASE_URL"
        return failed("login", detail, advice)
    if isinstance(error, asyncpg.TooManyConnectionsError):
        return failed("login", f"{place(url)}: {error}", "raise max_connections, or run fewer replicas")
    detail = f"{place(url)} cannot be reached: {brief(error)}"
    return failed("login", detail, "is PostgreSQL running, and may this machine connect to it?")


async def version(connection: asyncpg.Connection) -> Finding:
    """Tell whether the server is new enough."""
    name = await connection.fetchval("SHOW server_version")
    if await connection.fetchval("SELECT current_setting('server_version_num')::int") < OLDEST:
        return failed("version", f"PostgreSQL {name}", "15 and newer are supported: upgrade it")
    return ok("version", f"PostgreSQL {name}")


async def writable(connection: asyncpg.Connection) -> Finding:
    """Tell whether this is a server that can be written to, and not a standby."""
    if await connection.fetchval("SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::bool"):
        advice = "name the primary in DATABASE_URL, or all servers with target_session_attrs=read-write"
        return failed("writable", "this is a standby, or read-only", advice)
    return ok("writable", "this is the primary")


async def migrations(connection: asyncpg.Connection) -> Finding:
    """Tell whether the tables are those of this version."""
    known = {path.stem for path in MIGRATIONS.glob("*.sql")}
    if await connection.fetchval("SELECT to_regclass('schema_migrations')") is None:
        return failed("migrations", "this database has none of our tables", "run msign-gateway migrate")
    applied = {row["name"] for row in await connection.fetch("SELECT name FROM schema_migrations")}
    if missing := sorted(known - applied):
        return failed("migrations", f"not applied: {', '.join(missing)}", "run msign-gateway migrate")
    if newer := sorted(applied - known):
        advice = "well while one version is rolled back; otherwise run the version that the database belongs to"
        return warning("migrations", f"all are applied, and of a newer version: {', '.join(newer)}", advice)
    return ok("migrations", f"all {len(applied)} are applied")


async def privileges(connection: asyncpg.Connection) -> Finding:
    """Tell whether our role may use every table."""
    tables = await connection.fetch(_TABLES)
    lacking = [f"{name} on {row['relname']}" for row in tables for name in NEEDS if not row[name]]
    if lacking:
        more = f" and {len(lacking) - 4} more" if len(lacking) > 4 else ""
        advice = "GRANT them to the role of DATABASE_URL, or make it the owner"
        return failed("privileges", f"this role lacks {', '.join(lacking[:4])}{more}", advice)
    return ok("privileges", f"this role may read and write all {len(tables)} tables")


async def clock(connection: asyncpg.Connection) -> Finding:
    """Compare the database's clock with this machine's, which the services of this machine would use."""
    before = datetime.now(UTC)
    theirs = await connection.fetchval("SELECT clock_timestamp()")
    after = datetime.now(UTC)
    return clocks("clock", "the database's", theirs - before - (after - before) / 2)


def clocks(check: str, whose: str, difference: timedelta) -> Finding:
    """Judge how far another clock is from ours (positive: it is ahead)."""
    seconds = difference.total_seconds()
    detail = f"{whose} clock is {abs(seconds):.1f} s {'ahead of' if seconds > 0 else 'behind'} this machine's"
    advice = "synchronise both machines' clocks (chrony, systemd-timesyncd): deadlines and leases depend on them"
    if abs(difference) > CLOCKS_DIFFER:
        return failed(check, detail, advice)
    if abs(difference) > CLOCKS_AGREE:
        return warning(check, detail, advice)
    return ok(check, f"{whose} clock agrees with this machine's")


async def room(connection: asyncpg.Connection) -> Finding:
    """Tell whether more replicas could connect."""
    used, most = await connection.fetchval(_USED), await connection.fetchval(_MOST)
    detail = f"{counted(used, 'connection')} of {most} in use"
    if most - used < SPARE_CONNECTIONS:
        return warning("connections", detail, "a replica takes up to 12: raise max_connections, or run fewer")
    return ok("connections", detail)


async def notices(connection: asyncpg.Connection, url: str) -> Finding:
    """Tell whether LISTEN hears what another connection says; through a transaction pooler it does not."""
    word, heard = f"msign_doctor_{secrets.token_hex(4)}", asyncio.Event()
    await connection.add_listener(word, lambda *_: heard.set())
    other = await asyncpg.connect(url, timeout=WITHIN_S)
    try:
        await other.execute("SELECT pg_notify($1, '')", word)
        async with asyncio.timeout(2):
            await heard.wait()
    except TimeoutError:
        advice = "connect directly, or through a pooler in session mode: jobs would wait for the next look"
        return warning("notices", "LISTEN hears nothing: is there a transaction pooler in between?", advice)
    finally:
        other.terminate()
    return ok("notices", "LISTEN hears what other connections say")
