"""Which files hide an object that no table tells of, and how does one have viewers find it once the file is signed?

Viewers go by the tables as long as these are in order. So the attacker adds a revision with something in it that lets
some of them search the whole file instead; what they find last is what they show. With these `SHADOWS` is whole.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.attacks.disguises import SHADOWS
from tests.attacks.pades_bytes import last_root, last_table
from tests.attacks.shadows import Shadow, file_of, stream
from tests.attacks.strays import DRAWING, behind

__all__ = ["SHADOWS"]

HIDING = behind(file_of(), {80: b"<< >>"}, b"\n4 0 obj\n" + DRAWING)
FREE = b"90 1\n0000000000 00000 f \n"
ORDINARY_SIZE = 200


def revision(
    lines: bytes = FREE, *, size: int = ORDINARY_SIZE, more: bytes = b"", place: bytes = b"%d"
) -> Callable[[bytes], bytes]:
    """Whatever adds a revision with nothing in it but a table of these lines."""

    def added(pdf: bytes) -> bytes:
        told = b"/Size %d /Root %s /Prev %d %s" % (size, last_root(pdf), last_table(pdf), more)
        out = pdf + b"\n"
        return out + b"xref\n%strailer\n<< %s >>\nstartxref\n%s\n%%%%EOF\n" % (lines, told, place % len(out))

    return added


def stream_revision(row: bytes, *, widths: bytes = b"1 4 2", more: bytes = b"") -> Callable[[bytes], bytes]:
    """Whatever adds a revision with nothing in it but a table in a stream, which tells of itself and of one object."""

    def added(pdf: bytes) -> bytes:
        out = pdf + b"\n"
        sizes = [int(one) for one in widths.split()]
        itself = b"".join(one.to_bytes(size) for one, size in zip((1, len(out), 0), sizes, strict=True))
        told = b"/Type /XRef /W [%s] /Index [98 2] /Size %d %s" % (widths, ORDINARY_SIZE, more)
        body = stream(row + itself, b"%s /Root %s /Prev %d" % (told, last_root(pdf), last_table(pdf)))
        return out + b"99 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n" % (body, len(out))

    return added


for _name, _attack in {
    "fewer_objects_than_there_were": revision(b"0 0\n", size=5),
    "fewer_objects_than_it_adds": revision(size=85),
    "no_objects": revision(b"0 0\n", size=0),
    "more_objects_than_there_can_be": revision(size=10**9),
    "an_object_of_a_huge_number": revision(b"10000000 1\n0000000000 00000 f \n", size=10_000_001),
    "information_that_is_not_there": revision(more=b"/Info 190 0 R"),
    "an_entry_of_an_unknown_kind": stream_revision(b"\x03" + bytes(6)),
    "wide_places_in_a_table": stream_revision(bytes(19), widths=b"1 16 2"),
    "a_table_beside_a_stream": stream_revision(bytes(7), more=b"/XRefStm 5"),
}.items():
    SHADOWS[f"a_hidden_drawing_that_is_found_by_{_name}"] = Shadow(HIDING, _attack)
