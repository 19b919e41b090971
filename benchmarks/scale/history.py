"""How does a database get millions of finished jobs within minutes? One real job, copied by the database itself.

A job goes the whole way first, so that its rows are what the services write, whatever the tables look like. Its copies
get ids of their own in order of time, are spread over the past days, and have short bodies: a `ready` event of 17 KB
two million times is more than a disk that benchmarks may use.
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import aiohttp
import asyncpg
import orjson

from benchmarks.documents.journey import come_back
from benchmarks.scale import bulk
from benchmarks.signing.load import READY
from benchmarks.signing.stage import Program, Set, Stage, our_settings, running
from msign_gateway.infrastructure.ports import free_ports

EVERY_S = 0.3
"""How far apart jobs were: two million of them within a week."""
BODY_BYTES = 200
ONE_JOB_S = 60
_UUID = "(lpad(to_hex((extract(epoch FROM $2::timestamptz - n * {every} * interval '1 s') * 1000)::bigint), 12, '0') "
_EXPRESSIONS = {
    "job_id": _UUID + "|| '7000' || '8000' || lpad(to_hex(n), 12, '0'))::uuid",
    "event_id": _UUID + "|| '7000' || '8' || lpad(to_hex(t.sequence), 3, '0') || lpad(to_hex(n), 12, '0'))::uuid",
    "command_id": "'history-' || n",
    "ref": "'sha256:' || encode(sha256(n::text::bytea), 'hex')",
    "request_id": "md5(n::text)",
    "digest": "sha256(n::text::bytea)",
}
_COLUMNS = """
SELECT table_name::text AS name, array_agg(column_name::text) AS columns, array_agg(data_type::text) AS types
FROM information_schema.columns
WHERE table_schema = 'public' AND is_generated = 'NEVER' AND is_identity = 'NO'
GROUP BY table_name HAVING bool_or(column_name IN ('job_id', 'ref'))
"""


async def finish_one_job(stage: Stage, one: Set) -> None:
    """Let one job go the whole way in a set of its own: accepted, signed, `ready`."""
    ports = free_ports(4)
    programs = []
    for name, ops_port, http_port in (("sign_gateway", ports[0], ports[1]), ("callback_web", ports[2], ports[3])):
        settings = our_settings(stage, one, name, ops_port, http_port)
        programs.append(Program(name, f"services.{name}", settings, f"http://127.0.0.1:{ops_port}/readyz"))
    async with running(stage, one, programs), aiohttp.ClientSession() as http, asyncio.timeout(ONE_JOB_S):
        command_id, accepted = await one.load.sign()
        ready = one.load.event(READY, command_id)
        await come_back(orjson.loads(accepted)["data"], f"http://127.0.0.1:{ports[3]}/return", http)
        await ready


async def multiply(database_url: str, jobs: int, *, due_events: bool = False) -> None:
    """Copy the one job so many times; with `due_events` their first events are whole and still to be published."""
    connection = await asyncpg.connect(database_url)
    try:
        tables = await connection.fetch(_COLUMNS)
    finally:
        await connection.close()
    values = (jobs, datetime.now(UTC))
    copies = [copy_of(table["name"], table["columns"], table["types"], whole=due_events) for table in tables]
    async with bulk.without_indexes(database_url):
        await bulk.run_all(database_url, [(statement, values) for statement in copies])
    if due_events:
        await bulk.run(database_url, "UPDATE events SET due_at = now(), published_at = NULL WHERE sequence = 1")
    await bulk.run(database_url, "VACUUM (ANALYZE)")
    await bulk.run(database_url, "CHECKPOINT")


def copy_of(table: str, columns: Sequence[str], types: Sequence[str], *, whole: bool) -> str:
    """Return the statement that copies the rows of one table; `$1` is how many times, `$2` the end of their times."""
    values = []
    for column, kind in zip(columns, types, strict=True):
        if column in _EXPRESSIONS:
            values.append(_EXPRESSIONS[column].format(every=EVERY_S))
        elif kind == "timestamp with time zone":
            values.append(f"t.{column} - n * {EVERY_S} * interval '1 s'")
        elif kind == "bytea" and not whole:
            values.append(f"substring(t.{column} FROM 1 FOR {BODY_BYTES})")
        else:
            values.append(f"t.{column}")
    return (
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(values)} "  # noqa: S608 - names of our own
        f"FROM (SELECT * FROM {table}) t, generate_series($1::int, 1, -1) n WHERE $2::timestamptz IS NOT NULL"
    )
