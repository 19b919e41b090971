"""Which of the servers that an address names can be written to? The first that says so.

They are tried in order, but none is waited for long: one whose machine is gone does not say that it is not there. Nor
does it say so on a connection that stands: there the kernel finds out.
"""

import asyncio
import socket
from contextlib import suppress
from typing import Any

import asyncpg
from asyncpg.connect_utils import SessionAttribute

from shared.addresses import Address, each_host, url_of

WRITABLE = SessionAttribute.read_write
"""libpq's `target_session_attrs`: a standby, or a primary that was made read-only, is not what we look for."""
HEAD_START_S = 1.0
"""How long a server may take until the next one is tried beside it."""
WITHIN_S = 10.0
GONE_AFTER_S = 10
"""How long a connection lives whose other end acknowledges nothing; asyncpg gives a statement up after a minute."""
ASKED_EVERY_S = 3
"""How often the other end is asked for an acknowledgement while there is nothing to send."""


async def connect(address: Address, *, within_s: float = WITHIN_S, **options: Any) -> Any:
    """Return a connection to where `address` leads now, made with these options of asyncpg; each host has `within_s`.

    Raises what the last one of them to fail said: `OSError` and `TimeoutError`, or one of asyncpg's own errors.
    """
    left = each_host(url_of(address))
    trying: list[asyncio.Task[Any]] = []
    pending: set[asyncio.Task[Any]] = set()
    chosen: asyncio.Task[Any] | None = None
    try:
        while chosen is None and (left or pending):
            if left:
                one = asyncpg.connect(left.pop(0), timeout=within_s, target_session_attrs=WRITABLE, **options)
                trying.append(asyncio.ensure_future(one))
                pending.add(trying[-1])
            head_start_s = HEAD_START_S if left else None
            done, pending = await asyncio.wait(pending, timeout=head_start_s, return_when=asyncio.FIRST_COMPLETED)
            chosen = next((task for task in done if not task.exception()), None)
    finally:
        await _leave([task for task in trying if task is not chosen])
    connection = (chosen or trying[-1]).result()
    _notice_when_gone(connection._transport.get_extra_info("socket"))
    return connection


async def _leave(others: list[asyncio.Task[Any]]) -> None:
    for task in others:
        task.cancel()
    for found in await asyncio.gather(*others, return_exceptions=True):
        if isinstance(found, asyncpg.Connection):
            found.terminate()


def _notice_when_gone(connected: socket.socket | None) -> None:
    """Have the kernel break the connection when its other end is gone (RFC 5482); Linux can do it."""
    if connected is None or connected.family == socket.AF_UNIX or not hasattr(socket, "TCP_USER_TIMEOUT"):
        return
    with suppress(OSError, ValueError):  # it is lost already, as whoever uses it will learn; uvloop has no socket then
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in (
            (socket.TCP_KEEPIDLE, ASKED_EVERY_S),
            (socket.TCP_KEEPINTVL, ASKED_EVERY_S),
            (socket.TCP_USER_TIMEOUT, GONE_AFTER_S * 1000),
        ):
            connected.setsockopt(socket.IPPROTO_TCP, option, value)
