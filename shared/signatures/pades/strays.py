"""Could a reader see objects in a revision of a PDF file that its table does not tell of? (ISO 32000-2, 7.5.4, 7.5.8)

Many viewers search a file for objects where its tables are not quite right, and then show what they found last. Whoever
adds a revision decides whether they are. So what looks like an object must be one that the table of its revision tells
of: in a later revision at any rate, and in all of the file where a later table is in a form that some viewers refuse.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.misc import PdfReadError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.xref import XRefSectionType

from shared.signatures.pades.bundles import places_in
from shared.signatures.pades.source import Source
from shared.signatures.pades.tables import table_ends

_TABLE = re.compile(
    rb"[\x00\s]*+xref[ \t]*+(?:\r\n|\r|\n)"
    rb"(?:\d++ \d++[ \t]*+(?:\r\n|\r|\n)(?:\d{10} \d{5} [fn](?: \r| \n|\r\n))*+)*+[\x00\s]*+trailer[\x00\s]*+"
)
"""The one form of a table that all readers take."""
_TAIL = re.compile(rb"startxref[ \t]*+(?:\r\n|\r|\n)\d++[ \t]*+(?:\r\n|\r|\n)%%EOF[\x00\s]*+")
_TAIL_BYTES = 1024
"""How far from its end readers look for it."""
_WIDEST = (1, 8, 4)
"""How many bytes the kind, the place and the generation of an object have at most in a table that is a stream."""
_KINDS = frozenset({0, 1, 2})
MAX_SIZE = 8 << 20
"""How many objects MuPDF takes a file to have at most."""
_HEADER = re.compile(rb"[\x00\s]*+(\d{1,20})[\x00\s]++(\d{1,20})[\x00\s]++obj")
_HEADER_BYTES = 64
_BJ = rb"(?:b|#62)(?:j|#6[aA])"
_RAILER = rb"(?:r|#72)(?:a|#61)(?:i|#69)(?:l|#6[cC])(?:e|#65)(?:r|#72)"
_KEYWORD = re.compile(rb"o%b(?<!endobj)|#6[fF]%b|t%b()|#74%b()" % (_BJ, _BJ, _RAILER, _RAILER))
"""Poppler takes longer words for these, too, and MuPDF any of their letters as an escape, as if they were names."""
_BEHIND_KEYWORD = re.compile(rb"[^\w#]")
"""Where a window may end."""
_BEFORE_OBJECT = re.compile(
    rb"[\x00\s\x80\xff]*+[\d+.\-]++[\x00\s\x80\xff]++[\d+.\-]"
    rb"|[\x00\s\x80\xff\d+.\-]*[\r\n]|[\x00\s\x80\xff\d+.\-]*+\Z"
)
"""What stands before the keyword of an object, backwards: two numbers, perhaps with a comment or much room between.

PDFium and MuPDF take numbers with signs and points, and PDFium takes 80 and FF for blanks.
"""


def is_plain(reader: PdfFileReader, revision: int, pdf: Source) -> bool:
    """Whether a revision stands behind all earlier ones, and no reader finds objects that are not told of.

    Raises pyHanko's and Python's errors for what cannot be read.
    """
    tables = reader.xrefs
    start = max(place for one in range(revision) for place in table_ends(reader, one))
    end = len(pdf) if revision == tables.total_revisions - 1 else tables.get_xref_container_info(revision).end_location
    if tables.get_xref_container_info(revision).start_location < start:
        return False
    if _is_taken_by_all(reader, revision, pdf):
        told = set(_keywords_told(reader, revision, pdf, start))
    else:
        told, start = {place for one in range(revision + 1) for place in _keywords_told(reader, one, pdf)}, 0
    return not _has_strays(pdf, start, end, told) and _bundles_are_told(reader, revision)


def _is_taken_by_all(reader: PdfFileReader, revision: int, pdf: Source) -> bool:
    """Whether a table is where the file says, in the form that all readers take, and nothing makes them search."""
    table = reader.xrefs.get_xref_container_info(revision)
    if table.xref_section_type is XRefSectionType.STREAM:
        in_place = table.declared_startxref == table.start_location and _stream_holds(reader, revision)
    else:
        in_place = bool(_TABLE.fullmatch(pdf.part(table.declared_startxref, table.end_location)))
    return in_place and _trailer_holds(reader, revision) and _ends_plainly(reader, revision, pdf)


def _stream_holds(reader: PdfFileReader, revision: int) -> bool:
    """Whether a table in a stream has numbers of sizes that all readers take, and no entries but of the known kinds."""
    reference = reader.xrefs.get_xref_container_info(revision).stream_ref
    body: Any = None if reference is None else reader.get_historical_resolver(revision).get_object(reference)
    widths = list(body["/W"]) if isinstance(body, generic.StreamObject) else []
    if len(widths) != len(_WIDEST) or not all(0 <= one <= most for one, most in zip(widths, _WIDEST, strict=True)):
        return False
    kinds = set(body.data[:: sum(widths)]) if widths[0] else set()
    return "/XRefStm" not in body and kinds <= _KINDS


def _trailer_holds(reader: PdfFileReader, revision: int) -> bool:
    """Whether a trailer counts all objects, no fewer than before, and leads to none that is not there."""
    resolver = reader.get_historical_resolver(revision)
    trailer, before = resolver.trailer_view, reader.get_historical_resolver(revision - 1).trailer_view
    size, least = trailer.get("/Size"), before.get("/Size")
    if not isinstance(size, int) or (isinstance(least, int) and size < least):
        return False
    section = reader.xrefs.get_xref_data(revision)
    numbers = [one for one, _ in section.explicit_refs_in_revision] + list(section.freed)
    if not max(numbers, default=0) < size <= MAX_SIZE:
        return False
    told = trailer.raw_get("/Info") if "/Info" in trailer else None
    told = resolver.get_object(told.reference) if isinstance(told, generic.IndirectObject) else told
    return told is None or isinstance(told, generic.DictionaryObject)


def _ends_plainly(reader: PdfFileReader, revision: int, pdf: Source) -> bool:
    """Whether the place of the file's last table is told in the one form that all readers take."""
    if revision < reader.xrefs.total_revisions - 1:
        return True
    tail = pdf.part(max(0, len(pdf) - _TAIL_BYTES), len(pdf))
    return bool(_TAIL.fullmatch(tail, max(0, tail.rfind(b"startxref"))))


def _keywords_told(reader: PdfFileReader, revision: int, pdf: Source, start: int = 0) -> Iterator[int]:
    """Where the keywords of the objects and trailers stand that a revision's table leads to, behind a place.

    Raises `PdfReadError` where it leads somewhere else.
    """
    for table, section in _sections(reader, revision):
        objects = [(*one, place) for one, place in _objects(section) if place >= start]
        if table.xref_section_type in (XRefSectionType.STANDARD, XRefSectionType.HYBRID_MAIN):
            text = pdf.part(table.start_location, table.end_location)
            yield table.start_location + text.rfind(b"trailer")
        else:
            objects.append((table.stream_ref.idnum, table.stream_ref.generation, table.start_location))
        for number, generation, place in objects:
            header = _HEADER.match(pdf.part(place, place + _HEADER_BYTES))
            if header is None or (int(header[1]), int(header[2])) != (number, generation):
                raise PdfReadError("the table leads to no such object")
            yield place + header.end() - len(b"obj")


def _sections(reader: PdfFileReader, revision: int) -> Iterator[tuple[Any, Any]]:
    """The table of a revision, and the one that goes on in a stream, with what they tell."""
    section = reader.xrefs.get_xref_data(revision)
    yield reader.xrefs.get_xref_container_info(revision), section
    if section.hybrid is not None:
        yield section.hybrid.meta_info, section.hybrid.xref_data


def _objects(section: Any) -> Iterable[tuple[tuple[int, int], int]]:
    """The objects that a table tells of by number and generation, with their places; those in bundles aside."""
    return (((number, generation), place) for number, (generation, place) in section.standard_xrefs.items())


def _has_strays(pdf: Source, start: int, end: int, told: set[int]) -> bool:
    """Whether something between two places looks like an object or a trailer and is not told of."""
    for at, found in pdf.matches(_KEYWORD, _BEHIND_KEYWORD, start, end):
        place = at + found.start()
        if place not in told and (found.lastindex is not None or _ends_header(pdf, place)):
            return True
    return False


def _ends_header(pdf: Source, place: int) -> bool:
    """Whether the numbers of an object stand before a place, as far as one can tell."""
    return _BEFORE_OBJECT.match(pdf.part(max(0, place - _HEADER_BYTES), place)[::-1]) is not None


def _bundles_are_told(reader: PdfFileReader, revision: int) -> bool:
    """Whether the tables of a revision tell of each object in its object streams, and are its only ones."""
    sections = list(_sections(reader, revision))
    resolver = reader.get_historical_resolver(revision)
    told: dict[int, dict[int, int]] = {}
    for number, where in (one for _, section in sections for one in section.xrefs_in_objstm.items()):
        told.setdefault(where.obj_stream_id, {})[where.ix_in_stream] = number
    for bundle, numbers in told.items():
        inside = [number for number, _ in places_in(resolver.get_object(generic.Reference(bundle, 0)))]
        if any(not 0 <= index < len(inside) or inside[index] != number for index, number in numbers.items()):
            return False
    tables = [table.stream_ref.idnum for table, _ in sections if table.stream_ref is not None]
    for (number, generation), _ in (one for _, section in sections for one in _objects(section)):
        body = resolver.get_object(generic.Reference(number, generation))
        kind = str(body.get("/Type", "")) if isinstance(body, generic.StreamObject) else ""
        if kind == "/XRef" and number not in tables:
            return False
        if kind == "/ObjStm" and len(told.get(number, ())) != len(places_in(body)):
            return False
    return True
