"""How is something long held in memory without being one long string?

In pieces, as it was made. Long strings that come and go leave holes that nothing else fits into: processes that held
two of them at once had grown by four.
"""

from collections.abc import Iterable, Iterator


class Pieces:
    """Bytes in pieces; `len` is of all of them together."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = tuple(pieces)
        self._size = sum(map(len, self._pieces))

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._pieces)
