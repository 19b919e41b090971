"""Does everything work here? `msign-gateway demo`."""

from pathlib import Path
from typing import Annotated

import typer


def demo(
    interactive: Annotated[bool, typer.Option(help="Leave it all running, with a sample e-Service page.")] = False,
    with_prometheus: Annotated[
        bool, typer.Option("--with-prometheus", help="Watch it with Prometheus and the alerts that ship.")
    ] = False,
) -> None:
    """Start everything on private servers and play the signing and the verification process.

    Exit code 0 only if everything was as it should be. While it runs, .demo/endpoints.env says where everything is.
    """
    from msign_gateway.demo import run  # noqa: PLC0415 - the services come with the extra `services`

    raise typer.Exit(run.main(Path.cwd(), interactive=interactive, with_prometheus=with_prometheus))
