"""How does a database get the tables that this version of the code expects?

Plain SQL files, `NNN_name.sql`, applied once each and in order, all in one transaction under an advisory lock, so
that any number of processes may start at the same time.
"""

from pathlib import Path

import asyncpg

from shared.errors import Bug

MIGRATIONS = Path(__file__).parent / "migrations"

_LOCK = 0x6D5369676E  # any constant: one lock for all migrations of a database
_TABLE = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    name text PRIMARY KEY,
    applied_at timestamptz NOT NULL DEFAULT now()
)
"""


async def pending(url: str, directory: Path = MIGRATIONS) -> list[str]:
    """Return the names of the files of `directory` that `url` has not had yet; it takes no right but to read.

    A database that has more than this version knows has all that this version needs.
    """
    connection = await asyncpg.connect(url)
    try:
        applied = {row["name"] for row in await connection.fetch("SELECT name FROM schema_migrations")}
    except asyncpg.UndefinedTableError:
        applied = set()
    finally:
        await connection.close()
    return [name for name in sorted(path.stem for path in directory.glob("*.sql")) if name not in applied]


async def migrate(url: str, directory: Path = MIGRATIONS) -> list[str]:
    """Apply the files of `directory` that `url` has not had yet; returns their names.

    Raises `Bug` when the database has migrations that this version does not know: it belongs to a newer one.
    """
    files = {path.stem: path for path in sorted(directory.glob("*.sql"))}
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
            await connection.execute(_TABLE)
            applied = {row["name"] for row in await connection.fetch("SELECT name FROM schema_migrations")}
            if unknown := applied - files.keys():
                raise Bug(f"the database is newer than this version: it has {', '.join(sorted(unknown))}")
            pending = [name for name in files if name not in applied]
            for name in pending:
                await connection.execute(files[name].read_text(encoding="utf-8"))
                await connection.execute("INSERT INTO schema_migrations (name) VALUES ($1)", name)
            return pending
    finally:
        await connection.close()
