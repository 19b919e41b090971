"""A file is looked through in windows as it would be as a whole, and judged as it would be in memory."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contract.models import ContentType
from shared.signatures.binding import SentFile, bind
from shared.signatures.pades import source as sources
from shared.signatures.pades.opening import BEHIND_ENTRY
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


@pytest.fixture(autouse=True)
def small_windows(monkeypatch) -> None:
    monkeypatch.setattr(sources, "WINDOW_BYTES", 7)
    monkeypatch.setattr(sources, "_STEP_BYTES", 3)


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
