"""Where does a PDF file refer to its objects? (ISO 32000-2, 7.3.10)"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import HistoricalResolver, PdfFileReader

from shared.signatures.pades.sameness import Key, key_of
from shared.signatures.pades.source import WINDOW_BYTES, Source

MAX_OBJECTS = 60_000
MAX_NESTING = 100

_REFERENCE = re.compile(rb"R(?<=[\x00\s]R)(?!\w)")
_NUMBERS = re.compile(rb"[\x00\s]++\d{1,5}0*+[\x00\s]++(\d{1,10})0*+(?![\d.])")
"""What stands before the `R` of a reference, backwards; numbers may begin with any number of zeros."""
_NUMBERS_THERE = re.compile(rb"[\x00\s]*+(?:\d{1,5}0*+[\x00\s]++)?(\d{1,10})0*+(?![\d.])")
"""What stands before the comment that a reference is broken up by, backwards."""
_MAY_GO_ON = re.compile(rb"[\x00\s]*+(?:\d{1,5}0*+(?:[\x00\s]++\d{0,10}0*+|[\x00\s]*+)|\d{0,10}0*+)")
_STEP = re.compile(rb"([\x00\s]*+)(?:\d{1,5}0*+([\x00\s]*+))?")
"""What of a reference may stand between two of its comments, or behind the last one, backwards."""
_BEFORE_COMMENT = b"\x00\t\n\v\f\r 0123456789"
_NUMBERS_BYTES = 32
_LINE_BYTES = 1 << 10
_BEHIND_NUMBERS = re.compile(rb"[^\d.\x00\sR%]")
"""Where no reference reaches across, but for its comments: behind a byte that cannot be in one."""

Part = Callable[[int, int], bytes]
"""The bytes between two places of a file."""


class Mentions:
    """Which object numbers does each revision of a file speak of, whether they exist or not?

    A file may be signed with a reference to an object that somebody adds later: that, too, changes what it shows.
    """

    def __init__(self, reader: PdfFileReader, pdf: Source) -> None:
        self._reader = reader
        self._pdf = pdf

    def before(self, number: int, revision: int) -> bool:
        """Whether a revision before `revision` refers to an object of that number."""
        places = (self._reader.xrefs.get_xref_container_info(one).end_location for one in range(revision))
        plain = self._plain.get(number)
        bundled = self._bundled.get(number)
        return (plain is not None and plain < max(places)) or (bundled is not None and bundled < revision)

    @cached_property
    def _plain(self) -> dict[int, int]:
        first: dict[int, int] = {}
        for number, place in _mentioned(self._pdf):
            first[number] = min(place, first.get(number, place))
        return first

    @cached_property
    def _bundled(self) -> dict[int, int]:
        first: dict[int, int] = {}
        for revision in range(self._reader.xrefs.total_revisions):
            for number in self._reader.xrefs.get_xref_data(revision).obj_streams_used:
                bundle = self._reader.get_historical_resolver(revision).get_object(generic.Reference(number, 0))
                for found, _ in _mentioned(Source.of(bundle.data if isinstance(bundle, generic.StreamObject) else b"")):
                    first.setdefault(found, revision)
        return first


class Usage:
    """From where is each object of a revision reached? Walks the whole revision, once."""

    def __init__(self, revision: HistoricalResolver) -> None:
        self._revision = revision

    def is_used(self, key: Key) -> bool:
        """Whether anything that is reached from the trailer refers to an object of this number.

        Not every viewer minds the generation.
        """
        return key[0] in self._numbers

    def only_as(self, key: Key, entry: str) -> bool:
        """Whether all that refers to the object does so by a dictionary's entry of that name."""
        return all(path and path[-1] == entry for _, path in self._holders.get(key, set()))

    def only_in_one_look(self, key: Key) -> bool:
        """Whether the object is a part of exactly one appearance (/AP) and of nothing else."""
        for _ in range(3):
            holders = self._holders.get(key, set())
            if len(holders) != 1:
                return False
            holder, path = next(iter(holders))
            if "/AP" in path or holder is None:
                return "/AP" in path
            key = holder
        return False

    def only_in_looks(self, reference: Any) -> bool:
        """Whether only the form's default resources and appearances refer to an object."""
        waiting, seen = [key_of(reference)], set()
        while waiting:
            key = waiting.pop()
            seen.add(key)
            for holder, path in self._holders.get(key, set()):
                if "/AP" in path or "/DR" in path:
                    continue
                if holder is None or not self._may_be_in_look(holder):
                    return False
                if holder not in seen:
                    waiting.append(holder)
        return True

    def _may_be_in_look(self, key: Key) -> bool:
        value = self._revision.get_object(generic.Reference(*key))
        kind = str(value.get("/Type", "")) if isinstance(value, generic.DictionaryObject) else ""
        return kind not in ("/Page", "/Pages", "/Catalog", "/Annot")

    @cached_property
    def _numbers(self) -> set[int]:
        return {number for number, _ in self._holders}

    @cached_property
    def _holders(self) -> dict[Key, set[tuple[Key | None, tuple[str, ...]]]]:
        holders: dict[Key, set[tuple[Key | None, tuple[str, ...]]]] = {}
        waiting: list[tuple[Key | None, Any]] = [(None, self._revision.trailer_view)]
        while waiting:
            holder, value = waiting.pop()
            for path, reference in _references(value, (), 0):
                key = key_of(reference)
                if key not in holders:
                    waiting.append((key, self._revision.get_object(reference.reference)))
                holders.setdefault(key, set()).add((holder, path))
            if len(holders) > MAX_OBJECTS:
                raise RecursionError("the file has too many objects")
        return holders


def _mentioned(pdf: Source) -> Iterator[tuple[int, int]]:
    """The numbers that references may be to and where, also of references that comments break up.

    Searched for is what a reference ends with, and only then looked at what is before: that is many times faster. Where
    a line ended before, any `%` in it may have begun a comment.
    """
    looked_at: set[int] = set()
    for start, window in pdf.windows(_BEHIND_NUMBERS):
        part = _near(pdf, window, start)
        for found in _REFERENCE.finditer(window):
            place = start + found.start()
            yield from _number_before(_NUMBERS, part, place)
            yield from _before_comments(part, place, looked_at)


def _near(pdf: Source, window: bytes, start: int) -> Part:
    """What tells the bytes between two places, which are mostly those of a window that was read already."""
    return lambda first, last: pdf.part(first, last) if first < start else window[first - start : last - start]


def _number_before(backwards: re.Pattern[bytes], part: Part, place: int) -> Iterator[tuple[int, int]]:
    found = backwards.match(_backwards(_MAY_GO_ON, part, place))
    if found is not None:
        yield int(found[1][::-1]), place - found.end()


def _backwards(goes_on: re.Pattern[bytes], part: Part, place: int) -> bytes:
    """What stands before a place, backwards, and so much of it that `goes_on` does not go on behind its end."""
    size = _NUMBERS_BYTES
    while True:
        before = part(max(0, place - size), place)[::-1]
        if size >= place or not goes_on.fullmatch(before):
            return before
        size *= 8


def _before_comments(part: Part, place: int, looked_at: set[int]) -> Iterator[tuple[int, int]]:
    """The numbers before the comments that may stand before a place, where a reference goes on or ends."""
    waiting = [place]
    while waiting:
        for end in _line_ends(part, waiting.pop()):
            if end in looked_at:
                continue
            looked_at.add(end)
            for comment in _comments(part, end):
                yield from _number_before(_NUMBERS_THERE, part, comment)
                waiting.append(comment)


def _line_ends(part: Part, place: int) -> Iterator[int]:
    """Where lines end that may end with a comment, before a place and before the number that may stand there."""
    step = _STEP.match(_backwards(_STEP, part, place))
    for group in (1, 2):
        blank = (step and step[group]) or b""
        last = max(blank.rfind(b"\n"), blank.rfind(b"\r"))
        if step and last >= 0:
            yield place - step.start(group) - last - 1


def _comments(part: Part, end: int) -> Iterator[int]:
    """The places in the line up to `end` where comments may begin within a reference, backwards."""
    size = _LINE_BYTES
    while end > 0:
        piece = part(max(0, end - size), end)
        line = max(piece.rfind(b"\n"), piece.rfind(b"\r")) + 1
        at = len(piece)
        while (at := piece.rfind(b"%", line, at)) >= 0:
            if at == 0 or piece[at - 1] in _BEFORE_COMMENT:
                yield end - len(piece) + at
        if line:
            return
        end, size = end - len(piece), min(size * 8, WINDOW_BYTES)


def _references(value: Any, path: tuple[str, ...], depth: int) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(value, generic.IndirectObject):
        yield path, value
    elif depth > MAX_NESTING:
        raise RecursionError("an object is nested too deeply")
    elif isinstance(value, generic.DictionaryObject):
        for key in value:
            if key != "/Parent":
                yield from _references(value.raw_get(key), (*path, str(key)), depth + 1)
    elif isinstance(value, generic.ArrayObject):
        for inner in value:
            yield from _references(inner, (*path, "[]"), depth + 1)
