"""How do services reach Postgres?"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import orjson


async def _prepare(connection: Any) -> None:
    for name in ("json", "jsonb"):
        await connection.set_type_codec(
            name, encoder=lambda value: orjson.dumps(value).decode(), decoder=orjson.loads, schema="pg_catalog"
        )


@asynccontextmanager
async def open_pool(url: str, *, max_size: int = 10, command_timeout_s: float = 30) -> AsyncIterator[asyncpg.Pool]:
    """Yield a pool of connections to `url`, closed at the end; `json` and `jsonb` are Python objects there."""
    async with asyncpg.create_pool(
        url, min_size=1, max_size=max_size, command_timeout=command_timeout_s, init=_prepare
    ) as pool:
        yield pool


async def answers(pool: asyncpg.Pool) -> bool:
    """Tell whether the database answers (a readiness check)."""
    return bool(await pool.fetchval("SELECT true", timeout=2))
