"""`msign-gateway migrate`, as an operator runs it."""

import asyncio

from typer.testing import CliRunner

from msign_gateway.cli import app


async def run(*arguments):
    return await asyncio.to_thread(CliRunner().invoke, app, ["migrate", *arguments])


async def test_a_database_is_brought_up_to_date_once(empty_database_url):
    first = await run("--database-url", empty_database_url)
    second = await run("--database-url", empty_database_url)
    assert (first.exit_code, first.output) == (0, "applied 001_jobs\n")
    assert (second.exit_code, second.output) == (0, "nothing to do\n")


async def test_two_migrations_at_once_apply_everything_once(empty_database_url):
    outputs = [one.output for one in await asyncio.gather(*(run("--database-url", empty_database_url) for _ in "ab"))]
    assert sorted(outputs) == ["applied 001_jobs\n", "nothing to do\n"]


async def test_a_database_that_is_not_there_is_a_line_and_exit_code_1():
    done = await run("--database-url", "postgresql://nobody@127.0.0.1:1/none")
    assert done.exit_code == 1
    assert done.output.startswith("migrate: ")
    assert done.exception is None or isinstance(done.exception, SystemExit)
