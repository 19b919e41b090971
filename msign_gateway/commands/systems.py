"""Which systems may use the gateway? `msign-gateway systems list | add | rotate-token`, over `SYSTEMS_FILE`."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.markup import escape

from msign_gateway.commands.extra import need_services
from msign_gateway.commands.listing import show_lines

if TYPE_CHECKING:
    from shared.systems import Limits, System

SystemsFile = Annotated[
    Path, typer.Option(envvar="SYSTEMS_FILE", help="The registry that the services read.", show_envvar=True)
]
Name = Annotated[str, typer.Argument(help="The system's name, which is also its broker user's.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]

app = typer.Typer(no_args_is_help=True)


@app.callback()
def systems() -> None:
    """Which systems may use the gateway, and what each may do."""
    need_services("systems")


@app.command("list")
def show_all(systems_file: SystemsFile, as_json: AsJson = False) -> None:
    """List the registered systems with their origins and limits; nothing of their tokens is shown."""
    from shared.errors import Malformed  # noqa: PLC0415
    from shared.systems import Registry  # noqa: PLC0415 - slow to import

    try:
        found = Registry.read(systems_file).systems
    except Malformed as error:
        _fail(str(error))
    if as_json:
        typer.echo(json.dumps([_as_data(system) for system in found]))
    elif not found:
        typer.echo("no systems")
    else:
        _show(found)


@app.command()
def add(
    name: Name,
    *,
    systems_file: SystemsFile,
    origin: Annotated[
        list[str] | None,
        typer.Option(help="An origin that users may be sent back to, https://host; may be given again."),
    ] = None,
    contents_per_job: Annotated[int | None, typer.Option(min=1, help="How many contents a job may have.")] = None,
    content_bytes: Annotated[int | None, typer.Option(min=1, help="How large a content may be.")] = None,
    open_jobs: Annotated[int | None, typer.Option(min=1, help="How many jobs may be unfinished at a time.")] = None,
    jobs_per_minute: Annotated[int | None, typer.Option(min=1, help="How many jobs may begin in a minute.")] = None,
    as_json: AsJson = False,
) -> None:
    """Register a system and print its token for the HTTP API: this once, since only its SHA-256 is kept.

    Running services take it up by themselves. The broker needs a user of the same name.

    \b
    Examples:
      msign-gateway systems add declaratii --origin https://declaratii.example
      msign-gateway systems add registru --open-jobs 1000 --jobs-per-minute 60
      TOKEN=$(msign-gateway systems add portal --origin https://portal.example)
    """
    from msign_gateway.registration import add as register  # noqa: PLC0415 - slow to import

    given = {
        "contents_per_job": contents_per_job,
        "content_bytes": content_bytes,
        "open_jobs": open_jobs,
        "jobs_per_minute": jobs_per_minute,
    }
    limits = _limits({key: value for key, value in given.items() if value is not None})
    _hand_out(name, lambda: register(systems_file, name, origin or [], limits), as_json=as_json)
    if not origin and not as_json:
        typer.echo(f"{name} has no --origin: it cannot have anything signed, only verified", err=True)


@app.command("rotate-token")
def rotate(
    name: Name,
    systems_file: SystemsFile,
    keep_hours: Annotated[
        float, typer.Option("--keep-old-hours", min=0, help="How long the old one stays good as well.")
    ] = 24,
    drop_old: Annotated[
        bool, typer.Option("--drop-old", help="Refuse the old one at once, because somebody else may have it.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Give a system a new token and print it, this once. The old one stays good for a day, so that there is no gap.

    Only the newest two count: a token that was replaced before is refused. `drop-old-token` ends the day early.

    \b
    Examples:
      msign-gateway systems rotate-token declaratii
      msign-gateway systems rotate-token declaratii --drop-old
    """
    from msign_gateway.registration import rotate_token  # noqa: PLC0415 - slow to import

    until = None if drop_old else datetime.now(UTC) + timedelta(hours=keep_hours)
    _hand_out(name, lambda: rotate_token(systems_file, name, old_until=until), as_json=as_json)
    if until is not None and not as_json:
        typer.echo(f"the old token is good until {until:%Y-%m-%d %H:%M} UTC", err=True)


@app.command("drop-old-token")
def drop_old_token(name: Name, systems_file: SystemsFile) -> None:
    """Refuse a system's old token from now on; the new one stays."""
    from msign_gateway import registration  # noqa: PLC0415 - slow to import
    from shared.errors import Malformed  # noqa: PLC0415

    try:
        registration.drop_old_token(systems_file, name)
    except Malformed as error:
        _fail(str(error))


def _hand_out(name: str, made: Callable[[], str], *, as_json: bool) -> None:
    """Print the token alone, for `TOKEN=$(…)`; what else there is to say goes to standard error."""
    from shared.errors import Malformed  # noqa: PLC0415

    try:
        token = made()
    except Malformed as error:
        _fail(str(error))
    if as_json:
        typer.echo(json.dumps({"name": name, "token": token}))
    else:
        typer.echo(f"the token of {name}, shown this once:", err=True)
        typer.echo(token)


def _limits(given: dict[str, int]) -> Limits:
    from pydantic import ValidationError  # noqa: PLC0415 - slow to import

    from shared.systems import Limits  # noqa: PLC0415

    try:
        return Limits.model_validate(given)
    except ValidationError as error:
        (first, *_) = error.errors(include_url=False, include_input=False)
        _fail(f"--{str(first['loc'][0]).replace('_', '-')}: {first['msg']}")


def _fail(sentence: str) -> NoReturn:
    typer.echo(f"systems: {sentence}", err=True)
    raise typer.Exit(1)


def _as_data(system: System) -> dict[str, Any]:
    former = system.former_token
    old = {"old_token_until": former.until.isoformat() if former else None}
    return system.model_dump(mode="json", exclude={"token_sha256", "former_token"}) | old


def _show(found: tuple[System, ...]) -> None:
    """Print a line for each system, and one for each further origin; of old tokens only where there is one."""
    headings = ["SYSTEM", "RETURNS TO", "CONTENTS", "BYTES", "OPEN JOBS", "JOBS/MIN"]
    if any(system.former_token for system in found):
        headings.append("OLD TOKEN UNTIL")
    show_lines(Console(), headings, (_line(system)[: len(headings)] for system in found))


def _line(system: System) -> tuple[str, ...]:
    limits = system.limits
    return (
        system.name,
        escape("\n".join(system.return_origins) or "-"),
        *map(str, (limits.contents_per_job, limits.content_bytes, limits.open_jobs)),
        str(limits.jobs_per_minute or "-"),
        f"{system.former_token.until:%Y-%m-%d %H:%M}" if system.former_token else "-",
    )
