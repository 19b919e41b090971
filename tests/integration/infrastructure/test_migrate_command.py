"""`msign-gateway migrate`, as an operator runs it."""

import asyncio
import sys
from asyncio.subprocess import PIPE, STDOUT
from pathlib import Path

from shared.persistence.migrate import MIGRATIONS

COMMAND = Path(sys.executable).parent / "msign-gateway"
EVERYTHING = "".join(f"applied {file.stem}\n" for file in sorted(MIGRATIONS.glob("*.sql")))


async def run(url: str) -> tuple[int | None, str]:
    """The exit code of a process of its own, and what it printed."""
    process = await asyncio.create_subprocess_exec(
        COMMAND, "migrate", "--database-url", url, stdout=PIPE, stderr=STDOUT
    )
    output, _ = await process.communicate()
    return process.returncode, output.decode()


async def test_a_database_is_brought_up_to_date_once(empty_database_url):
    assert await run(empty_database_url) == (0, EVERYTHING)
    assert await run(empty_database_url) == (0, "nothing to do\n")


async def test_two_migrations_at_once_apply_everything_once(empty_database_url):
    ended = await asyncio.gather(*(run(empty_database_url) for _ in "ab"))
    assert sorted(ended) == [(0, EVERYTHING), (0, "nothing to do\n")]


async def test_a_database_that_is_not_there_is_a_line_and_exit_code_1():
    code, output = await run("postgresql://nobody@127.0.0.1:1/none")
    assert code == 1
    assert output.startswith("migrate: ")
    assert output.count("\n") == 1
