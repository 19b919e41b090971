"""A file is looked through in windows as it would be as a whole, and judged as it would be in memory."""

from __future__ import annotations

import hashlib
import io
import itertools
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contract.models import ContentType
from shared.signatures.binding import SentFile, bind
from shared.signatures.pades import source as sources
from shared.signatures.pades.opening import BEHIND_ENTRY
from shared.signatures.pades.references import _mentioned
from shared.signatures.pades.sign import sign_pdf
from shared.signatures.pades.source import Source
from shared.signatures.pades.verify import judge_pdf
from shared.signatures.trust import TrustAnchors
from tests.documents import pdf_file, with_annotation, with_page_replaced
from tests.pki import TestPki, now_utc

ENTRY = re.compile(rb"/Index[\x00\s]*+\[([\d\x00\s]{1,1000})\]|/(?:Size|Length)[\x00\s]++(\d{1,19})|/ByteRange")
ENTRIES = st.sampled_from(
    [
        b"/Index",
        b" ",
        b"[",
        b"1 2",
        b"]",
        b"/Size",
        b"/Length",
        b"/",
        b"12",
        b"/ByteRange",
        b"xxxxxxxxx",
        b"\x00",
        b"\xff",
    ]
)
NUMBERS = st.sampled_from(
    [b"1", b"23", b" ", b"0", b"R", b".", b"%", b"\n", b"\x00", b"x", b"<", b"         ", b"123456", b"000000000000"]
)


@pytest.fixture(autouse=True)
def small_windows(monkeypatch) -> None:
    monkeypatch.setattr(sources, "WINDOW_BYTES", 7)
    monkeypatch.setattr(sources, "_STEP_BYTES", 3)
    monkeypatch.setattr("shared.signatures.pades.references._LINE_BYTES", 2)
    monkeypatch.setattr("shared.signatures.pades.references._NUMBERS_BYTES", 3)


@pytest.fixture
def in_file(tmp_path) -> Iterator[Callable[[bytes], Source]]:
    """Make a source of a file on the disk."""
    with ExitStack() as stack:

        def made(data: bytes) -> Source:
            path = tmp_path / hashlib.sha256(data).hexdigest()
            path.write_bytes(data)
            return Source(stack.enter_context(path.open("rb")).fileno(), len(data))

        yield made


@given(st.lists(ENTRIES, max_size=60).map(b"".join))
def test_entries_are_found_wherever_windows_end(data):
    expected = [(found.start(), found[0]) for found in ENTRY.finditer(data)]
    found = [(start + one.start(), one[0]) for start, one in Source.of(data).matches(ENTRY, BEHIND_ENTRY)]
    assert found == expected


@settings(max_examples=1000)
@given(st.lists(NUMBERS, max_size=60).map(b"".join))
def test_references_are_found_wherever_windows_end(data):
    found = set(_mentioned(Source.of(data)))
    assert found >= set(plain_references(data)) | set(broken_up_references(data))
    assert {place for _, place in found} <= {one.start() for one in re.finditer(rb"\d", data)}


@settings(max_examples=1000)
@given(st.lists(NUMBERS.filter(lambda piece: piece != b"%"), max_size=60).map(b"".join))
def test_without_comments_nothing_but_references_is_found(data):
    assert sorted(_mentioned(Source.of(data))) == sorted(plain_references(data))


def plain_references(data: bytes) -> Iterator[tuple[int, int]]:
    """The references without comments, over the whole."""
    for found in re.finditer(rb"(?<![\d.])0*?(\d{1,10})[\x00\s]++0*?\d{1,5}[\x00\s]++R(?!\w)", data):
        yield int(found[1]), found.start()


def broken_up_references(data: bytes) -> Iterator[tuple[int, int]]:
    """Those with comments, as the grammar has it, from every place where a number begins."""
    gap = rb"(?:[\x00\s]|%[^\r\n]*+[\r\n])++"
    reference = re.compile(rb"0*?(\d{1,10})%b0*?\d{1,5}%bR(?!\w)" % (gap, gap))
    for begin in re.finditer(rb"(?<![\d.])\d", data):
        found = reference.match(data, begin.start())
        if found is not None:
            yield int(found[1]), begin.start()


BETWEEN = (b" ", b"%c\n", b" %c\r", b"\n%c\n%1 0 R\n ")


@pytest.mark.parametrize("number", [b"12", b"0000000000012"])
@pytest.mark.parametrize("generation", [b"0", b"00000", b"000000"])
@pytest.mark.parametrize(("first", "second"), list(itertools.product(BETWEEN, BETWEEN)))
def test_references_are_found_however_they_are_written(number, generation, first, second):
    data = b"<</A " + number + first + generation + second + b"R>>"
    assert (12, 5) in set(_mentioned(Source.of(data)))


@given(st.binary(max_size=60), st.binary(min_size=1, max_size=4), st.integers(0, 60), st.integers(0, 60))
def test_bytes_are_found_where_they_are(data, wanted, start, end):
    source = Source.of(data)
    assert source.find(wanted, start, end) == data.find(wanted, start, end)
    assert source.rfind(wanted) == data.rfind(wanted)
    assert source.only(b"\x00 ", start) == (not data[start:].strip(b"\x00 "))
    assert (
        source.digest("sha256", (0, start), (start, len(data))) == hashlib.sha256(data[:start] + data[start:]).digest()
    )
    assert b"".join(window for _, window in source.windows(BEHIND_ENTRY, start, end)) == data[start:end]


@given(st.binary(max_size=60), st.lists(st.integers(0, 60), max_size=3), st.integers(0, 60), st.integers(0, 60))
def test_digests_go_on_from_states_that_are_known(data, places, gap, behind):
    states = [(place, hashlib.sha256(data[:place])) for place in sorted(places) if place <= len(data)]
    source = Source(data, len(data), states)
    for algorithm in ("sha256", "sha512"):
        expected = hashlib.new(algorithm, data[:gap] + data[behind:]).digest()
        assert source.digest(algorithm, (0, gap), (behind, len(data))) == expected
        assert source.digest(algorithm, (behind, len(data))) == hashlib.new(algorithm, data[behind:]).digest()


@given(st.binary(max_size=60), st.lists(st.tuples(st.integers(0, 70), st.integers(0, 20)), max_size=5))
def test_a_stream_reads_as_a_file_does(tmp_path_factory, data, reads):
    path = tmp_path_factory.mktemp("streams") / "file"
    path.write_bytes(data)
    with path.open("rb") as file, Source(file.fileno(), len(data)).stream() as stream:
        memory = io.BytesIO(data)
        assert stream.seek(0, io.SEEK_END) == len(data)
        for place, size in reads:
            assert (stream.seek(place), stream.read(size)) == (memory.seek(place), memory.read(size))
            assert stream.tell() == memory.tell()


async def sign(pdf: bytes, pki: TestPki) -> bytes:
    return await sign_pdf(pdf, pki.signer, pki.timestamper, reason=None, signed_at=now_utc())


async def test_a_file_is_judged_as_it_would_be_in_memory(pki, in_file):
    once = await sign(pdf_file(), pki)
    twice = await sign(once, pki)
    for data in (once, twice, with_page_replaced(once), with_annotation(twice), once + b"\n"):
        assert judge_pdf(in_file(data), TrustAnchors.none()) == judge_pdf(data, TrustAnchors.none())


@pytest.mark.parametrize("stream_xrefs", [True, False])
async def test_a_file_that_came_back_is_bound_to_the_one_that_was_sent(pki, in_file, stream_xrefs):
    sent, other = (pdf_file(text, stream_xrefs=stream_xrefs) for text in ("one", "two"))
    once = await sign(sent, pki)
    twice = await sign(once, pki)
    for base, signed in ((sent, once), (once, twice), (sent, twice)):
        assert bind(ContentType.PDF, SentFile.of(base), in_file(signed)).covers
    for base, signed in ((other, once), (once, once), (twice, once), (sent, with_page_replaced(once))):
        assert not bind(ContentType.PDF, SentFile.of(base), in_file(signed)).covers
    cut = SentFile(len(sent) - 1, hashlib.sha256(sent[:-1]).digest())
    assert bind(ContentType.PDF, cut, in_file(once)).covers == bind(ContentType.PDF, sent[:-1], once).covers
    assert bind(ContentType.PDF, SentFile.of(sent), in_file(once)).signer == pki.signer.certificate
