import base64
import io
import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contract.base64_text import PIECE_CHARACTERS, Base64Text

GRAMMAR = re.compile(rb"([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")


def decoded(*pieces: str) -> bytes | None:
    value = io.BytesIO()
    text = Base64Text(value)
    for piece in pieces:
        text.feed(piece)
    return value.getvalue() if text.close() else None


@given(st.binary(max_size=200), st.lists(st.integers(0, 300), max_size=5))
def test_bytes_come_out_as_they_went_in_wherever_the_text_is_cut(data, cuts):
    text = base64.encodebytes(data).decode()
    places = sorted({0, *cuts, len(text)})
    assert decoded(*(text[start:end] for start, end in itertools.pairwise(places))) == data


@given(st.lists(st.sampled_from([b"QUJD", b"QQ==", b"QUI=", b"Q", b"=", b"!", b"-", b"\xc8", b" ", b"\n"]), max_size=8))
def test_pieces_are_taken_exactly_if_together_they_are_base64(pieces):
    value = io.BytesIO()
    taking = Base64Text(value)
    taken = all(taking.take(piece) for piece in pieces) and taking.close()
    digits = b"".join(pieces).translate(None, b" \t\r\n")
    expected = base64.b64decode(digits) if GRAMMAR.fullmatch(digits) else None
    assert (value.getvalue() if taken else None) == expected


@pytest.mark.parametrize("size", [PIECE_CHARACTERS - 1, PIECE_CHARACTERS, 3 * PIECE_CHARACTERS + 1])
def test_a_long_value_is_decoded_in_pieces(size):
    data = bytes(size)
    text = base64.b64encode(data).decode()
    assert decoded(*(text[start : start + 1000] for start in range(0, len(text), 1000))) == data


@pytest.mark.parametrize("text", ["", " \r\n\t", "MTIz", " M T\nI z ", "MTI=", "MQ = ="])
def test_white_space_may_stand_anywhere(text):
    assert decoded(text) == base64.b64decode(text)


@pytest.mark.parametrize(
    "pieces",
    [("M",), ("MTIzM",), ("MTI",), ("=",), ("====",), ("M===",), ("MTI=MTIz",), ("!SECRET!",), ("MTI-",), ("MTIz", "ș"),
     ("MQ==" + "=" * 4,), ("MTIz====",), ("MTIz", "=", "==="),
     ("M" * PIECE_CHARACTERS + "MQ==" + " " * PIECE_CHARACTERS, "MTIz"),
     ("MQ==" * (PIECE_CHARACTERS // 4), "MTIz"), ("!" * PIECE_CHARACTERS, "MTIz")],
)  # fmt: skip
def test_what_is_no_base64_has_no_value(pieces):
    assert decoded(*pieces) is None
