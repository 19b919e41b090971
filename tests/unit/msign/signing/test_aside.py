"""Are others served while a document is signed, and are the key and the timestamper called where they belong?"""

import asyncio
import threading

import pytest

from services.msign.signing.aside import sign_aside
from shared.errors import Malformed, Transient
from tests.pki import TestPki


class Here:
    """A key and a timestamper that remember in which loop they were called."""

    def __init__(self, error=None):
        self.inner = TestPki.make()
        self.error = error
        self.called_in = []

    certificate = property(lambda self: self.inner.signer.certificate)
    chain = property(lambda self: self.inner.signer.chain)

    async def sign(self, data, digest="sha256"):
        self.called_in.append(asyncio.get_running_loop())
        if self.error:
            raise self.error
        return await self.inner.signer.sign(data, digest)

    async def stamp(self, digest, algorithm="sha256"):
        self.called_in.append(asyncio.get_running_loop())
        return await self.inner.timestamper.stamp(digest, algorithm)


async def test_the_loop_goes_on_while_the_document_is_read():
    begun, goes_on = asyncio.Event(), threading.Event()
    home = asyncio.get_running_loop()

    async def work(_key, _timestamper):
        home.call_soon_threadsafe(begun.set)
        assert goes_on.wait(timeout=30), "nobody else got a turn"
        return b"signed"

    signing = asyncio.create_task(sign_aside(work, Here(), Here()))
    await begun.wait()
    goes_on.set()
    assert await signing == b"signed"


async def test_key_and_timestamper_are_called_at_home_and_give_what_they_would():
    here = Here()

    async def work(key, timestamper):
        assert asyncio.get_running_loop() is not home
        assert (key.certificate, key.chain) == (here.certificate, here.chain)
        return await key.sign(b"data") + await timestamper.stamp(b"d" * 32)

    home = asyncio.get_running_loop()
    made = await sign_aside(work, here, here)
    assert made.startswith(await here.inner.signer.sign(b"data"))
    assert here.called_in == [home, home]


@pytest.mark.parametrize("error", [Transient("the token is gone"), Malformed("no key")])
async def test_what_the_key_raises_is_raised(error):
    here = Here(error)

    async def work(key, _timestamper):
        return await key.sign(b"data")

    with pytest.raises(type(error)) as caught:
        await sign_aside(work, here, here)
    assert caught.value is error
