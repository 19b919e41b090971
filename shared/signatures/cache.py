"""What was fetched lately and need not be fetched again?"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import UTC, datetime

from shared.signatures.evidence import Evidence

MAX_BYTES = 64 << 20


@dataclass(slots=True)
class AnswerCache:
    """Answers, or in words why there are none, each until its time; the oldest go first when `max_bytes` are held."""

    max_bytes: int = MAX_BYTES
    _held: OrderedDict[tuple[str, ...], tuple[datetime, Evidence | str]] = field(default_factory=OrderedDict)
    _bytes: int = 0

    def get(self, key: tuple[str, ...]) -> Evidence | str | None:
        """What is remembered and still counts."""
        until, known = self._held.get(key, (datetime.min.replace(tzinfo=UTC), None))
        return known if until > datetime.now(UTC) else None

    def put(self, key: tuple[str, ...], known: Evidence | str, until: datetime) -> None:
        """Remember `known` until then, or until others need the room."""
        self._drop(key)
        self._held[key] = (until, known)
        self._bytes += _size(known)
        while self._bytes > self.max_bytes:
            self._drop(next(iter(self._held)))

    def _drop(self, key: tuple[str, ...]) -> None:
        if key in self._held:
            self._bytes -= _size(self._held.pop(key)[1])


def _size(known: Evidence | str) -> int:
    """The bytes that an answer holds, with an allowance for what is around them."""
    if isinstance(known, str):
        return 500
    held = (*known.ocsp, *known.crls, *(one.dump() for one in known.certificates))
    return 500 + sum(len(one) for one in held)
