"""Where does a PDF file refer to its objects? (ISO 32000-2, 7.3.10)"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import HistoricalResolver, PdfFileReader

from shared.signatures.pades.sameness import Key, key_of
from shared.signatures.pades.source import Source

MAX_OBJECTS = 60_000
MAX_NESTING = 100

_REFERENCE = re.compile(rb"R(?<=[\x00\s]R)(?!\w)")
_NUMBERS = re.compile(rb"[\x00\s]++\d{1,5}0*+[\x00\s]++(\d{1,10})0*+(?![\d.])")
"""What stands before the `R` of a reference, backwards; numbers may begin with any number of zeros."""
_COMMENT = re.compile(rb"%(?<=[\d\x00\s]%)")
_NUMBERS_THERE = re.compile(rb"[\x00\s]*+(?:\d{1,5}0*+[\x00\s]++)?(\d{1,10})0*+(?![\d.])")
"""What stands before the comment that a reference is broken up by, backwards."""
_MAY_GO_ON = re.compile(rb"[\x00\s]*+(?:\d{1,5}0*+(?:[\x00\s]++\d{0,10}0*+|[\x00\s]*+)|\d{0,10}0*+)")
_NUMBERS_BYTES = 32
_LINE_END = re.compile(rb"[\r\n]")
_LINE_BYTES = 1 << 10
_BEHIND_NUMBERS = re.compile(rb"[^\d.\x00\sR%]")
"""Where no reference reaches across: behind a byte that cannot be in one."""
_OPEN = re.compile(rb"[\x00\s]*+0*+\d{0,5}[\x00\s]*+R?")
_GOES_ON = re.compile(rb"[\x00\s]*+(?:0*+\d{0,5}(?:[\x00\s]++|(?=%)))?(?:R(?!\w)|%)")


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
    """The numbers that references may be to and where, also of references that a comment breaks up.

    Searched for is what a reference ends with, and only then looked at what is before: that is many times faster.
    """
    end, goes_on = -1, False
    for start, window in pdf.windows(_BEHIND_NUMBERS):
        for found in _REFERENCE.finditer(window):
            yield from _number_before(_NUMBERS, window, found.start(), start)
        for found in _COMMENT.finditer(window):
            if start + found.end() > end:
                end = _behind_line(pdf, start + found.end())
                goes_on = _goes_on(pdf, end)
            if goes_on:
                yield from _number_before(_NUMBERS_THERE, window, found.start(), start)


def _number_before(backwards: re.Pattern[bytes], window: bytes, place: int, start: int) -> Iterator[tuple[int, int]]:
    size = _NUMBERS_BYTES
    while _MAY_GO_ON.fullmatch(before := window[max(0, place - size) : place][::-1]) and size < place:
        size *= 8
    found = backwards.match(before)
    if found is not None:
        yield int(found[1][::-1]), start + place - found.end()


def _behind_line(pdf: Source, place: int) -> int:
    while place < len(pdf):
        piece = pdf.part(place, place + _LINE_BYTES)
        found = _LINE_END.search(piece)
        if found is not None:
            return place + found.end()
        place += len(piece)
    return place


def _goes_on(pdf: Source, place: int) -> bool:
    """Whether a reference that a comment broke up may go on at a place."""
    size = _LINE_BYTES
    while _OPEN.fullmatch(piece := pdf.part(place, place + size)) and place + size < len(pdf):
        size *= 8
    return _GOES_ON.match(piece) is not None


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
