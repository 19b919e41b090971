"""Nothing that a dictionary says is forgotten, and what it says in the ordinary way is read as pyHanko reads it."""

from __future__ import annotations

import io
from typing import Any

import pytest
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.misc import PdfReadError

from shared.signatures.pades.dictionaries import AGAIN, says_twice
from shared.signatures.pades.opening import open_pdf
from tests.attacks.shadows import file_of


@pytest.fixture
def reference() -> Any:
    reader: Any = open_pdf(file_of())
    return generic.Reference(90, 0, reader)


def read(text: bytes, reference: Any) -> Any:
    return generic.read_object(io.BytesIO(text), reference)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"<<>>", {}),
        (b"<< /A 1 % comment\n /B [/C] >>", {"/A": 1, "/B": ["/C"]}),
        (b"<</A<</B(c)>>/D true>>", {"/A": {"/B": "c"}, "/D": True}),
        (b"<< /A 1 /A 1 >>", {"/A": 1}),
    ],
)
def test_a_dictionary_is_read(reference, text, expected):
    found = read(text + b" ", reference)
    assert found == expected
    assert not says_twice(found)


def test_each_value_of_a_key_is_kept(reference):
    found = read(b"<< /A 1 /A 2 /#41 3 /A 1 >> ", reference)
    assert list(found.values()) == [1, 2, 3]
    assert says_twice(found)
    written = io.BytesIO()
    found.write_to_stream(written)
    assert written.getvalue().split() == b"<< /A 1 /A 2 /A 3 >>".split()


def test_no_file_can_write_the_key_of_a_further_value(reference):
    written = "".join(f"#{one:02X}" for one in AGAIN.encode("utf-8", "surrogatepass")).encode()
    for told in (b"<< /A%s 2 >> " % written, b"<< /A#FF 2 >> "):
        try:
            found = read(told, reference)
        except PdfReadError:
            continue
        assert not any(AGAIN in key for key in found)


@pytest.mark.parametrize("text", [b"<< /A 1 ", b"<< A 1 >> ", b"<< /A >> ", b"< < /A 1 >> "])
def test_what_is_no_dictionary_is_an_error(reference, text):
    with pytest.raises(PdfReadError):
        read(text, reference)
