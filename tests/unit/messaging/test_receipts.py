"""Is nothing acknowledged that was not dealt with, and everything that was?"""

from itertools import islice

from hypothesis import given
from hypothesis import strategies as st

from shared.messaging.receipts import Receipts


class Broker:
    """Keeps the open deliveries as RabbitMQ does: who names one that is not open has broken the channel."""

    def __init__(self, deliveries: int) -> None:
        self.open = set(range(1, deliveries + 1))
        self.words = 0

    async def basic_ack(self, tag: int, multiple: bool = False) -> None:
        assert tag in self.open
        self.words += 1
        self.open -= {one for one in self.open if one <= tag} if multiple else {tag}


async def test_batches_in_turn_take_one_word_each():
    broker = Broker(100)
    receipts = Receipts(broker)  # type: ignore[arg-type] # a broker that only hears words
    for first in (1, 51):
        await receipts.give(range(first, first + 50))
    assert (broker.words, broker.open) == (2, set())


async def test_what_waits_in_between_stays_open_until_its_turn():
    broker = Broker(7)
    receipts = Receipts(broker)  # type: ignore[arg-type] # a broker that only hears words
    await receipts.give([1, 3, 4])
    assert broker.open == {2, 5, 6, 7}
    await receipts.give([2])
    await receipts.give([5, 6, 7])
    assert (broker.words, broker.open) == (5, set())


@given(st.permutations(range(1, 13)), st.lists(st.integers(1, 4), min_size=12, max_size=12))
async def test_in_any_order_exactly_what_was_dealt_with_is_acknowledged(order, sizes):
    broker, tags, dealt_with = Broker(12), iter(order), set()
    receipts = Receipts(broker)  # type: ignore[arg-type] # a broker that only hears words
    for size in sizes:
        some = list(islice(tags, size))
        await receipts.give(some)
        dealt_with.update(some)
        assert broker.open == set(order) - dealt_with
