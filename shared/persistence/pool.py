"""How do services reach Postgres?"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import orjson

from shared.addresses import Address, url_of

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


def is_away(error: BaseException) -> bool:
    """Tell whether the database cannot be used now; otherwise something is wrong with the statement or its values."""
    return isinstance(error, _AWAY) and not isinstance(error, ValueError)


async def _prepare(connection: Any) -> None:
    for name in ("json", "jsonb"):
        await connection.set_type_codec(
            name, encoder=lambda value: orjson.dumps(value).decode(), decoder=orjson.loads, schema="pg_catalog"
        )


@asynccontextmanager
async def open_pool(
    address: Address, *, max_size: int = 10, command_timeout_s: float = 30
) -> AsyncIterator[asyncpg.Pool]:
    """Yield a pool of connections, closed at the end; `json` and `jsonb` are Python objects there.

    Each connection is made to the URL that `address` tells then.
    """

    async def connect(*_: Any, **options: Any) -> Any:
        return await asyncpg.connect(url_of(address), **options)

    async with asyncpg.create_pool(
        min_size=1, max_size=max_size, command_timeout=command_timeout_s, init=_prepare, connect=connect
    ) as pool:
        yield pool


async def answers(pool: asyncpg.Pool) -> bool:
    """Tell whether the database answers (a readiness check)."""
    return bool(await pool.fetchval("SELECT true", timeout=2))
