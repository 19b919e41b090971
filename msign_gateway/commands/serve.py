"""How is a service run by hand? `msign-gateway serve <service>|all`."""

import os
import signal
import subprocess
import sys
from enum import StrEnum
from typing import Annotated

import typer


class ServiceName(StrEnum):
    """What can be served; `all` is the three gateway services."""

    SIGN_GATEWAY = "sign_gateway"
    CALLBACK_WEB = "callback_web"
    VERIFIER = "verifier"
    MSIGN = "msign"
    ALL = "all"


GATEWAY = (ServiceName.SIGN_GATEWAY, ServiceName.CALLBACK_WEB, ServiceName.VERIFIER)


def serve(service: Annotated[ServiceName, typer.Argument(help="One service, or all three of the gateway.")]) -> None:
    """Run a service with the settings of the environment.

    With `all`, a setting can be given to one service alone by its name in front: VERIFIER_OPS_PORT.
    """
    if service is not ServiceName.ALL:
        os.execv(sys.executable, [sys.executable, "-m", f"services.{service}"])  # noqa: S606
    raise typer.Exit(_all())


def _all() -> int:
    """Run the gateway's services until one ends or we are told to stop; then all of them end."""
    children = [
        subprocess.Popen([sys.executable, "-m", f"services.{name}"], env=own_environment(name))  # noqa: S603
        for name in GATEWAY
    ]
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, lambda *_: terminate(children))
    _, status = os.wait()
    terminate(children)
    codes = [os.waitstatus_to_exitcode(status), *(child.wait() for child in children)]
    return max(map(abs, codes))


def terminate(children: list["subprocess.Popen[bytes]"]) -> None:
    """Ask every child to stop."""
    for child in children:
        child.terminate()


def own_environment(service: str) -> dict[str, str]:
    """Return the environment of one service: its own `<SERVICE>_<NAME>` variables stand for `<NAME>`."""
    prefix = f"{service.upper()}_"
    own = {name.removeprefix(prefix): value for name, value in os.environ.items() if name.startswith(prefix)}
    return dict(os.environ) | own
