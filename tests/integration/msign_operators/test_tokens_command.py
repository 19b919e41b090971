"""Helping somebody whose token is locked."""

import pytest

from services.msign.instruments.pins import counted_as
from services.msign.instruments.tries import MAX_TRIES, StoredTries
from services.msign.tokens import app

ANA, PHONE = "2000000000017", "37369000017"


@pytest.fixture
def run(run_command):
    return lambda *arguments: run_command(app, *arguments)


@pytest.fixture
async def locked(pool):
    """A locked card, a SIM with one wrong PIN, and a token whose last PIN was right."""
    tries = StoredTries(pool)
    for label, wrong in ((f"moldsign-{ANA}", MAX_TRIES), (f"mobile-{PHONE}", 1), (f"securesign-{ANA}", 1)):
        for _ in range(wrong):
            await tries.take(counted_as(label))
    await tries.succeeded(counted_as(f"securesign-{ANA}"))


def test_what_wrong_pins_were_entered_for_is_listed_without_a_number(locked, run):
    listed = run("list").output
    _, phone, card = (line.split() for line in listed.splitlines())
    assert (card[0], card[2:]) == ("moldsign", ["3", "locked"])
    assert (phone[0], phone[2:]) == ("mobile", ["1", "2", "left"])
    assert ANA not in listed
    assert PHONE not in listed


def test_an_unlocked_token_has_all_its_tries_again(locked, run):
    (card,) = [line.split()[1] for line in run("list").output.splitlines() if "locked" in line]
    assert run("unlock", "moldsign", ANA).output == f"token {card} has all 3 tries again\n"
    assert "locked" not in run("list").output
    assert run("unlock", "mobile", PHONE).exit_code == 0
    assert len(run("list").output.splitlines()) == 1


async def test_after_unlocking_a_pin_may_be_entered(locked, pool):
    card = counted_as(f"moldsign-{ANA}")
    assert await StoredTries(pool).take(card) is None
    assert await StoredTries(pool).unlock(card)
    assert await StoredTries(pool).take(card) == MAX_TRIES - 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("unlock", "securesign", ANA), "no wrong PIN was entered for this securesign token"),
        (("unlock", "moldsign", "2000000000024"), "no wrong PIN was entered"),
        (("unlock", "tax", ANA), "no tokens whose tries are counted"),
    ],
)
def test_what_cannot_be_unlocked_is_said_with_exit_code_1(locked, run, arguments, sentence):
    result = run(*arguments)
    assert result.exit_code == 1
    assert sentence in result.stderr
    assert ANA not in result.stderr
