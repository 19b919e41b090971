"""How do services reach Postgres?

Only a server that can be written to will do. After a failover, connections to what has become a standby are given up
as soon as it refuses a write, and each new one is made to where the address leads then.
"""

import asyncio
import errno
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import orjson
import structlog

from shared.addresses import Address
from shared.persistence.connecting import connect

log = structlog.get_logger(__name__)

DATABASE_ERRORS = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)
"""Everything that a statement may raise; `InternalClientError` is what asyncpg says when a connection breaks oddly."""
_AWAY = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # it shuts down, or is starting
    asyncpg.InsufficientResourcesError,  # too many connections, or its disk is full
    asyncpg.TransactionRollbackError,  # a deadlock
    asyncpg.ReadOnlySQLTransactionError,  # after a failover, still connected to what is a standby now
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
)
_OUR_OWN = (errno.EIO, errno.ENOSPC)
"""Errors of the system that no connection has, but a file of ours that is read for a statement."""


def is_away(error: BaseException) -> bool:
    """Tell whether the database cannot be used now; otherwise something is wrong with the statement or its values."""
    if isinstance(error, ValueError) or (isinstance(error, OSError) and error.errno in _OUR_OWN):
        return False
    return isinstance(error, _AWAY)


_PLANNED_ONCE = """
SET plan_cache_mode = force_generic_plan;
SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET jit = off
"""
"""Each connection plans a statement once: for some the server would do it again each time, which cost more than they.

Such a plan, made while a table was small, must do when it has millions of rows, too: so all go by indexes.
"""


async def _prepare(connection: Any) -> None:
    await connection.execute(_PLANNED_ONCE)
    for name in ("json", "jsonb"):
        await connection.set_type_codec(
            name, encoder=lambda value: orjson.dumps(value).decode(), decoder=orjson.loads, schema="pg_catalog"
        )


async def _leave(_: Any) -> None:
    """Give a connection back without asking the server to forget its session, which takes a round trip each time.

    What is set in a session is so for good; locks are a transaction's. One left open is rolled back all the same.
    """


@asynccontextmanager
async def open_pool(
    address: Address, *, max_size: int = 10, command_timeout_s: float = 30
) -> AsyncIterator[asyncpg.Pool]:
    """Yield a pool of connections, closed at the end; `json` and `jsonb` are Python objects there.

    Each connection is made to the URL that `address` tells then.
    """

    expiring: set[asyncio.Future[None]] = set()

    async def connect_anew(*_: Any, **options: Any) -> Any:
        return await connect(address, **options)

    async def prepare(connection: Any) -> None:
        await _prepare(connection)
        connection.add_query_logger(look)

    def look(query: Any) -> None:
        if isinstance(query.exception, asyncpg.ReadOnlySQLTransactionError):
            log.warning("database_is_read_only")
            task = asyncio.ensure_future(pool.expire_connections())
            expiring.add(task)
            task.add_done_callback(expiring.discard)

    async with asyncpg.create_pool(
        min_size=1,
        max_size=max_size,
        command_timeout=command_timeout_s,
        init=prepare,
        connect=connect_anew,
        reset=_leave,
    ) as pool:
        yield pool


async def answers(pool: asyncpg.Pool) -> bool:
    """Tell whether the database answers (a readiness check)."""
    return bool(await pool.fetchval("SELECT true", timeout=2))
