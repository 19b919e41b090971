"""Has the database the tables of this version? `msign-gateway migrate`."""

import asyncio
import time
from collections.abc import Callable
from typing import Annotated

import typer

from msign_gateway.commands.connecting import DatabaseUrl, database_address
from msign_gateway.commands.extra import need_services

LOOK_EVERY_S = 1.0

Check = Annotated[
    bool, typer.Option("--check", help="Change nothing; exit with code 1 unless every migration is applied.")
]
WaitS = Annotated[
    float, typer.Option(min=0, help="With --check: how many seconds to wait for somebody else to apply them.")
]


def migrate(*, database_url: DatabaseUrl = None, check: Check = False, wait_s: WaitS = 0) -> None:
    """Bring the gateway's database up to date. Any number of processes may do so at the same time.

    The provider (`serve msign`) migrates its own database when it starts.
    """
    need_services("migrate")
    if wait_s and not check:
        raise typer.BadParameter("goes with --check", param_hint="--wait-s")
    from shared.errors import MSignGatewayError  # noqa: PLC0415
    from shared.persistence.migrate import migrate as apply  # noqa: PLC0415 - comes with the extra `services`
    from shared.persistence.pool import DATABASE_ERRORS  # noqa: PLC0415

    address = database_address(database_url)
    try:
        said = asyncio.run(up_to_date(address, wait_s) if check else apply(address()))
    except (*DATABASE_ERRORS, ValueError, MSignGatewayError) as error:
        typer.echo(f"migrate: {error or type(error).__name__}", err=True)
        raise typer.Exit(1) from error
    typer.echo("\n".join(said if check else (f"applied {name}" for name in said)) or "nothing to do")


async def up_to_date(address: Callable[[], str], wait_s: float) -> list[str]:
    """Look for `wait_s` seconds until everything is applied; raises what is in the way then."""
    from shared.errors import Transient  # noqa: PLC0415 - comes with the extra `services`
    from shared.persistence.migrate import pending  # noqa: PLC0415
    from shared.persistence.pool import DATABASE_ERRORS  # noqa: PLC0415

    until = time.monotonic() + wait_s
    while True:
        problem: Exception
        try:
            if not (missing := await pending(address())):
                return ["up to date"]
            problem = Transient(f"not applied yet: {', '.join(missing)}")
        except DATABASE_ERRORS as error:
            problem = error
        if time.monotonic() >= until:
            raise problem
        await asyncio.sleep(LOOK_EVERY_S)
