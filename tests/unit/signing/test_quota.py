"""How often is the database asked what a system has used of its limits?"""

from datetime import UTC, datetime

import pytest

from shared.messaging.problems import Code
from shared.signing.quota import AMPLE, COUNTED_FOR_S, Quota
from shared.systems import Limits, System

NOW = datetime(2026, 11, 30, tzinfo=UTC)


class Counting:
    """A database in which a system has used `answer`; it notes how often it was asked."""

    def __init__(self, answer: int) -> None:
        self.answer = answer
        self.asked = 0

    async def fetchval(self, *_: object) -> int:
        self.asked += 1
        return self.answer


def system(**limits):
    return System(name="declaratii", token_sha256="0" * 64, limits=Limits(**limits))


@pytest.fixture
def clock():
    return [0.0]


@pytest.fixture
def quota(clock):
    return Quota(lambda: clock[0])


async def test_a_count_is_good_for_a_second_while_there_is_ample_room(quota, clock):
    database = Counting(5)
    for moment in (0.0, COUNTED_FOR_S / 2, COUNTED_FOR_S, COUNTED_FOR_S * 1.5):
        clock[0] = moment
        await quota.count(database, system(), NOW)
    assert database.asked == 2


@pytest.mark.parametrize("limits", [{"open_jobs": AMPLE + 4}, {"jobs_per_minute": AMPLE + 4}])
async def test_near_a_bound_every_batch_is_counted(quota, limits):
    database = Counting(5)
    await quota.count(database, system(**limits), NOW)
    first = database.asked
    await quota.count(database, system(**limits), NOW)
    assert database.asked == 2 * first


async def test_what_was_taken_since_the_count_counts_as_well(quota):
    database = Counting(0)
    limited = system(open_jobs=AMPLE + 2)
    await quota.count(database, limited, NOW)
    assert [quota.take(limited) for _ in range(3)] == [None] * 3
    await quota.count(database, limited, NOW)
    assert database.asked == 2


async def test_a_system_that_has_too_much_open_hears_so_and_may_again_once_less_is(quota):
    database = Counting(2)
    limited = system(open_jobs=2)
    await quota.count(database, limited, NOW)
    problem = quota.take(limited)
    assert problem is not None
    assert problem.code is Code.TOO_MANY_OPEN
    database.answer = 1
    await quota.count(database, limited, NOW)
    assert quota.take(limited) is None
