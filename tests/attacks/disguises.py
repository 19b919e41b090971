"""How does one hide a drawing in an object that is something else besides, and may change as that?

With these the suite, `SHADOWS`, is larger: each has a file to be signed and the change to make behind the signature.
"""

from __future__ import annotations

import re
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding

from tests.attacks.shadows import SHADOWS, added_object, file_of, shadow, stream
from tests.pki import TestPki

__all__ = ["SHADOWS"]

TRUE, FALSE = b"q 10 10 m 90 90 l S Q", b"q 0 0 500 500 re f Q "
FIELD = b"/Type /Annot /Subtype /Widget /FT /%s /T (Sum) /Rect [0 0 9 9]"


def drawn_by(number: int, more: bytes = b"", **changes: Any) -> bytes:
    """A file whose page is drawn by an object that is told as something else, too."""
    made = file_of(page=b"/Contents %d 0 R %s" % (number, more), **changes)
    return made.replace(b"/Contents 4 0 R", b"               ")


def redrawn(pdf: bytes, number: int) -> bytes:
    """The file with another drawing in an object that says the same besides."""
    bodies = re.findall(rb"(?<!\d)%d 0 obj\s(.*?)endobj" % number, pdf, re.DOTALL)
    return added_object(pdf, number, bodies[-1].replace(TRUE, FALSE))


@shadow(drawn_by(7, form=b"<< /Fields [7 0 R] >>", extra={7: stream(TRUE, FIELD % b"Tx")}))
def a_field_that_is_the_page(pdf: bytes) -> bytes:
    return redrawn(pdf, 7)


@shadow(drawn_by(7, form=b"<< /Fields [7 0 R] >>", extra={7: stream(TRUE, FIELD % b"Sig")}))
def a_place_for_a_signature_that_is_the_page(pdf: bytes) -> bytes:
    return redrawn(pdf, 7)


@shadow(
    drawn_by(8, form=b"<< /Fields [7 0 R] >>", extra={7: b"<< /FT /Tx /T (Sum) /Kids [8 0 R] >>", 8: stream(TRUE, b"")})
)
def a_widget_that_is_the_page(pdf: bytes) -> bytes:
    return redrawn(pdf, 8)


@shadow(drawn_by(1, catalog=stream(TRUE, b"/Type /Catalog /Pages 2 0 R /AcroForm 6 0 R")))
def a_catalog_that_is_the_page(pdf: bytes) -> bytes:
    return redrawn(pdf, 1)


@shadow(drawn_by(6, form=stream(TRUE, b"/Fields []")))
def a_form_that_is_the_page(pdf: bytes) -> bytes:
    return redrawn(pdf, 6)


@shadow(drawn_by(7, form=b"<< /Fields [] /DR 7 0 R >>", extra={7: stream(TRUE)}))
def resources_of_the_form_that_are_the_page(pdf: bytes) -> bytes:
    return redrawn(pdf, 7)


@shadow(drawn_by(3, more=b"/Length 21 >>\nstream\n%s\nendstream %%" % TRUE))
def a_page_that_is_its_own_drawing(pdf: bytes) -> bytes:
    return redrawn(pdf, 3)


@shadow(drawn_by(7, form=b"<< /Fields 7 0 R >>", extra={7: b"[4 0 R]"}))
def a_list_of_fields_that_is_the_page(pdf: bytes) -> bytes:
    """What is added to the form's fields is drawn, and is a place for a signature only by its name."""
    with_list = re.findall(rb"(?<!\d)7 0 obj\s\[([^\]]*)\]", pdf)[-1]
    more = added_object(pdf, 90, stream(FALSE, FIELD % b"Sig"))
    return added_object(more, 7, b"[%s 90 0 R]" % with_list)


@shadow(file_of(form=b"<< /Fields 7 0 R >>", extra={7: b"[3 0 R]"}).replace(b"/Kids [3 0 R]", b"/Kids 7 0 R  "))
def a_list_of_fields_that_is_the_list_of_pages(pdf: bytes) -> bytes:
    """A place for a signature is added, which is a page besides."""
    page = b"<< /FT /Sig /T (Next) /Type /Page /MediaBox [0 0 9 9] /Parent 2 0 R /Contents 91 0 R >>"
    with_list = re.findall(rb"(?<!\d)7 0 obj\s\[([^\]]*)\]", pdf)[-1]
    more = added_object(added_object(pdf, 91, stream(FALSE)), 90, page)
    return added_object(more, 7, b"[%s 90 0 R]" % with_list)


PROOF = stream(TestPki.make().root.certificate.public_bytes(Encoding.DER))
"""A certificate may have any bytes in an extension of its own, and so draw."""


@shadow(
    drawn_by(
        7,
        catalog=b"<< /Type /Catalog /Pages 2 0 R /AcroForm 6 0 R /DSS << /Certs 7 0 R >> >>",
        extra={7: b"[8 0 R]", 8: PROOF},
    )
)
def a_list_of_proofs_that_is_the_page(pdf: bytes) -> bytes:
    """What is added to the security store's certificates is one, and is drawn."""
    return added_object(added_object(pdf, 90, PROOF), 7, b"[8 0 R 90 0 R]")
