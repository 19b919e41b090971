"""How do the streams of a PDF file stay out of memory until somebody asks for what is in them? (ISO 32000-2, 7.3.8)

pyHanko reads a stream with its dictionary and keeps it; whoever walks through all objects of a file would so have the
whole file in memory. Here a large stream remembers where it is, and is read anew each time it is asked for.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, BinaryIO

from pyhanko.pdf_utils import generic, misc
from pyhanko.pdf_utils.reader import HistoricalResolver

AS_IT_COMES: Any = generic._maybe_read_stream_payload
"""pyHanko's own way."""
SUBSUME: Any = HistoricalResolver._subsume_object
"""pyHanko's own way of copying an object into a revision."""
_non_whitespace: Any = misc.read_non_whitespace

LARGE_BYTES = 256 << 10


@dataclass(frozen=True, slots=True)
class Place:
    """Where a stream's bytes are."""

    file: BinaryIO
    start: int
    size: int

    def read(self) -> bytes:
        """Return them; the file's position stays as it was."""
        before = self.file.tell()
        try:
            self.file.seek(self.start)
            return self.file.read(self.size)
        finally:
            self.file.seek(before)


def read_payload(stream: BinaryIO, dictionary: dict[str, Any], handler: Any) -> Any:
    """What follows the dictionary that was just read: a stream's bytes or their place; None if it is no stream.

    Raises pyHanko's errors for what is no such stream.
    """
    told = dictionary.get("/Length")
    if not (isinstance(told, generic.IndirectObject) or (isinstance(told, int) and told >= LARGE_BYTES)):
        return AS_IT_COMES(stream, dictionary, handler)
    start = stream.tell()
    place = _large(stream, told, handler)
    if place is None:
        stream.seek(start)
        return AS_IT_COMES(stream, dictionary, handler)
    return place


def _large(stream: BinaryIO, told: Any, handler: Any) -> Place | None:
    """A stream's place; None where it is small, or does not end where it says."""
    if _non_whitespace(stream, allow_eof=True) != b"s" or stream.read(5) != b"tream":
        return None
    misc.skip_over_whitespace(stream, stop_after_eol=True)
    start = stream.tell()
    size = handler.get_object(told) if isinstance(told, generic.IndirectObject) else told
    if not isinstance(size, int) or size < LARGE_BYTES or start + size > stream.seek(0, os.SEEK_END):
        return None
    stream.seek(start + size)
    ends = _non_whitespace(stream, allow_eof=True) + stream.read(8) == b"endstream"
    return Place(stream, start, int(size)) if ends else None


def subsume(resolver: HistoricalResolver, value: Any) -> Any:
    """A copy of an object in a revision; that of a large stream remembers the same place."""
    place = value.__dict__.get("_encoded_data") if isinstance(value, generic.StreamObject) else None
    if not isinstance(place, Place):
        return SUBSUME(resolver, value)
    light = generic.StreamObject(dict(value), encoded_data=b"")
    light.container_ref = value.container_ref
    copy = SUBSUME(resolver, light)
    _set(copy, place)
    return copy


def _get(stream: Any) -> bytes | None:
    held = stream.__dict__.get("_encoded_data")
    return held.read() if isinstance(held, Place) else held


def _set(stream: Any, held: bytes | Place | None) -> None:
    stream.__dict__["_encoded_data"] = held


def teach_pyhanko() -> None:
    """Let all of pyHanko's readers in this process read streams as this module does."""
    generic._maybe_read_stream_payload = read_payload
    setattr(HistoricalResolver, "_subsume_object", subsume)  # noqa: B010 - mypy minds a method that is replaced
    setattr(generic.StreamObject, "_encoded_data", property(_get, _set))  # noqa: B010 - it is declared as bytes
