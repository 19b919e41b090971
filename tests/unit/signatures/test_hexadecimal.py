"""Our way of reading hexadecimal strings is pyHanko's, only quicker: each string comes out the same, or fails alike."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.misc import PdfStreamError
from pyhanko.pdf_utils.reader import PdfFileReader

from shared.signatures.pades import hexadecimal, opening


def outcome(read, data: bytes):
    stream = io.BytesIO(b"ahead" + data)
    stream.seek(5)
    try:
        found = read(stream)
    except PdfStreamError:
        return "refused"
    return type(found), found.original_bytes, stream.tell()


@given(st.lists(st.sampled_from([*b"0aF9 \n\r\t\f\x00"]), max_size=700), st.binary(max_size=3))
def test_digits_and_white_space_are_read_alike(inside, behind):
    data = b"<" + bytes(inside) + b">" + behind
    assert outcome(hexadecimal.read_hex_string, data) == outcome(hexadecimal.AS_IT_COMES, data) != "refused"


@given(st.lists(st.sampled_from([*b"0aF9 \n>%<gz\x0b\xff"]), max_size=40))
def test_comments_and_what_is_no_digit_are_left_to_pyhanko(inside):
    data = b"<" + bytes(inside)
    assert outcome(hexadecimal.read_hex_string, data) == outcome(hexadecimal.AS_IT_COMES, data)


@pytest.mark.parametrize("size", [254, 255, 256, 257, 256 + (64 << 10), 200_001])
def test_strings_of_any_length_end_where_they_end(size):
    data = b"<" + b"a" * size + b">>"
    assert outcome(hexadecimal.read_hex_string, data) == outcome(hexadecimal.AS_IT_COMES, data)


def test_a_string_without_end_is_refused():
    assert outcome(hexadecimal.read_hex_string, b"<" + b"a" * 100_000) == "refused"


def test_a_comment_inside_counts_for_nothing():
    assert outcome(hexadecimal.read_hex_string, b"<41%>42\n43>")[1] == b"AC"


def test_whoever_opens_files_reads_so():
    assert vars(opening)["PdfFileReader"] is PdfFileReader
    assert generic.read_hex_string_from_stream is hexadecimal.read_hex_string
