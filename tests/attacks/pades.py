"""How does one change a PDF file behind its signature? Each attack is a name and a change; coverage must tell of it."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from pyhanko.pdf_utils import generic as typed_generic
from pyhanko.pdf_utils import incremental_writer

generic: Any = typed_generic
IncrementalPdfFileWriter: Any = incremental_writer.IncrementalPdfFileWriter

Attack = Callable[[bytes], bytes]
Edit = Callable[[Any], None]
AFTER_SIGNING: dict[str, Attack] = {}


def name(text: str) -> Any:
    return generic.NameObject(text)


def dictionary(**entries: Any) -> Any:
    return generic.DictionaryObject({name("/" + key): value for key, value in entries.items()})


def numbers(*values: float) -> Any:
    return generic.ArrayObject([generic.FloatObject(one) for one in values])


def text(value: str) -> Any:
    return generic.TextStringObject(value)


def drawing(code: bytes = b"0 0 500 500 re f", **entries: Any) -> Any:
    return generic.StreamObject(dictionary(**entries), stream_data=code)


def edited(pdf: bytes, edit: Edit) -> bytes:
    """The file with a revision that a writer added behind it."""
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf), strict=False)
    edit(writer)
    output = io.BytesIO()
    writer.write(output)
    return output.getvalue()


def after_signing(edit: Edit) -> Edit:
    """Take a change that adds a revision into the suite, under its own name."""

    def attack(pdf: bytes) -> bytes:
        return edited(pdf, edit)

    AFTER_SIGNING[edit.__name__] = attack
    return edit


def bytes_after_signing(attack: Attack) -> Attack:
    """Take a change of the bytes behind the signed revision into the suite."""
    AFTER_SIGNING[attack.__name__] = attack
    return attack


def page(writer: Any, number: int = 0) -> Any:
    return writer.root["/Pages"]["/Kids"][number]


def form(writer: Any) -> Any:
    return writer.root["/AcroForm"]


def put(writer: Any, holder: Any, key: str, value: Any) -> None:
    holder[name(key)] = value
    writer.update_container(holder)


def annotate(writer: Any, kind: str, **entries: Any) -> None:
    told = {"Type": name("/Annot"), "Subtype": name(kind), "Rect": numbers(0, 0, 300, 300), "Contents": text("paid")}
    note = writer.add_object(dictionary(**(told | entries)))
    listed = page(writer).get("/Annots", generic.ArrayObject())
    put(writer, page(writer), "/Annots", generic.ArrayObject([*listed, note]))


def add_field(writer: Any, **entries: Any) -> Any:
    field = writer.add_object(dictionary(**entries))
    form(writer)["/Fields"].append(field)
    writer.update_container(form(writer)["/Fields"])
    return field


def first_field(writer: Any) -> Any:
    """The first field that carries a signature."""
    fields = (one.get_object() for one in form(writer)["/Fields"])
    return next(one for one in fields if "/V" in one and isinstance(one["/V"], dict))


# What is shown


@after_signing
def a_page_that_shows_something_else(writer: Any) -> None:
    put(writer, page(writer), "/Contents", writer.add_object(drawing()))


@after_signing
def a_page_that_shows_more(writer: Any) -> None:
    shown = page(writer).raw_get("/Contents")
    put(writer, page(writer), "/Contents", generic.ArrayObject([shown, writer.add_object(drawing())]))


@after_signing
def a_drawing_rewritten_where_it_stands(writer: Any) -> None:
    reference = page(writer).raw_get("/Contents").reference
    writer.objects[(0, reference.idnum)] = drawing()


@after_signing
def a_page_with_other_resources(writer: Any) -> None:
    font = dictionary(Type=name("/Font"), Subtype=name("/Type1"), BaseFont=name("/Symbol"))
    put(writer, page(writer), "/Resources", dictionary(Font=dictionary(F1=writer.add_object(font))))


@after_signing
def a_page_cut_to_a_corner(writer: Any) -> None:
    put(writer, page(writer), "/CropBox", numbers(0, 0, 50, 50))


@after_signing
def a_page_turned(writer: Any) -> None:
    put(writer, page(writer), "/Rotate", generic.NumberObject(180))


@after_signing
def a_page_added(writer: Any) -> None:
    pages = writer.root["/Pages"]
    added = dictionary(
        Type=name("/Page"), Parent=writer.root.raw_get("/Pages"), MediaBox=numbers(0, 0, 595, 842),
        Contents=writer.add_object(drawing()),
    )  # fmt: skip
    pages["/Kids"].append(writer.add_object(added))
    put(writer, pages, "/Count", generic.NumberObject(len(pages["/Kids"])))


@after_signing
def a_page_taken_out(writer: Any) -> None:
    pages = writer.root["/Pages"]
    put(writer, pages, "/Kids", generic.ArrayObject(list(pages["/Kids"])[:-1]))


@after_signing
def pages_in_another_order(writer: Any) -> None:
    pages = writer.root["/Pages"]
    put(writer, pages, "/Kids", generic.ArrayObject(reversed(list(pages["/Kids"]))))


@after_signing
def one_page_shown_twice(writer: Any) -> None:
    pages = writer.root["/Pages"]
    first = pages["/Kids"].raw_get(0)
    put(writer, pages, "/Kids", generic.ArrayObject([first for _ in pages["/Kids"]]))


@after_signing
def another_tree_of_pages(writer: Any) -> None:
    shown = dictionary(Type=name("/Page"), MediaBox=numbers(0, 0, 595, 842), Contents=writer.add_object(drawing()))
    tree = dictionary(Type=name("/Pages"), Kids=generic.ArrayObject([writer.add_object(shown)]))
    tree[name("/Count")] = generic.NumberObject(1)
    put(writer, writer.root, "/Pages", writer.add_object(tree))


@bytes_after_signing
def another_catalog(pdf: bytes) -> bytes:
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf), strict=False)
    shown = dictionary(Type=name("/Page"), MediaBox=numbers(0, 0, 595, 842), Contents=writer.add_object(drawing()))
    tree = dictionary(Type=name("/Pages"), Kids=generic.ArrayObject([writer.add_object(shown)]))
    tree[name("/Count")] = generic.NumberObject(1)
    catalog = dictionary(
        Type=name("/Catalog"), Pages=writer.add_object(tree), AcroForm=writer.root.raw_get("/AcroForm")
    )
    writer._root = writer.add_object(catalog)
    writer.trailer[name("/Root")] = writer._root
    output = io.BytesIO()
    writer.write(output)
    return output.getvalue()


@after_signing
def layers_that_hide_and_show(writer: Any) -> None:
    layer = writer.add_object(dictionary(Type=name("/OCG"), Name=text("other")))
    shown = dictionary(OFF=generic.ArrayObject([layer]))
    put(writer, writer.root, "/OCProperties", dictionary(OCGs=generic.ArrayObject([layer]), D=shown))


# Notes and marks


@after_signing
def free_text_over_the_page(writer: Any) -> None:
    annotate(writer, "/FreeText")


@after_signing
def a_rubber_stamp_over_the_page(writer: Any) -> None:
    annotate(writer, "/Stamp", AP=dictionary(N=writer.add_object(drawing(Subtype=name("/Form")))))


@after_signing
def a_redaction(writer: Any) -> None:
    annotate(writer, "/Redact")


@after_signing
def a_picture_in_a_watermark(writer: Any) -> None:
    annotate(writer, "/Watermark")


@after_signing
def ink_over_the_page(writer: Any) -> None:
    annotate(writer, "/Ink", InkList=generic.ArrayObject([numbers(0, 0, 500, 500)]))


@after_signing
def a_link_that_runs_a_script(writer: Any) -> None:
    script = dictionary(S=name("/JavaScript"), JS=text("app.alert(1)"))
    annotate(writer, "/Link", A=script)


@after_signing
def a_highlight_that_writes(writer: Any) -> None:
    look = drawing(b"BT /F 12 Tf (paid) Tj ET", Subtype=name("/Form"), Resources=dictionary(Font=dictionary()))
    annotate(writer, "/Highlight", AP=dictionary(N=writer.add_object(look)))


@after_signing
def a_widget_without_a_field(writer: Any) -> None:
    annotate(writer, "/Widget", AP=dictionary(N=writer.add_object(drawing(Subtype=name("/Form")))))


# Forms


@after_signing
def a_text_field_added(writer: Any) -> None:
    field = add_field(writer, FT=name("/Tx"), T=text("Sum"), V=text("1000"), Subtype=name("/Widget"))
    field.get_object()[name("/Rect")] = numbers(0, 0, 90, 90)


@after_signing
def a_place_for_a_signature_that_is_a_picture(writer: Any) -> None:
    look = dictionary(N=writer.add_object(drawing(Subtype=name("/Form"))))
    field = add_field(
        writer, FT=name("/Sig"), T=text("Stamp"), Type=name("/Annot"), Subtype=name("/Widget"),
        Rect=numbers(0, 0, 300, 300), AP=look,
    )  # fmt: skip
    put(writer, page(writer), "/Annots", generic.ArrayObject([*page(writer).get("/Annots", ()), field]))


@after_signing
def a_signature_without_contents(writer: Any) -> None:
    value = writer.add_object(dictionary(Type=name("/Sig"), Filter=name("/Adobe.PPKLite")))
    add_field(writer, FT=name("/Sig"), T=text("Second"), V=value)


@after_signing
def a_signature_of_nothing(writer: Any) -> None:
    value = dictionary(
        Type=name("/Sig"), Filter=name("/Adobe.PPKLite"), SubFilter=name("/ETSI.CAdES.detached"),
        Contents=generic.ByteStringObject(b"\x30\x00"), ByteRange=generic.ArrayObject(),
    )  # fmt: skip
    add_field(writer, FT=name("/Sig"), T=text("Second"), V=writer.add_object(value))


@after_signing
def the_same_signature_in_a_second_field(writer: Any) -> None:
    add_field(writer, FT=name("/Sig"), T=text("Second"), V=first_field(writer).raw_get("/V"))


@after_signing
def the_signature_taken_out(writer: Any) -> None:
    put(writer, form(writer), "/Fields", generic.ArrayObject())


@after_signing
def the_signature_in_other_looks(writer: Any) -> None:
    field = first_field(writer)
    look = dictionary(N=writer.add_object(drawing(Subtype=name("/Form"))))
    field[name("/AP")], field[name("/Rect")] = look, numbers(0, 0, 300, 300)
    writer.update_container(field)


@after_signing
def another_reason_in_the_signature(writer: Any) -> None:
    put(writer, first_field(writer)["/V"], "/Reason", text("paid in full"))


@after_signing
def the_signature_moved_deep_into_a_tree(writer: Any) -> None:
    fields = form(writer)["/Fields"]
    above = writer.add_object(dictionary(T=text("above"), Kids=generic.ArrayObject(list(fields))))
    put(writer, form(writer), "/Fields", generic.ArrayObject([above]))


@after_signing
def dynamic_forms_added(writer: Any) -> None:
    put(writer, form(writer), "/XFA", writer.add_object(drawing(b"<xdp/>")))


@after_signing
def all_looks_to_be_drawn_anew(writer: Any) -> None:
    put(writer, form(writer), "/NeedAppearances", generic.BooleanObject(True))


# Actions and files


@after_signing
def a_script_on_opening(writer: Any) -> None:
    put(writer, writer.root, "/OpenAction", dictionary(S=name("/JavaScript"), JS=text("app.alert(1)")))


@after_signing
def a_script_before_printing(writer: Any) -> None:
    put(writer, writer.root, "/AA", dictionary(WP=dictionary(S=name("/JavaScript"), JS=text("1"))))


@after_signing
def a_script_on_a_page(writer: Any) -> None:
    put(writer, page(writer), "/AA", dictionary(O=dictionary(S=name("/JavaScript"), JS=text("1"))))


@after_signing
def scripts_among_the_names(writer: Any) -> None:
    script = writer.add_object(dictionary(S=name("/JavaScript"), JS=text("1")))
    names = dictionary(Names=generic.ArrayObject([text("a"), script]))
    put(writer, writer.root, "/Names", dictionary(JavaScript=names))


@after_signing
def an_attached_file(writer: Any) -> None:
    file = writer.add_object(dictionary(Type=name("/Filespec"), F=text("a.exe")))
    names = dictionary(Names=generic.ArrayObject([text("a"), file]))
    put(writer, writer.root, "/Names", dictionary(EmbeddedFiles=names))


@after_signing
def a_certification_after_the_fact(writer: Any) -> None:
    level = dictionary(P=generic.NumberObject(3), Type=name("/TransformParams"))
    reference = dictionary(TransformMethod=name("/DocMDP"), TransformParams=level)
    value = dictionary(Type=name("/Sig"), Reference=generic.ArrayObject([reference]))
    put(writer, writer.root, "/Perms", dictionary(DocMDP=writer.add_object(value)))


# The security store as a way in


@after_signing
def a_store_of_something_else(writer: Any) -> None:
    store = dictionary(Certs=generic.ArrayObject([writer.add_object(drawing())]))
    put(writer, writer.root, "/DSS", writer.add_object(store))
