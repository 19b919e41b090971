"""How does an answer come in, so that a large one is never in memory as a whole?

A small one is parsed at its end. Anything else is parsed in threads as it comes: its signatures go into spools, and the
tree that is left of it is small. What belongs to a signature all over is decoded where it arrives.
"""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

from lxml import etree

from shared.contract.message import MessageReader
from shared.contract.safe_xml import read_xml
from shared.errors import Malformed, Transient
from shared.spool import Spool

SMALL_BYTES = 64 * 1024
"""Up to which size an answer is parsed at once, on the event loop."""


class NotKept(Transient):
    """The answer came, but there is no room to keep it, on our own disk: MSign is not to blame."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """An answer: its tree, and beside it the signatures that were too large for it, by their elements."""

    root: etree._Element
    spools: Mapping[etree._Element, Spool] = field(default_factory=dict)


class Arriving:
    """Takes one answer in, in the encoding that the transport declares, if it does.

    Every method raises `Transient` for what is not to be read: see `read_xml` and `MessageReader`; and `NotKept`.
    """

    def __init__(self, charset: str | None) -> None:
        self._charset = charset
        self._start = bytearray()
        self._reader: MessageReader[_Value] | None = None
        self._values: list[_Value] = []

    async def feed(self, piece: bytes) -> None:
        """Take what comes next."""
        if self._reader is None:
            self._start += piece
            if len(self._start) <= SMALL_BYTES:
                return
            with _what_is_wrong_said():
                self._reader = MessageReader(self._charset, partial(_new_value, self._values))
            piece, self._start = bytes(self._start), bytearray()
        with _what_is_wrong_said():
            if not self._reader.only_passes(piece):
                await asyncio.to_thread(self._parse, self._reader, piece)
            else:  # hardly more than a copy: a thread would cost more
                self._reader.feed(piece)
                if self._values[-1].spool.is_full:
                    await asyncio.to_thread(self._values[-1].spool.put_away)

    async def end(self) -> Arrived:
        """Return the answer, which is complete now."""
        with _what_is_wrong_said():
            if self._reader is None:
                return Arrived(read_xml(bytes(self._start), charset=self._charset))
            return await asyncio.to_thread(_arrived, self._reader)

    def let_go(self) -> None:
        """Hold nothing any more: the files of an answer go with it, any others at once."""
        self._values.clear()
        if self._reader is not None:
            self._reader.let_go()

    def _parse(self, reader: "MessageReader[_Value]", piece: bytes) -> None:
        begun = max(0, len(self._values) - 1)
        reader.feed(piece)
        for value in self._values[begun:]:
            if value.spool.is_full:
                value.spool.put_away()


@contextmanager
def _what_is_wrong_said() -> Iterator[None]:
    """What is malformed here is the answer, not our request, which may be posted again."""
    try:
        yield
    except Malformed as error:
        raise Transient(f"MSign's answer cannot be read: {error}") from error
    except OSError as error:
        raise NotKept(f"MSign's answer cannot be kept: {error.strerror}") from error


class _Value:
    """A signature that is coming."""

    def __init__(self) -> None:
        self.spool = Spool()

    def write(self, piece: bytes, /) -> None:
        self.spool.append(piece)


def _new_value(values: list[_Value]) -> _Value:
    """Not a method: a reader that refers to who holds it would keep its values until garbage is collected."""
    values.append(_Value())
    return values[-1]


def _arrived(reader: MessageReader[_Value]) -> Arrived:
    message = reader.close()
    for value in message.values.values():
        value.spool.end_here()
    return Arrived(message.root, {element: value.spool for element, value in message.values.items()})
