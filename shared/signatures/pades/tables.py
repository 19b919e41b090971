"""Does a cross-reference table lead to one place for each object? (ISO 32000-2, 7.5.4 and 7.5.8)

Viewers differ in which of two entries they believe.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import HistoricalResolver, PdfFileReader
from pyhanko.pdf_utils.xref import XRefSectionType, read_object_header

from shared.signatures.pades.opening import UNREADABLE
from shared.signatures.pades.source import Source

_LENGTH = re.compile(rb"/(?:L|#4[Cc])(?:e|#65)(?:n|#6[Ee])(?:g|#67)(?:t|#74)(?:h|#68)(?!\w)")
"""However it is written: any of its letters may be an escape."""
_PLAIN = re.compile(rb"/Length[\x00\s]++(\d{1,10})(?:[\x00\s]++(\d{1,5})[\x00\s]++R)?(?=[\x00\s]*+(?:[/>]|\Z))")
"""As most files write it, not with a comment or a sign or as a reference to no number."""
_BEHIND_LENGTH = re.compile(rb"(?=/)|[^/#A-Za-z0-9\x00\s]|[A-Za-z]{16}")
"""Where a window may end."""


def contradicts_itself(reader: PdfFileReader, revision: int, pdf: Source) -> bool:
    """Whether the table or stream of a revision has two entries for one object."""
    section = reader.xrefs.get_xref_data(revision)
    if section.hybrid is not None and set(section.standard_xrefs) & _defined(section.hybrid.xref_data):
        return True
    table = reader.xrefs.get_xref_container_info(revision)
    if table.xref_section_type is XRefSectionType.STREAM:
        return _overlap(_stream_spans(reader, revision))
    return _overlap(_table_spans(pdf.part(table.start_location, table.end_location).partition(b"trailer")[0]))


def _defined(section: Any) -> set[int]:
    return set(section.standard_xrefs) | set(section.xrefs_in_objstm)


def _table_spans(table: bytes) -> list[tuple[int, int]]:
    tokens = table.split()
    spans, at = [], 0
    while at + 1 < len(tokens):
        first, count = int(tokens[at]), int(tokens[at + 1])
        spans.append((first, count))
        at += 2 + 3 * count
    return spans


def _stream_spans(reader: PdfFileReader, revision: int) -> list[tuple[int, int]]:
    reference = reader.xrefs.get_xref_container_info(revision).stream_ref
    if reference is None:
        return []
    body = reader.get_historical_resolver(revision).get_object(reference)
    told = body.get("/Index") if isinstance(body, generic.DictionaryObject) else None
    if not isinstance(told, generic.ArrayObject):
        return []
    numbers = [int(one) for one in told]
    return list(zip(numbers[::2], numbers[1::2], strict=False))


def _overlap(spans: list[tuple[int, int]]) -> bool:
    ordered = sorted((first, count) for first, count in spans if count > 0)
    return any(one[0] + one[1] > another[0] for one, another in pairwise(ordered))


def leads_beyond(reader: PdfFileReader, revision: int, pdf: Source, end: int) -> bool:
    """Whether something up to a revision that ends at `end` is to be read from what came after it.

    Such a file was prepared to show something else once it is signed.
    """
    objects = [one for each in range(revision + 1) for one in _objects(reader.xrefs.get_xref_data(each))]
    ends = (one for each in range(revision + 1) for one in table_ends(reader, each))
    if any(place >= end for _, _, place in objects) or any(place > end for place in ends):
        return True
    resolver, all_plain = reader.get_historical_resolver(revision), True
    for start, found in pdf.matches(_LENGTH, _BEHIND_LENGTH, end=end):
        plain = _PLAIN.match(found.string, found.start())
        length = None if plain is None else _told(plain, resolver)
        if plain is not None and length is not None and start + plain.end() + length > end:
            return True
        all_plain = all_plain and length is not None
    return not all_plain and _are_read_beyond(reader, resolver, objects, end)


def _told(found: re.Match[bytes], resolver: HistoricalResolver) -> int | None:
    """The length that a stream tells, itself or by a reference; None where that leads to no number."""
    if found[2] is None:
        return int(found[1])
    told = resolver.get_object(generic.Reference(int(found[1]), int(found[2])))
    return int(told) if isinstance(told, int) else None


def table_ends(reader: PdfFileReader, revision: int) -> Iterator[int]:
    """Where the table of a revision ends, and the stream that a hybrid one goes on in."""
    yield reader.xrefs.get_xref_container_info(revision).end_location
    hybrid = reader.xrefs.get_xref_data(revision).hybrid
    if hybrid is not None:
        yield hybrid.meta_info.end_location


def _objects(section: Any) -> list[tuple[int, int, int]]:
    """The objects of a section by number and generation, with their places; those in object streams aside."""
    tables = [section] if section.hybrid is None else [section, section.hybrid.xref_data]
    return [
        (number, generation, place) for table in tables for number, (generation, place) in table.standard_xrefs.items()
    ]


def _are_read_beyond(
    reader: PdfFileReader, resolver: HistoricalResolver, objects: list[tuple[int, int, int]], end: int
) -> bool:
    """Whether an object, or the search for where it ends, goes on behind `end`."""
    for number, generation, place in objects:
        reader.stream.seek(place)
        with suppress(PdfError, *UNREADABLE):  # whatever nobody can read still ends somewhere
            read_object_header(reader.stream, strict=False)  # type: ignore[no-untyped-call]
            generic.read_object(reader.stream, generic.Reference(number, generation, resolver))
        if reader.stream.tell() > end:
            return True
    return False
