"""Where is my signature? `msign-gateway jobs list | show | watch`, over the gateway's database."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TypeVar

import typer
from rich.console import Console

from msign_gateway.commands.connecting import DatabaseUrl, database_address
from msign_gateway.commands.extra import need_services
from shared.signing.states import Kind, State

if TYPE_CHECKING:
    import asyncpg

    from shared.persistence.inquiries import Change, Sight

Result = TypeVar("Result")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
InSystem = Annotated[str | None, typer.Option("--system", help="Jobs of this system only.")]
Wanted = Annotated[str, typer.Argument(metavar="JOB_ID|COMMAND_ID", help="A job's id, or its command's.")]

app = typer.Typer(no_args_is_help=True)


@app.callback()
def jobs() -> None:
    """Where every job is, and how it got there. Contents, certificates and personal numbers are never shown."""
    need_services("jobs")


@app.command("list")
def show_all(
    database_url: DatabaseUrl = None,
    system: InSystem = None,
    state: Annotated[State | None, typer.Option(help="Jobs in this state only.")] = None,
    kind: Annotated[Kind | None, typer.Option(help="Jobs of this kind only.")] = None,
    overdue: Annotated[
        bool, typer.Option("--overdue", help="Jobs only that are past their deadline, or that nobody works on.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many at most.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List the newest jobs, newest first. Exit code 0 even when there are none.

    \b
    Examples:
      msign-gateway jobs list --overdue
      msign-gateway jobs list --system declaratii --state awaiting_signer --limit 20
      msign-gateway jobs list --json | jq -r '.[] | select(.failures > 0).job_id'
    """
    from shared.persistence import inquiries  # noqa: PLC0415

    async def listed(pool: asyncpg.Pool) -> list[Sight]:
        return await inquiries.list_jobs(pool, system=system, state=state, kind=kind, overdue=overdue, limit=limit)

    found = _run(database_url, listed)
    if as_json:
        typer.echo(_json([asdict(job) for job in found]))
    elif not found:
        typer.echo("no such jobs")
    else:
        from msign_gateway.commands import jobs_view  # noqa: PLC0415

        jobs_view.show_list(Console(), found)


@app.command()
def show(wanted: Wanted, database_url: DatabaseUrl = None, system: InSystem = None, as_json: AsJson = False) -> None:
    """Tell where a job is, what it waits for, and everything that happened to it. Exit code 1 if there is none.

    Times are UTC.

    \b
    Examples:
      msign-gateway jobs show 01a20fd3-743e-70b3-89ac-93010c1d5d45
      msign-gateway jobs show order-4711 --system declaratii
      msign-gateway jobs show order-4711 --json | jq -r .whereabouts
    """
    from msign_gateway.commands import jobs_view  # noqa: PLC0415
    from shared.persistence import inquiries  # noqa: PLC0415

    async def told(pool: asyncpg.Pool) -> inquiries.Story:
        return await inquiries.story(pool, await _one(pool, wanted, system))

    story = _run(database_url, told)
    if as_json:
        typer.echo(_json(asdict(story) | {"whereabouts": jobs_view.whereabouts(story)}))
    else:
        jobs_view.show_story(Console(), story)


@app.command()
def watch(
    database_url: DatabaseUrl = None,
    wanted: Annotated[
        str | None, typer.Argument(metavar="[JOB_ID|COMMAND_ID]", help="One job; without it, all of them.")
    ] = None,
    system: InSystem = None,
    as_json: AsJson = False,
) -> None:
    """Follow changes of state as they happen, one line each: of one job until it is finished, or of all until Ctrl-C.

    Of all jobs, those are followed that begin from now on, and the newest 1000 that are not finished.

    \b
    Examples:
      msign-gateway jobs watch --system declaratii
      msign-gateway jobs watch order-4711
    """
    from msign_gateway.commands import jobs_view, jobs_watch  # noqa: PLC0415

    console = Console()

    def tell(change: Change) -> None:
        if as_json:
            typer.echo(_json(asdict(change)))
        else:
            jobs_view.show_change(console, change)

    async def followed(pool: asyncpg.Pool) -> None:
        job = None if wanted is None else await _one(pool, wanted, system)
        await jobs_watch.follow(pool, database_address(database_url), job, system, tell)

    try:
        _run(database_url, followed)
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


async def _one(pool: asyncpg.Pool, wanted: str, system: str | None) -> Sight:
    from shared.persistence import inquiries  # noqa: PLC0415

    found = [job for job in await inquiries.find(pool, wanted) if system in {None, job.system}]
    if not found:
        _fail(
            f"there is no job {wanted}" + (f" of {system}" if system else "") + " (finished ones are forgotten in time)"
        )
    if len(found) > 1:
        _fail(f"{wanted} is a command of {', '.join(job.system for job in found)}: say which by --system")
    return found[0]


def _run(database_url: str | None, work: Callable[[asyncpg.Pool], Coroutine[Any, Any, Result]]) -> Result:
    """Do `work` with the database; what is in the way ends the command with a sentence."""
    import asyncpg  # noqa: PLC0415 - comes with the extra `services`

    from shared.persistence.pool import DATABASE_ERRORS, open_pool  # noqa: PLC0415

    address = database_address(database_url)

    async def connected() -> Result:
        async with open_pool(address, max_size=1) as pool:
            return await work(pool)

    try:
        return asyncio.run(connected())
    except asyncpg.UndefinedTableError:
        _fail("the database of DATABASE_URL has no jobs: is it the gateway's, and was `msign-gateway migrate` run?")
    except (*DATABASE_ERRORS, ValueError) as error:
        _fail(f"the database of DATABASE_URL cannot be used: {type(error).__name__}: {error}")


def _fail(sentence: str) -> NoReturn:
    typer.echo(f"jobs: {sentence}", err=True)
    raise typer.Exit(1)


def _json(value: object) -> str:
    return json.dumps(value, default=_plain, ensure_ascii=False)


def _plain(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
