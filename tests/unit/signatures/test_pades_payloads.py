"""Our way of reading streams is pyHanko's, only that large ones stay where they are until they are asked for."""

import io
from types import SimpleNamespace

import pytest
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader

from shared.signatures.pades import opening, payloads
from shared.signatures.pades.payloads import LARGE_BYTES, Place
from tests.documents import pdf_file, with_annotation

LARGE = bytes(range(256)) * (LARGE_BYTES // 256)


def outcome(read, data: bytes, length: object):
    stream = io.BytesIO(b">>" + data)
    stream.seek(2)
    dictionary = {} if length is None else {generic.NameObject("/Length"): length}
    handler = SimpleNamespace(get_object=lambda _: generic.NumberObject(len(LARGE)))
    try:
        found = read(stream, dictionary, handler)
    except (PdfError, TypeError, KeyError) as error:
        return type(error)
    return found.read() if isinstance(found, Place) else found, stream.tell()


@pytest.mark.parametrize(
    "behind", [b"\nendstream\nendobj", b"endstream", b"\r\n endstream", b"\n", b"x\nendstream", b""]
)
@pytest.mark.parametrize(
    "before", [b"\nstream\n", b" stream\r\n", b"stream \n", b"\nstream\r", b"% a remark\nstream\n", b"x"]
)
@pytest.mark.parametrize("length", [len(LARGE), len(LARGE) - 1, len(LARGE) + 1, 3 * len(LARGE), 5, -1])
def test_streams_are_read_as_pyhanko_reads_them(before, length, behind):
    data = before + LARGE + behind
    told = generic.NumberObject(length)
    assert outcome(payloads.read_payload, data, told) == outcome(payloads.AS_IT_COMES, data, told)


@pytest.mark.parametrize("length", [None, generic.NameObject("/x"), generic.IndirectObject(1, 0, None)])
@pytest.mark.parametrize("data", [b"\nstream\n" + LARGE + b"\nendstream", b"\nendobj"])
def test_lengths_of_any_kind_are_read_as_pyhanko_reads_them(data, length):
    assert outcome(payloads.read_payload, data, length) == outcome(payloads.AS_IT_COMES, data, length)


def test_a_large_stream_is_read_when_it_is_asked_for_and_not_kept():
    pdf = pdf_file("x" * LARGE_BYTES)
    reader = opening.open_pdf(pdf)
    stream = reader.root["/Pages"]["/Kids"][0]["/Contents"]
    assert isinstance(stream, generic.StreamObject)
    assert isinstance(stream.__dict__["_encoded_data"], Place)
    assert stream.encoded_data in pdf
    assert len(stream.data) > LARGE_BYTES
    assert isinstance(stream.__dict__["_encoded_data"], Place)


def test_a_large_stream_of_an_earlier_revision_is_not_kept_either():
    pdf = pdf_file("x" * LARGE_BYTES)
    first = opening.open_pdf(with_annotation(pdf)).get_historical_resolver(0)
    stream = first.root["/Pages"]["/Kids"][0]["/Contents"]
    assert isinstance(stream.__dict__["_encoded_data"], Place)
    assert stream.encoded_data in pdf
    assert stream["/Length"] == len(stream.encoded_data)
    assert stream.get_container_ref().pdf is first


def test_a_small_stream_is_there_at_once():
    stream = PdfFileReader(io.BytesIO(pdf_file()), strict=False).root["/Pages"]["/Kids"][0]["/Contents"]
    assert isinstance(stream.__dict__["_encoded_data"], bytes)


def test_a_stream_that_is_made_anew_holds_what_it_was_given():
    stream = generic.StreamObject(stream_data=b"abc")
    assert stream.encoded_data == b"abc"
    assert generic.StreamObject(encoded_data=b"xyz").data == b"xyz"
