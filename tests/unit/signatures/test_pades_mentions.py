"""References to objects are found in whatever form any reader takes them, and hostile files cost no more."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.signatures.pades import source as sources
from shared.signatures.pades.mentions import MAX_PASSES, _mentioned, patterns_of
from shared.signatures.pades.source import Source

PIECES = st.sampled_from(
    [
        b"1",
        b"23",
        b" ",
        b"0",
        b"R",
        b".",
        b"+",
        b"%",
        b"\n",
        b"\x00",
        b"x",
        b"<",
        b" " * 9,
        b"123456",
        b"0" * 12,
        b"1 0 R",
    ]
)
GAP = rb"(?:[\x00\s]|%[^\r\n]*+[\r\n])"
REFERENCE = re.compile(rb"0*?(\d{1,10})%b++0*?\d{1,5}%b++R(?!\w)" % (GAP, GAP))
NUMBERS = st.sets(st.integers(0, 12_000), min_size=1, max_size=40)


def mentioned(data: bytes, numbers: set[int]) -> dict[int, int]:
    return _mentioned(Source.of(data), patterns_of(numbers))


def references(data: bytes) -> Iterator[tuple[int, int]]:
    """Those that the grammar has, comments included, with the places of their numbers."""
    for begin in re.finditer(rb"(?<![\d.])\d", data):
        found = REFERENCE.match(data, begin.start())
        if found is not None:
            yield int(found[1]), begin.start()


@settings(max_examples=500)
@given(st.lists(PIECES, max_size=60).map(b"".join))
def test_no_reference_is_missed(data):
    told = list(references(data))
    found = mentioned(data, {number for number, _ in told})
    for number, place in told:
        assert not data[place : found[number]].strip(b"0") or found[number] < place


@given(st.lists(PIECES, max_size=60).map(b"".join), NUMBERS | st.just({1, 23, 123, 1123456}))
def test_windows_make_no_difference(data, numbers):
    expected = mentioned(data, numbers)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sources, "WINDOW_BYTES", 7)
        patch.setattr(sources, "_STEP_BYTES", 3)
        assert mentioned(data, numbers) == expected
    for number, place in expected.items():
        assert data[place:].startswith(b"%d" % number)


@given(NUMBERS, NUMBERS)
def test_only_numbers_that_are_asked_for_are_found(numbers, others):
    text = b"".join(b"[%d 0 R]" % number for number in sorted(numbers | others))
    assert set(mentioned(text, numbers)) == numbers


BETWEEN = (b" ", b"%c\n", b" %c\r", b"\n%c\n%1 0 R\n ")


@pytest.mark.parametrize("number", [b"12", b"0000000000012"])
@pytest.mark.parametrize("generation", [b"0", b"00000", b"000000"])
@pytest.mark.parametrize(("first", "second"), list(itertools.product(BETWEEN, BETWEEN)))
def test_references_are_found_however_they_are_written(number, generation, first, second):
    assert 12 in mentioned(b"<</A " + number + first + generation + second + b"R>>", {12})


@pytest.mark.parametrize("written", [b"12 0R", b"12 +0 R", b"+12 0 R", b"12. 0 R", b"12.0 0 R", b"12 0.0 R", b"12+0 R"])
def test_references_are_found_in_forms_that_only_some_readers_take(written):
    assert mentioned(b"[" + written + b"]", {12}) == {12: written.index(b"12") + 1}


@pytest.mark.parametrize("written", [b"12 0 obj", b"0000000012 00000 n", b"12 0 0 rg", b"[12 500 12 0 12]", b"/A12 /R"])
def test_what_is_no_reference_is_passed_by(written):
    assert mentioned(written + b"\n", {12}) == {}


@given(st.integers(1, 60_000), st.integers(1, 300))
def test_neighbouring_numbers_are_looked_for_in_a_few_passes(first, count):
    patterns = patterns_of(range(first, first + count))
    assert len(patterns) <= MAX_PASSES
    assert sum(len(one.pattern) for one in patterns) < 1000


@pytest.mark.parametrize(
    "hostile",
    [
        b"\nR", b"12", b"12 ", b"12 %", b"12 0", b"%12\n", b"12 0 %", b"12." + b"0" * 99, b"0" * 99 + b" ", b"12\n\n%"
    ],
)  # fmt: skip
def test_a_million_bytes_are_looked_through_once(hostile):
    """Each repeat of the patterns holds on to what it has: else these would take hours."""
    data = hostile * (1_000_000 // len(hostile))
    assert set(mentioned(data, set(range(9, 15)))) <= {12}
