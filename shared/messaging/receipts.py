"""How are deliveries acknowledged by as few words as possible?

The broker numbers the deliveries of a channel from 1. One word acknowledges everything up to a number, which must be
that of a delivery that is open still; so nothing before it may be open that is not dealt with.
"""

from collections.abc import Sequence

from aiormq.abc import AbstractChannel


class Receipts:
    """Acknowledges the deliveries of one channel: those that follow each other at once, others each by itself."""

    def __init__(self, channel: AbstractChannel) -> None:
        self._channel = channel
        self._upto = 0
        self._beyond: set[int] = set()

    async def give(self, tags: Sequence[int]) -> None:
        """Acknowledge the deliveries with these numbers, each for the first time."""
        self._beyond.update(tags)
        upto = self._upto
        while upto + 1 in self._beyond:
            upto += 1
            self._beyond.remove(upto)
        if together := [tag for tag in tags if tag <= upto]:
            await self._channel.basic_ack(max(together), multiple=True)
        for tag in tags:
            if tag > upto:
                await self._channel.basic_ack(tag)
        self._upto = upto
