"""How is a document signed while everybody else is served?

Reading and writing a large file takes its time wherever it is called. So it runs in a thread with an event loop of its
own, and comes back to the service's loop for the key and for the timestamp, which belong there.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from cryptography import x509

from shared.signatures.keys import SigningKey
from shared.signatures.timestamps import Timestamper

Result = TypeVar("Result")
Loop = asyncio.AbstractEventLoop


async def sign_aside(
    work: Callable[[SigningKey, Timestamper], Coroutine[Any, Any, bytes]], key: SigningKey, timestamper: Timestamper
) -> bytes:
    """Return what `work` makes with the key and the timestamper, and raise what it raises."""
    home = asyncio.get_running_loop()
    return await asyncio.to_thread(asyncio.run, work(_KeyAtHome(key, home), _TimestamperAtHome(timestamper, home)))


class _KeyAtHome:
    """A key that signs in its own loop."""

    def __init__(self, key: SigningKey, home: Loop) -> None:
        self._key = key
        self._home = home

    @property
    def certificate(self) -> x509.Certificate:
        return self._key.certificate

    @property
    def chain(self) -> tuple[x509.Certificate, ...]:
        return self._key.chain

    async def sign(self, data: bytes, digest: str = "sha256") -> bytes:
        return await _at(self._home, self._key.sign(data, digest))


class _TimestamperAtHome:
    """A timestamper that asks in its own loop."""

    def __init__(self, timestamper: Timestamper, home: Loop) -> None:
        self._timestamper = timestamper
        self._home = home

    async def stamp(self, digest: bytes, algorithm: str = "sha256") -> bytes:
        return await _at(self._home, self._timestamper.stamp(digest, algorithm))


async def _at(home: Loop, call: Coroutine[Any, Any, Result]) -> Result:
    return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(call, home))
