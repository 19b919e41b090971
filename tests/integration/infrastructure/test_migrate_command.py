"""`msign-gateway migrate`, as an operator runs it."""

import asyncio
import sys
from asyncio.subprocess import PIPE, STDOUT
from pathlib import Path

import asyncpg

from msign_gateway.commands.migrate import up_to_date
from shared.persistence.migrate import MIGRATIONS, migrate, pending

COMMAND = Path(sys.executable).parent / "msign-gateway"
EVERYTHING = "".join(f"applied {file.stem}\n" for file in sorted(MIGRATIONS.glob("*.sql")))


async def run(url: str, *options: str) -> tuple[int | None, str]:
    """The exit code of a process of its own, and what it printed."""
    process = await asyncio.create_subprocess_exec(
        COMMAND, "migrate", "--database-url", url, *options, stdout=PIPE, stderr=STDOUT
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


async def test_a_check_changes_nothing_and_says_what_is_not_applied(empty_database_url):
    code, output = await run(empty_database_url, "--check")
    assert code == 1
    assert output == f"migrate: not applied yet: {', '.join(file.stem for file in sorted(MIGRATIONS.glob('*.sql')))}\n"
    connection = await asyncpg.connect(empty_database_url)
    assert await connection.fetch("SELECT FROM pg_tables WHERE schemaname = 'public'") == []
    await connection.close()


async def test_a_check_of_a_database_that_is_up_to_date_passes(database_url):
    assert await run(database_url, "--check") == (0, "up to date\n")


async def test_a_check_waits_for_somebody_else_who_migrates(empty_database_url):
    looks: asyncio.Queue[None] = asyncio.Queue()

    def address() -> str:
        looks.put_nowait(None)
        return empty_database_url

    waiting = asyncio.create_task(up_to_date(address, wait_s=60))
    await looks.get()
    await looks.get()  # nothing had been applied when it looked first
    assert not waiting.done()
    await migrate(empty_database_url)
    assert await waiting == ["up to date"]


async def test_a_check_passes_on_a_database_that_a_later_version_has_migrated(database_url):
    connection = await asyncpg.connect(database_url)
    await connection.execute("INSERT INTO schema_migrations (name) VALUES ('999_later')")
    await connection.close()
    assert await pending(database_url) == []


async def test_a_check_of_a_database_that_is_not_there_gives_up_when_its_time_is_over():
    code, output = await run("postgresql://nobody@127.0.0.1:1/none", "--check", "--wait-s", "0.1")
    assert code == 1
    assert output.startswith("migrate: ")


async def test_only_a_check_waits(empty_database_url):
    code, output = await run(empty_database_url, "--wait-s", "1")
    assert code == 2
    assert "goes with --check" in output
