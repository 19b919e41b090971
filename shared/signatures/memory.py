"""What was found out before and holds for ever, so that it need not be worked out again?"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import Generic, TypeVar

_K = TypeVar("_K")
_V = TypeVar("_V")


class Memory(Generic[_K, _V]):
    """Up to `size` facts by what they are about; those that were asked for longest ago go first. Threads may share it.

    Only what follows from its key alone belongs here. Keys are digests, since what they are of is hostile and large.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._held: OrderedDict[_K, _V] = OrderedDict()
        self._lock = Lock()

    def get(self, key: _K) -> _V | None:
        """What is remembered; None for nothing."""
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
            return self._held.get(key)

    def put(self, key: _K, fact: _V) -> None:
        """Remember a fact."""
        with self._lock:
            self._held[key] = fact
            self._held.move_to_end(key)
            if len(self._held) > self._size:
                self._held.popitem(last=False)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._held.clear()
