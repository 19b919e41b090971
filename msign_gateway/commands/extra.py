"""Is the extra installed that a command needs? The base installation is enough for the client, `sign` and `schemas`."""

from importlib.util import find_spec

import typer


def need_services(command: str) -> None:
    """End `command` with a sentence and exit code 1 where the extra `services` is not installed."""
    if find_spec("asyncpg") is None:
        typer.echo(f"{command}: needs the extra: pip install 'msign-gateway[services]'", err=True)
        raise typer.Exit(1)
