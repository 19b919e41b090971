"""Which TCP ports on the loopback interface are free?"""

import fcntl
import functools
import os
import random
import socket
import tempfile
from contextlib import ExitStack
from pathlib import Path

from msign_gateway.infrastructure.errors import InfrastructureError

# Below the ranges that systems take outgoing connections' ports from (RFC 6335's and Linux's), so that no client
# takes a port between the choice here and the server's start.
_RANGE = range(15_000, 32_000)

# Handed out by this process: whoever got one may not listen on it yet.
_taken: set[int] = set()


def free_ports(count: int) -> list[int]:
    """Return `count` different free ports, none of which this process or another one of ours was given before."""
    found: list[int] = []
    with ExitStack() as stack:
        for port in random.sample(_RANGE, k=min(len(_RANGE), 50 * count)):
            if len(found) == count:
                break
            if port in _taken:
                continue
            probe = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
            try:
                probe.bind(("0.0.0.0", port))  # noqa: S104 - free on every address, and never listened on
            except OSError:
                continue
            if _claimed(port):
                found.append(port)
    if len(found) < count:
        raise InfrastructureError(f"there are no {count} free ports between {_RANGE.start} and {_RANGE.stop}")
    _taken.update(found)
    return found


def _claimed(port: int) -> bool:
    """Claim a port among this user's processes for as long as this one lives: demos and tests run side by side."""
    try:
        fcntl.lockf(_claims(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
    except OSError:
        return False
    return True


@functools.cache
def _claims() -> int:
    """Open the file whose bytes are locked, one for each claimed port."""
    path = Path(tempfile.gettempdir(), f"msign-ports-{os.geteuid()}")
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)


def listens(port: int, host: str = "127.0.0.1") -> bool:
    """Tell whether somebody accepts connections on the port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, port)) == 0
