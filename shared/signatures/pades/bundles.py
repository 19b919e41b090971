"""How are the objects in an object stream of a PDF file read? (ISO 32000-2, 7.5.7)

pyHanko takes null for an object that it cannot find or read there, and goes through the stream's header again for each
object. Here such an object is an error, as it would be outside of a stream: other readers may find one and show it.
"""

from __future__ import annotations

import io
import re
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.decode_limits import DecodePurpose
from pyhanko.pdf_utils.misc import PdfReadError
from pyhanko.pdf_utils.reader import PdfFileReader

_HEADER = re.compile(rb"[\x00\s]*+(?:\d{1,10}[\x00\s]++)*+(?:\d{1,10})?+")


def places_in(bundle: Any) -> list[tuple[int, int]]:
    """The numbers of the objects in an object stream, in its order, each with its place in the stream's data.

    Raises `PdfReadError` for what is no object stream.
    """
    if not isinstance(bundle, generic.StreamObject) or str(bundle.get("/Type", "")) != "/ObjStm":
        raise PdfReadError("this is no object stream")
    count, first = bundle.get("/N"), bundle.get("/First")
    if not isinstance(count, int) or not isinstance(first, int) or count < 0 or first < 0:
        raise PdfReadError("the object stream does not tell what is in it")
    told = _HEADER.match(_data_of(bundle)[:first])
    numbers = [] if told is None else told[0].replace(b"\x00", b" ").split()
    if len(numbers) < 2 * count:
        raise PdfReadError("the object stream does not tell of all that is in it")
    pairs = zip(numbers[: 2 * count : 2], numbers[1 : 2 * count : 2], strict=True)
    return [(int(number), first + int(offset)) for number, offset in pairs]


def read_bundled(reader: PdfFileReader, number: int, bundle_number: int, _index: int) -> Any:
    """The object of a number in an object stream; raises `PdfReadError` where there is none that can be read."""
    bundle: Any = generic.Reference(bundle_number, 0, reader).get_object()
    places = bundle.__dict__.get("places")
    if places is None:
        places = bundle.__dict__["places"] = dict(reversed(places_in(bundle)))
    if number not in places:
        raise PdfReadError("the object is not in the object stream that the table tells")
    stream = io.BytesIO(_data_of(bundle))
    stream.seek(places[number])
    value = generic.read_object(stream, generic.Reference(number, 0, reader))
    if isinstance(value, (generic.StreamObject, generic.IndirectObject)):
        raise PdfReadError("an object stream holds neither streams nor references")
    return value


def _data_of(bundle: Any) -> bytes:
    return bytes(bundle.read_data(DecodePurpose.OBJECT_STREAM))


def teach_pyhanko() -> None:
    """Let all of pyHanko's readers in this process read object streams as this module does."""
    setattr(PdfFileReader, "_get_object_from_stream", read_bundled)  # noqa: B010 - mypy minds a method that is replaced
