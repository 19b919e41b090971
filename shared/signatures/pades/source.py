"""How is a PDF file looked through without being in memory as a whole?

As bytes, or as a file of which only a window is read at once. A window ends where nothing that is looked for can reach
across, so that looking through windows finds what looking through the whole would find. Windows are small also because
other threads wait while a regular expression runs.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

from shared.spool import State

WINDOW_BYTES = 256 << 10
DIGEST_BYTES = 1 << 20

_STEP_BYTES = 4 << 10


class Source:
    """A PDF file: `size` bytes, of a descriptor from its beginning on or in memory. May be used by one thread.

    `states` are SHA-256 states that are known from when the file was written: digests begin with them.
    """

    def __init__(self, held: bytes | int, size: int, states: Sequence[State] = ()) -> None:
        self._held = held
        self._size = size
        self._states = states
        self._streams: list[BinaryIO] = []

    @classmethod
    def of(cls, pdf: bytes | Source) -> Source:
        """Return the source itself, or that of bytes in memory."""
        return pdf if isinstance(pdf, Source) else cls(pdf, len(pdf))

    def __len__(self) -> int:
        return self._size

    def prefix(self, size: int) -> Source:
        """Return the file that its first bytes are."""
        return Source(self._held, min(size, self._size))

    def stream(self) -> BinaryIO:
        """Return the file for readers that seek; each has a position of its own."""
        stream = io.BufferedReader(_Raw(self)) if isinstance(self._held, int) else io.BytesIO(self.part(0, self._size))
        self._streams.append(stream)
        return stream

    def release(self) -> None:
        """Let go of the file and of all streams: readers refer to themselves, and stay until garbage is collected."""
        for stream in self._streams:
            stream.close()
        self._held, self._size, self._states = b"", 0, ()

    def part(self, start: int, end: int) -> bytes:
        """Return the bytes from `start` up to `end`, as far as there are any."""
        end = min(end, self._size)
        if not isinstance(self._held, int):
            return self._held[start:end]
        return os.pread(self._held, end - start, start) if start < end else b""

    def read_into(self, buffer: memoryview, start: int) -> int:
        """Fill a buffer with the bytes from `start` on, as far as there are any; returns how many there were."""
        size = max(0, min(len(buffer), self._size - start))
        if isinstance(self._held, int):
            return os.preadv(self._held, [buffer[:size]], start) if size else 0
        buffer[:size] = self._held[start : start + size]
        return size

    def windows(self, limit: re.Pattern[bytes], start: int = 0, end: int | None = None) -> Iterator[tuple[int, bytes]]:
        """Yield all bytes between two places, in windows with their places.

        Behind a match of `limit`, a window may end: no match of what is looked for may reach across there, nor look
        at what is before it.
        """
        end = self._size if end is None else min(end, self._size)
        while start < end:
            stop = self._window_end(limit, start + WINDOW_BYTES, end)
            yield start, self.part(start, stop)
            start = stop

    def matches(
        self, pattern: re.Pattern[bytes], limit: re.Pattern[bytes], start: int = 0, end: int | None = None
    ) -> Iterator[tuple[int, re.Match[bytes]]]:
        """Yield the matches of a pattern between two places, each with that of its window; `limit` as in `windows`."""
        for place, window in self.windows(limit, start, end):
            for found in pattern.finditer(window):
                yield place, found

    def find(self, wanted: bytes, start: int, end: int) -> int:
        """Return the first place of `wanted` between two places, or -1."""
        end = min(end, self._size)
        for at in range(start, end, WINDOW_BYTES):
            found = self.part(at, min(at + WINDOW_BYTES + len(wanted) - 1, end)).find(wanted)
            if found >= 0:
                return at + found
        return -1

    def rfind(self, wanted: bytes) -> int:
        """Return the last place of `wanted`, or -1."""
        end = self._size
        while end > 0:
            start = max(0, end - WINDOW_BYTES)
            found = self.part(start, end + len(wanted) - 1).rfind(wanted)
            if found >= 0:
                return start + found
            end = start
        return -1

    def only(self, allowed: bytes, start: int) -> bool:
        """Tell whether all bytes from `start` on are among `allowed`."""
        pieces = (self.part(at, at + WINDOW_BYTES) for at in range(start, self._size, WINDOW_BYTES))
        return not any(piece.translate(None, allowed) for piece in pieces)

    def digest(self, algorithm: str, *runs: tuple[int, int]) -> bytes:
        """Return the digest over runs of bytes, each from a place up to another."""
        found, known = self._begun(algorithm, runs[0])
        for start, end in ((known, runs[0][1]), *runs[1:]):
            for at in range(start, end, DIGEST_BYTES):
                found.update(self.part(at, min(at + DIGEST_BYTES, end)))
        return bytes(found.digest())

    def _begun(self, algorithm: str, run: tuple[int, int]) -> tuple[Any, int]:
        """What digests a run, and from which place on it has to."""
        if algorithm == "sha256" and run[0] == 0:
            for place, state in reversed(self._states):
                if place <= run[1]:
                    return state.copy(), place
        return hashlib.new(algorithm, usedforsecurity=False), run[0]

    def _window_end(self, limit: re.Pattern[bytes], at: int, end: int) -> int:
        while at < end:
            found = limit.search(self.part(at, min(at + _STEP_BYTES, end)))
            if found is not None:
                return at + found.end()
            at += _STEP_BYTES
        return end


class _Raw(io.RawIOBase):
    """A source as a file with a position."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        size = self._source.read_into(buffer, self._at)
        self._at += size
        return size

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: len(self._source)}[whence]
        if base + offset < 0:
            raise OSError("a negative place in a file")
        self._at = base + offset
        return self._at

    def tell(self) -> int:
        return self._at
