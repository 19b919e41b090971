"""Who counts wrong PINs, since SoftHSM itself never locks? The provider, for all its processes."""

import asyncio
import os
import sys

import pytest

from services.msign.instruments.instrument import Refusal, Refused
from services.msign.instruments.pins import PinnedTokens
from services.msign.instruments.stores import Pkcs11Store
from services.msign.instruments.tries import StoredTries
from shared.errors import Transient
from shared.persistence.pool import open_pool
from tests.integration.msign_instruments.conftest import PIN
from tests.provider import AnyCertificate

_OTHER_PROCESS = """
import asyncio, sys
from pathlib import Path
from services.msign.instruments.instrument import Refused
from services.msign.instruments.pins import PinnedTokens
from services.msign.instruments.stores import Pkcs11Store
from services.msign.instruments.tries import StoredTries
from shared.persistence.pool import open_pool
from tests.provider import AnyCertificate

async def main(url, module, label, pin):
    async with open_pool(url) as pool:
        try:
            async with PinnedTokens(Pkcs11Store(Path(module)), StoredTries(pool), AnyCertificate()).open(label, pin):
                print("opened")
        except Refused as error:
            print(error.why.value)

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.fixture
async def pool(msign_database_url):
    async with open_pool(msign_database_url) as pool:
        yield pool


@pytest.fixture
def tokens(softhsm, pool):
    return PinnedTokens(Pkcs11Store(softhsm), StoredTries(pool), AnyCertificate())


async def outcome(tokens, label, pin):
    try:
        async with tokens.open(label, pin) as opened:
            return await opened.key.sign(b"data") != b""
    except Refused as error:
        return error.why


async def other_process(url, softhsm, label, pin):
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _OTHER_PROCESS, url, str(softhsm), label, pin,
        stdout=asyncio.subprocess.PIPE, env=dict(os.environ),
    )  # fmt: skip
    output, _ = await process.communicate()
    return output.decode().strip()


async def test_three_wrong_pins_lock_a_token_and_no_other(tokens):
    assert await outcome(tokens, "moldsign-1", "999999") is Refusal.WRONG_PIN
    assert await outcome(tokens, "moldsign-1", "999999") is Refusal.WRONG_PIN
    assert await outcome(tokens, "moldsign-1", "999999") is Refusal.LOCKED
    assert await outcome(tokens, "moldsign-1", PIN) is Refusal.LOCKED
    assert await outcome(tokens, "moldsign-2", PIN) is True


async def test_tries_and_the_lock_are_shared_with_another_process(tokens, softhsm, msign_database_url):
    assert await outcome(tokens, "moldsign-1", "999999") is Refusal.WRONG_PIN
    assert await other_process(msign_database_url, softhsm, "moldsign-1", "999999") == "wrong_pin"
    assert await outcome(tokens, "moldsign-1", "999999") is Refusal.LOCKED
    assert await other_process(msign_database_url, softhsm, "moldsign-1", PIN) == "locked"


async def test_another_process_opens_the_same_token_at_the_same_time(tokens, softhsm, msign_database_url):
    async with tokens.open("moldsign-1", PIN) as opened:
        assert await other_process(msign_database_url, softhsm, "moldsign-1", PIN) == "opened"
        assert await opened.key.sign(b"data")


async def test_guesses_made_at_once_share_three_tries(tokens):
    outcomes = await asyncio.gather(*(outcome(tokens, "moldsign-1", f"99999{n}") for n in range(6)))
    assert sorted(outcomes) == [Refusal.LOCKED] * 4 + [Refusal.WRONG_PIN] * 2


async def test_a_token_that_fails_costs_no_try(pool):
    class Broken:
        async def has(self, label):
            return True

        def open(self, label, pin):
            raise Transient("the module failed")

    tries = StoredTries(pool)
    for _ in range(4):
        with pytest.raises(Transient):
            async with PinnedTokens(Broken(), tries, AnyCertificate()).open("moldsign-1", PIN):
                pass
    assert await pool.fetchval("SELECT used FROM token_tries") == 0
