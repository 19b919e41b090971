"""What became of commands that could not be used? `msign-gateway dead list | show | replay | discard`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine, Iterable
from contextlib import AsyncExitStack
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TypeVar

import typer
from rich.console import Console
from rich.markup import escape

from msign_gateway.commands.connecting import AmqpUrl, broker_address
from msign_gateway.commands.extra import need_services
from msign_gateway.commands.listing import show_lines

if TYPE_CHECKING:
    from shared.messaging.dead import DeadLetter, DeadQueue

Result = TypeVar("Result")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
Ids = Annotated[list[str] | None, typer.Argument(help="Ids as `dead list` shows them.")]
Everything = Annotated[bool, typer.Option("--all", help="All of them.")]

app = typer.Typer(no_args_is_help=True)


@app.callback()
def dead() -> None:
    """What became of commands that could not be used."""
    need_services("dead")


@app.command("list")
def show_all(amqp_url: AmqpUrl = None, as_json: AsJson = False) -> None:
    """List every dead letter, oldest first; what is in them is not shown.

    \b
    Examples:
      msign-gateway dead list
      msign-gateway dead list --json | jq -r '.[] | select(.reason == "bug").id'
    """
    found = _run(amqp_url, _letters)
    if as_json:
        typer.echo(json.dumps([_as_data(letter) for letter in found]))
    elif not found:
        typer.echo("no dead letters")
    else:
        show_lines(Console(), ("ID", "DIED AT", "QUEUE", "FROM", "REASON", "DETAIL"), map(_line, found))


@app.command()
def show(
    letter: Annotated[str, typer.Argument(help="An id.")], amqp_url: AmqpUrl = None, as_json: AsJson = False
) -> None:
    """Show where a letter came from, what was wrong with it, and what it died of before."""
    found = _chosen(_run(amqp_url, _letters), [letter])
    if as_json:
        typer.echo(json.dumps(_as_data(found[0])))
        return
    for name, value in _as_data(found[0]).items():
        Console().print(f"[dim]{name.replace('_', ' '):>12}[/]  {escape(_words(value))}", soft_wrap=True)


@app.command()
def replay(amqp_url: AmqpUrl = None, ids: Ids = None, everything: Everything = False) -> None:
    """Send letters again as the commands that they were; the broker has them before they leave the dead queue.

    A command that was carried out already changes nothing when it comes again. The broker's user needs the tag
    `impersonator`, as the shipped `operator` has it.

    \b
    Examples:
      msign-gateway dead replay 3f2a9c01d4be
      msign-gateway dead replay --all
    """
    _some(ids, everything=everything)

    async def replayed(queues: list[DeadQueue]) -> None:
        letters = await _letters(queues)
        wanted = {letter.id for letter in (letters if everything else _chosen(letters, ids or []))}
        for queue in queues:
            await queue.replay(wanted, told=lambda letter: typer.echo(f"replayed {letter.id} to {letter.routing_key}"))

    _run(amqp_url, replayed)


@app.command()
def discard(
    amqp_url: AmqpUrl = None,
    ids: Ids = None,
    everything: Everything = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Throw letters away for good.

    \b
    Examples:
      msign-gateway dead discard 3f2a9c01d4be
      msign-gateway dead discard --all --yes
    """
    _some(ids, everything=everything)
    letters = _run(amqp_url, _letters)
    wanted = {letter.id for letter in (letters if everything else _chosen(letters, ids or []))}
    if not yes:
        typer.confirm(f"Throw {len(wanted)} dead letters away for good?", abort=True)

    async def discarded(queues: list[DeadQueue]) -> int:
        return sum([len(await queue.discard(wanted)) for queue in queues])

    typer.echo(f"discarded {_run(amqp_url, discarded)}")


def _some(ids: list[str] | None, *, everything: bool) -> None:
    if bool(ids) == everything:
        raise typer.BadParameter("give either ids or --all")


async def _letters(queues: list[DeadQueue]) -> list[DeadLetter]:
    return [letter for queue in queues for letter in await queue.letters()]


def _chosen(letters: Iterable[DeadLetter], ids: list[str]) -> list[DeadLetter]:
    by_id = {letter.id: letter for letter in letters}
    if missing := [one for one in ids if one not in by_id]:
        _fail(f"there is no dead letter {', '.join(missing)}")
    return [by_id[one] for one in ids]


def _run(amqp_url: str | None, work: Callable[[list[DeadQueue]], Coroutine[Any, Any, Result]]) -> Result:
    """Do `work` with the dead queues; what is in the way ends the command with a sentence."""
    from aio_pika.exceptions import AMQPError  # noqa: PLC0415 - slow to import

    from shared.errors import MSignGatewayError  # noqa: PLC0415
    from shared.messaging.broker import open_broker  # noqa: PLC0415
    from shared.messaging.dead import DeadQueue  # noqa: PLC0415
    from shared.messaging.topology import COMMAND_QUEUES  # noqa: PLC0415

    address = broker_address(amqp_url)

    async def connected() -> Result:
        async with AsyncExitStack() as stack:
            connection = await stack.enter_async_context(open_broker(address, name="msign-gateway dead"))
            return await work([DeadQueue(connection, queue) for queue in COMMAND_QUEUES])

    try:
        return asyncio.run(connected())
    except MSignGatewayError as error:
        _fail(str(error))
    except (AMQPError, OSError) as error:
        _fail(f"the broker of AMQP_URL cannot be used: {type(error).__name__}: {error}")


def _fail(sentence: str) -> NoReturn:
    typer.echo(f"dead: {sentence}", err=True)
    raise typer.Exit(1)


def _as_data(letter: DeadLetter) -> dict[str, Any]:
    died_at = letter.died_at.isoformat() if letter.died_at else None
    return asdict(letter) | {"died_at": died_at, "replayable": letter.replayable}


def _words(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "-"
    return {None: "-", True: "yes", False: "no"}[value] if isinstance(value, bool | None) else str(value)


def _line(letter: DeadLetter) -> tuple[str, ...]:
    sender = escape(letter.user or "unknown")
    return letter.id, _when(letter.died_at), letter.queue, sender, letter.reason, escape(letter.detail)


def _when(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}" if moment else "-"
