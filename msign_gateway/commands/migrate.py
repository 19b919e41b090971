"""Has the database the tables of this version? `msign-gateway migrate`."""

import asyncio
from typing import Annotated

import typer


def migrate(
    database_url: Annotated[str, typer.Option(envvar="DATABASE_URL", help="The gateway's database.")],
) -> None:
    """Bring the gateway's database up to date. Any number of processes may do so at the same time.

    The provider (`serve msign`) migrates its own database when it starts.
    """
    from shared.errors import MSignGatewayError  # noqa: PLC0415
    from shared.persistence.migrate import migrate as apply  # noqa: PLC0415 - comes with the extra `services`

    try:
        applied = asyncio.run(apply(database_url))
    except (OSError, MSignGatewayError) as error:
        typer.echo(f"migrate: {error}", err=True)
        raise typer.Exit(1) from error
    typer.echo("\n".join(f"applied {name}" for name in applied) or "nothing to do")
