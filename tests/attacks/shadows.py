"""How does one prepare a PDF file, have it signed, and make it show something else then? ("Shadow attacks")

Each has a file to be signed and the change to make behind the signature.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.attacks.pades import (
    dictionary,
    drawing,
    edited,
    form,
    generic,
    name,
    page,
    put,
    text,
)
from tests.attacks.pades_bytes import table_update

SHADOWS: dict[str, Shadow] = {}

CATALOG = b"<< /Type /Catalog /Pages 2 0 R /AcroForm 6 0 R >>"
PAGES = b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"
SHOWN = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources 5 0 R %s >>"
NO_FORM = b"<< /Fields [] >>"


@dataclass(frozen=True)
class Shadow:
    """The file that its victim signs, and what the attacker does to the signed one."""

    prepared: bytes
    attack: Callable[[bytes], bytes]


def stream(code: bytes, more: bytes = b"", length: int | None = None) -> bytes:
    told = len(code) if length is None else length
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (told, more, code)


def file_of(*, extra: dict[int, bytes] | None = None, **changes: bytes) -> bytes:
    """A file of one page; `extra` objects are added, `changes` replace parts by name."""
    objects = {
        1: changes.get("catalog", CATALOG),
        2: PAGES,
        3: SHOWN % changes.get("page", b""),
        4: changes.get("stream", stream(changes.get("content", b"q 10 10 m 90 90 l S Q"))),
        5: changes.get("resources", b"<< >>"),
        6: changes.get("form", NO_FORM),
    } | (extra or {})
    out, places = b"%PDF-1.7\n", {}
    for number, body in objects.items():
        places[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    size = max(objects) + 1
    lines = [b"0000000000 65535 f"] + [
        b"%010d 00000 n" % places[one] if one in places else b"0000000000 00000 f" for one in range(1, size)
    ]
    table = b"xref\n0 %d\n" % size + b"".join(line + b" \n" for line in lines)
    return out + table + b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, len(out))


def shadow(prepared: bytes) -> Callable[[Callable[[bytes], bytes]], Callable[[bytes], bytes]]:
    """Take a change of the signed file into the suite, under its own name."""

    def take(attack: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
        SHADOWS[attack.__name__] = Shadow(prepared, attack)
        return attack

    return take


def added_object(pdf: bytes, number: int, body: bytes) -> bytes:
    """The file with one more object, which nothing but its number connects with the rest."""
    told = b"%d 0 obj\n%s\nendobj\n" % (number, body)
    return table_update(pdf, {number: b"%010d 00000 n" % (len(pdf) + 1)}, told)


FALSE_CONTENT = stream(b"0 0 500 500 re f")


@shadow(file_of(page=b"/Annots [90 0 R]"))
def a_note_that_was_awaited(pdf: bytes) -> bytes:
    return added_object(pdf, 90, b"<< /Type /Annot /Subtype /FreeText /Rect [0 0 500 500] /Contents (paid) >>")


@shadow(file_of(resources=b"<< /XObject << /X % a comment\n 90\n0\nR >> >>", content=b"/X Do"))
def a_picture_that_was_awaited(pdf: bytes) -> bytes:
    return added_object(pdf, 90, stream(b"0 0 500 500 re f", b"/Type /XObject /Subtype /Form /BBox [0 0 500 500]"))


@shadow(file_of(resources=b"<< /XObject << /X 0000000000090 0 R >> >>", content=b"/X Do"))
def a_picture_that_was_awaited_by_a_long_number(pdf: bytes) -> bytes:
    return a_picture_that_was_awaited(pdf)


@shadow(file_of(resources=b"<< /XObject << /X 90 00000000 R >> >>", content=b"/X Do"))
def a_picture_that_was_awaited_in_a_long_generation(pdf: bytes) -> bytes:
    return a_picture_that_was_awaited(pdf)


for _form, _written in (
    ("without_room", b"90 0R"),
    ("with_a_sign", b"90 +0 R"),
    ("with_a_point", b"90.0 0 R"),
    ("with_much_room", b"90 %s 0 R" % (b" " * 30)),
):
    SHADOWS[f"a_picture_that_was_awaited_by_a_reference_{_form}"] = Shadow(
        file_of(resources=b"<< /XObject << /X %s >> >>" % _written, content=b"/X Do"), a_picture_that_was_awaited
    )


@shadow(file_of(resources=b"<< /XObject << /X 90%a\n0%b\nR >> >>", content=b"/X Do"))
def a_picture_that_was_awaited_between_comments(pdf: bytes) -> bytes:
    return a_picture_that_was_awaited(pdf)


@shadow(
    file_of(
        content=b"q 10 10 m 90 90 l S Q /Over Do",
        resources=b"<< /XObject << /Over 7 0 R >> >>",
        extra={7: stream(b"1 g 0 0 500 500 re f", b"/Type /XObject /Subtype /Form /BBox [0 0 500 500]")},
    )
)
def an_overlay_taken_away(pdf: bytes) -> bytes:
    return table_update(pdf, {7: b"0000000000 00001 f"})


@shadow(
    file_of(
        content=b"q 10 10 m 90 90 l S Q /Over Do",
        resources=b"<< /XObject << /Over 7 0 R >> >>",
        extra={7: stream(b"1 g 0 0 500 500 re f", b"/Type /XObject /Subtype /Form /BBox [0 0 500 500]")},
    )
)
def an_overlay_made_empty(pdf: bytes) -> bytes:
    return added_object(pdf, 7, stream(b"", b"/Type /XObject /Subtype /Form /BBox [0 0 500 500]"))


@shadow(
    file_of(
        content=b"BT /F 12 Tf 10 10 Td (pay 100) Tj ET",
        resources=b"<< /Font << /F 7 0 R >> >>",
        extra={7: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"},
    )
)
def a_font_with_other_letters(pdf: bytes) -> bytes:
    differing = b"/Encoding << /Type /Encoding /Differences [49 /nine] >>"
    return added_object(pdf, 7, b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica %s >>" % differing)


HIDDEN = {
    7: b"<< /Type /Pages /Kids [8 0 R] /Count 1 >>",
    8: b"<< /Type /Page /Parent 7 0 R /MediaBox [0 0 595 842] /Contents 9 0 R >>",
    9: FALSE_CONTENT,
}


@shadow(file_of(extra=HIDDEN))
def hidden_pages_brought_to_light(pdf: bytes) -> bytes:
    def turn(writer: Any) -> None:
        put(writer, writer.root, "/Pages", generic.IndirectObject(7, 0, writer))

    return edited(pdf, turn)


@shadow(file_of(extra={7: FALSE_CONTENT}))
def hidden_content_brought_to_light(pdf: bytes) -> bytes:
    def turn(writer: Any) -> None:
        put(writer, page(writer), "/Contents", generic.IndirectObject(7, 0, writer))

    return edited(pdf, turn)


FIELD = b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (Sum) /V (%s) /Rect [0 0 99 20] /AP << /N 8 0 R >> /P 3 0 R %s >>"
LOOK = stream(b"BT /F 9 Tf (100) Tj ET", b"/Type /XObject /Subtype /Form /BBox [0 0 99 20]")


def form_of(value: bytes, more: bytes = b"", **changes: Any) -> bytes:
    extra = {7: FIELD % (value, more), 8: LOOK}
    return file_of(form=b"<< /Fields [7 0 R] >>", page=b"/Annots [7 0 R]", extra=extra, **changes)


@shadow(form_of(b"1000"))
def a_value_shown_that_was_behind_another_look(pdf: bytes) -> bytes:
    return edited(pdf, lambda writer: put(writer, form(writer), "/NeedAppearances", generic.BooleanObject(True)))


def _first(writer: Any) -> Any:
    return form(writer)["/Fields"][0].get_object()


@shadow(form_of(b"100"))
def another_look_of_the_same_value(pdf: bytes) -> bytes:
    def look(writer: Any) -> None:
        shown = drawing(b"BT /F 9 Tf (1000) Tj ET", Type=name("/XObject"), Subtype=name("/Form"))
        put(writer, _first(writer), "/AP", dictionary(N=writer.add_object(shown)))

    return edited(pdf, look)


@shadow(form_of(b"100"))
def a_look_rewritten_where_it_stands(pdf: bytes) -> bytes:
    return added_object(pdf, 8, stream(b"BT /F 9 Tf (1000) Tj ET", b"/Type /XObject /Subtype /Form /BBox [0 0 99 20]"))


@shadow(form_of(b"100", b"/F 2"))
def a_hidden_field_shown(pdf: bytes) -> bytes:
    return edited(pdf, lambda writer: put(writer, _first(writer), "/F", generic.NumberObject(4)))


@shadow(form_of(b"100"))
def a_value_in_place_of_another(pdf: bytes) -> bytes:
    return edited(pdf, lambda writer: put(writer, _first(writer), "/V", text("1000")))


@shadow(form_of(b"", content=b"/L Do", resources=b"<< /XObject << /L 8 0 R >> >>"))
def a_blank_field_whose_look_is_the_page(pdf: bytes) -> bytes:
    """Filling in a blank is allowed, but its appearance is the page's drawing, too."""
    filled = edited(pdf, lambda writer: put(writer, _first(writer), "/V", text("7")))
    return added_object(filled, 8, stream(b"0 0 500 500 re f", b"/Type /XObject /Subtype /Form /BBox [0 0 500 500]"))


@shadow(
    file_of(
        catalog=b"<< /Type /Catalog /Pages 2 0 R /AcroForm 6 0 R /DSS << /Certs 7 0 R >> >>",
        page=b"/Contents 7 0 R",
        extra={7: b"[4 0 R]"},
    ).replace(b"/Contents 4 0 R", b"               ")
)
def a_list_of_certificates_that_is_the_page(pdf: bytes) -> bytes:
    more = added_object(pdf, 90, FALSE_CONTENT)
    return added_object(more, 7, b"[4 0 R 90 0 R]")


XMP = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='%s'/> %%s </x:xmpmeta>" % (
    b"http://www.w3.org/1999/02/22-rdf-syntax-ns#"
)


@shadow(
    file_of(
        catalog=b"<< /Type /Catalog /Pages 2 0 R /AcroForm 6 0 R /Metadata 4 0 R >>",
        stream=stream(XMP % b"q 10 10 m 90 90 l S Q", b"/Type /Metadata /Subtype /XML"),
    )
)
def metadata_that_are_the_page(pdf: bytes) -> bytes:
    return added_object(pdf, 4, stream(XMP % b"0 0 500 500 re f", b"/Type /Metadata /Subtype /XML"))


@shadow(
    file_of(
        form=b"<< /Fields [] /DR << /Font 7 0 R >> >>",
        resources=b"<< /Font 7 0 R >>",
        content=b"BT /F 12 Tf (paid) Tj ET",
        extra={7: b"<< >>"},
    )
)
def a_font_of_the_form_that_the_page_awaits(pdf: bytes) -> bytes:
    return added_object(pdf, 7, b"<< /F << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >>")


@shadow(file_of(stream=stream(b"q 10 10 m 90 90 l S Q", length=60_000)))
def a_drawing_that_reads_on(pdf: bytes) -> bytes:
    return added_object(pdf + b" " * 60_000 + b"0 0 500 500 re f\nendstream\nendobj\n", 90, b"<< >>")


def reading_on(length: bytes, key: bytes = b"/Length", told: bytes = b"null") -> bytes:
    """A file whose drawing ends where nothing is yet, however that is written."""
    drawing = b"<< %s %s >>\nstream\nq 10 10 m 90 90 l S Q\nendstream" % (key, length)
    return file_of(stream=drawing, extra={8: told})


def read_on(pdf: bytes) -> bytes:
    """The file with the rest of a drawing that is 60,000 bytes long."""
    rest = pdf.index(b"stream\nq 10 10") + len(b"stream\n") + 60_000 - len(pdf)
    return added_object(pdf + b"0 0 500 500 re f".rjust(rest) + b"\nendstream\nendobj\n", 90, b"<< >>")


@shadow(reading_on(b"60000"))
def a_drawing_that_goes_on(pdf: bytes) -> bytes:
    return read_on(pdf)


@shadow(reading_on(b"%c\n60000"))
def a_drawing_that_goes_on_behind_a_comment(pdf: bytes) -> bytes:
    return read_on(pdf)


@shadow(reading_on(b"60000", key=b"/L#65ngth"))
def a_drawing_that_goes_on_by_an_escaped_name(pdf: bytes) -> bytes:
    return read_on(pdf)


@shadow(reading_on(b"+60000"))
def a_drawing_that_goes_on_by_a_signed_number(pdf: bytes) -> bytes:
    return read_on(pdf)


@shadow(reading_on(b"8 0 R", told=b"60000"))
def a_drawing_that_goes_on_by_a_reference(pdf: bytes) -> bytes:
    return read_on(pdf)
