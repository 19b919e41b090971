"""Has the database the tables of this version? `msign-gateway migrate`."""

import asyncio

import typer

from msign_gateway.commands.connecting import DatabaseUrl, database_address
from msign_gateway.commands.extra import need_services


def migrate(database_url: DatabaseUrl = None) -> None:
    """Bring the gateway's database up to date. Any number of processes may do so at the same time.

    The provider (`serve msign`) migrates its own database when it starts.
    """
    need_services("migrate")
    from shared.errors import MSignGatewayError  # noqa: PLC0415
    from shared.persistence.migrate import migrate as apply  # noqa: PLC0415 - comes with the extra `services`
    from shared.persistence.pool import DATABASE_ERRORS  # noqa: PLC0415

    address = database_address(database_url)
    try:
        applied = asyncio.run(apply(address()))
    except (*DATABASE_ERRORS, ValueError, MSignGatewayError) as error:
        typer.echo(f"migrate: {error}", err=True)
        raise typer.Exit(1) from error
    typer.echo("\n".join(f"applied {name}" for name in applied) or "nothing to do")
