"""Where does something large wait until it is whole, and what is it called then? In a file, and by its SHA-256.

Nothing large is held in memory. The file has no name and is gone with the process; it lies where
`TMPDIR` says.
"""

import asyncio
import hashlib
import io
import os
import tempfile
import weakref
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import IO, Any

PIECE_BYTES = 24 * 8064
"""What is written, read and hashed at once: whole pages of the database, and no rest in base64."""
MOST_WAITING = 256
"""How many pieces wait as they came; where they are small, what is around each of them would be larger than it."""

State = tuple[int, Any]
"""A place, and the SHA-256 of all bytes before it, which may be copied to go on from there."""


class Spool:
    """What has come so far; `size` is in bytes. Once it is `ended`, it can be read, any number of times.

    Of less than `in_memory_bytes` no file is made. `states` are those in between: whoever needs the digest of its
    beginning need not read that again.
    """

    def __init__(self, *, in_memory_bytes: int = PIECE_BYTES) -> None:
        self.size = 0
        self._in_memory_bytes = in_memory_bytes
        self._hash = hashlib.sha256()
        self.states: list[State] = []
        self._waiting: list[bytes] = []
        self._waits = 0
        self._file: IO[bytes] | None = None

    def __len__(self) -> int:
        return self.size

    async def write(self, piece: bytes) -> None:
        """Take in what comes next."""
        self.append(piece)
        if self.is_full:
            await asyncio.to_thread(self.put_away)

    async def end(self) -> str:
        """Take it as whole; returns its reference, `sha256:<hex>`."""
        return self.end_here() if self._file is None else await asyncio.to_thread(self.end_here)

    def append(self, piece: bytes) -> None:
        """Take in what comes next and wait for nothing; when it `is_full`, it must be `put_away`."""
        self.size += len(piece)
        self._waits += len(piece)
        self._waiting.append(piece)
        if len(self._waiting) >= MOST_WAITING:
            self._waiting = [b"".join(self._waiting)]

    @property
    def is_full(self) -> bool:
        """Whether there is so much to put away that it should be done."""
        return self._waits >= (self._in_memory_bytes if self._file is None else PIECE_BYTES)

    def put_away(self) -> None:
        """Put away what waits, in a thread that may wait for the disk."""
        if self._file is None:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115 - `close` closes it
            weakref.finalize(self, _let_go, self._file)
        self._hash_what_waits()
        self._file.writelines(self._waiting)
        self._file.flush()
        self._waiting, self._waits = [], 0
        self.states.append((self._file.tell(), self._hash.copy()))

    def end_here(self) -> str:
        """Take it as whole, in a thread that may wait for the disk."""
        if self._file is not None:
            self.put_away()
        else:
            self._hash_what_waits()
        return self.ref

    @property
    def ref(self) -> str:
        """The reference of what was put away; of the whole, once it is ended."""
        return f"sha256:{self._hash.hexdigest()}"

    @property
    def digest(self) -> bytes:
        """The SHA-256 of what was put away; of the whole, once it is ended."""
        return self._hash.digest()

    @property
    def is_in_memory(self) -> bool:
        """Whether it is so small that no file was needed."""
        return self._file is None

    @property
    def file(self) -> IO[bytes]:
        """The whole as a file that can be sought in; in memory, if it is small."""
        return io.BytesIO(self.read()) if self._file is None else self._file

    async def pieces(self, begin: int = 0) -> AsyncIterator[bytes | bytearray]:
        """Yield the whole from its beginning, or what comes after its first bytes, piece by piece."""
        if self._file is None:
            for piece in _after(begin, self._waiting):
                yield piece
            return
        for start in range(begin, self.size, PIECE_BYTES):
            yield await _read(self._file.fileno(), start, min(PIECE_BYTES, self.size - start))

    def parts(self) -> Iterator[bytes]:
        """Yield the whole piece by piece as `pieces` does, where waiting for the disk holds nobody up."""
        if self._file is None:
            yield from self._waiting
            return
        for start in range(0, self.size, PIECE_BYTES):
            yield os.pread(self._file.fileno(), PIECE_BYTES, start)

    def read(self) -> bytes:
        """Return the whole, in memory."""
        if self._file is None:
            return b"".join(self._waiting)
        self._file.seek(0)
        return self._file.read()

    def close(self) -> None:
        """Let it go; that is done as well when nobody holds it any more."""
        if self._file is not None:
            _let_go(self._file)

    def _hash_what_waits(self) -> None:
        for piece in self._waiting:
            self._hash.update(piece)


async def _read(fileno: int, start: int, size: int) -> bytes | bytearray:
    """Read at once what the system has in memory, which is mostly all; a thread would cost more than the read."""
    piece = bytearray(size)
    with suppress(OSError, AttributeError):  # it must be waited for, or the system (not Linux) does not tell
        if os.preadv(fileno, [piece], start, os.RWF_NOWAIT) == size:
            return piece
    return await asyncio.to_thread(os.pread, fileno, size, start)


def _let_go(file: IO[bytes]) -> None:
    with suppress(OSError):  # what was not written for want of room is not written now either
        file.close()


def _after(begin: int, pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield what comes after the first `begin` bytes."""
    for piece in pieces:
        if begin < len(piece):
            yield piece[begin:] if begin else piece
        begin = max(0, begin - len(piece))


@contextmanager
def open_spool(*, in_memory_bytes: int = PIECE_BYTES) -> Iterator[Spool]:
    """Yield an empty spool, which is gone at the block's end."""
    spool = Spool(in_memory_bytes=in_memory_bytes)
    try:
        yield spool
    finally:
        spool.close()
