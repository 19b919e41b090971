"""When does the breaker open, and how long does it stay open?"""

import pytest

from shared.contract.arriving import NotKept
from shared.contract.faults import AuthenticationFailed, UnknownFault
from shared.contract.transport import AmbiguousCall
from shared.errors import ProviderDown
from shared.signing.breaker import LONGEST_PAUSE_S, UNANSWERED_IN_A_ROW, Breaker

LATE = AmbiguousCall("MSign did not answer in time")
DOWN = ProviderDown("MSign cannot be reached")


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self):
        self.now_s = 1000.0

    def __call__(self):
        return self.now_s


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def breaker(clock):
    return Breaker(clock)


def pause_of(breaker, clock):
    return breaker._closed_from - clock.now_s


def test_answers_that_our_own_disk_has_no_room_for_do_not_open_it(breaker):
    for _ in range(2 * UNANSWERED_IN_A_ROW):
        breaker.failed(NotKept("no space left"))
    assert not breaker.open


@pytest.mark.parametrize("error", [DOWN, AuthenticationFailed("who are you?")])
def test_an_msign_that_is_down_opens_it_at_once(breaker, error):
    breaker.failed(error)
    assert breaker.open


def test_calls_without_an_answer_open_it_when_there_are_several_in_a_row(breaker):
    for _ in range(UNANSWERED_IN_A_ROW - 1):
        breaker.failed(LATE)
    assert not breaker.open
    breaker.failed(LATE)
    assert breaker.open


def test_one_answer_in_between_breaks_the_row(breaker):
    for _ in range(UNANSWERED_IN_A_ROW - 1):
        breaker.failed(LATE)
    breaker.succeeded()
    breaker.failed(LATE)
    assert not breaker.open


def test_faults_are_answers_however_many_there_are(breaker):
    for _ in range(3 * UNANSWERED_IN_A_ROW):
        breaker.failed(UnknownFault("out of order"))
    assert not breaker.open


def test_each_probe_that_fails_doubles_the_pause_up_to_a_limit(breaker, clock):
    pauses = []
    for _ in range(7):
        breaker.failed(DOWN)
        pauses.append(pause_of(breaker, clock))
        clock.now_s += pauses[-1]
    assert pauses == [1, 2, 4, 8, 16, LONGEST_PAUSE_S, LONGEST_PAUSE_S]


def test_calls_that_began_before_the_pause_do_not_lengthen_it(breaker, clock):
    for _ in range(20):
        breaker.failed(DOWN)
    assert pause_of(breaker, clock) == 1


def test_a_probe_without_an_answer_keeps_it_open(breaker, clock):
    breaker.failed(DOWN)
    clock.now_s += 1
    breaker.failed(LATE)
    assert pause_of(breaker, clock) == 2


async def test_one_probe_is_let_through_after_the_pause_and_an_answer_closes_it(breaker, clock):
    breaker.failed(DOWN)
    clock.now_s += 1
    assert await breaker.room(8) == 1
    breaker.succeeded()
    assert await breaker.room(8) == 8
