"""Does guessing over many tokens soon have to wait, and nobody else with it?"""

from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from services.msign.instruments.guesses import MAX_WRONG, Guesses, Limited
from services.msign.instruments.instrument import OpenKey, Refusal, Refused
from shared.contract.models import Instrument
from shared.persistence.pool import open_pool
from tests.pki import TestPki


class Answering:
    """An instrument that answers as the test says."""

    name = Instrument.MOLDSIGN
    fields = ()
    pin_per_document = False
    refusal: Refusal | None = Refusal.WRONG_PIN

    @asynccontextmanager
    async def open(self, form):
        if self.refusal:
            raise Refused(self.refusal)
        yield OpenKey(TestPki.make().signer)


@pytest.fixture
async def pool(msign_database_url):
    async with open_pool(msign_database_url) as pool:
        yield pool


@pytest.fixture
def answering():
    return Answering()


@pytest.fixture
def limited(pool, answering):
    return Limited(answering, Guesses(pool))


async def outcome(limited, request_id="a"):
    try:
        async with limited.open({"RequestID": request_id}) as opened:
            return opened.key is not None
    except Refused as error:
        return error.why


async def test_the_page_of_a_request_takes_so_many_wrong_entries(limited, answering):
    assert {await outcome(limited) for _ in range(MAX_WRONG)} == {Refusal.WRONG_PIN}
    answering.refusal = None
    assert await outcome(limited) is Refusal.TOO_MANY_TRIES
    assert await outcome(limited, "b") is True


async def test_who_has_to_wait_is_told_how_long(limited, pool):
    for _ in range(MAX_WRONG):
        await outcome(limited)
    await pool.execute("UPDATE wrong_entries SET made_at = made_at - interval '4 minutes'")
    with pytest.raises(Refused) as caught:
        async with limited.open({"RequestID": "a"}):
            pass
    assert caught.value.wait
    assert timedelta(minutes=5) < caught.value.wait <= timedelta(minutes=6)


async def test_after_a_while_entries_are_taken_again_and_old_ones_forgotten(limited, answering, pool):
    for _ in range(MAX_WRONG):
        await outcome(limited)
    await pool.execute("UPDATE wrong_entries SET made_at = made_at - interval '11 minutes'")
    assert await outcome(limited) is Refusal.WRONG_PIN
    await Guesses(pool).forget_ended()
    assert await pool.fetchval("SELECT count(*) FROM wrong_entries") == 1


@pytest.mark.parametrize("why", [Refusal.STATUS_UNKNOWN, Refusal.CERTIFICATE_EXPIRED, None])
async def test_what_is_no_guess_is_not_counted(limited, answering, pool, why):
    answering.refusal = why
    await outcome(limited)
    assert await pool.fetchval("SELECT count(*) FROM wrong_entries") == 0
