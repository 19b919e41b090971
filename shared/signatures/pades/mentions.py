"""Of which objects did a PDF file speak before anybody had added them? (ISO 32000-2, 7.3.10)

A file may be signed with a reference to an object that somebody adds later: that, too, changes what it shows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cached_property

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader

from shared.signatures.pades.source import Source

MAX_NUMBERS = 5000
MAX_PASSES = 4

_BEHIND_NUMBER = rb"(?!\d)(?:\.\d*+)?+[\x00\s]*+[+-]*+\d*+(?:\.\d*+)?+[\x00\s]*+[%R]"
"""What makes a number one of a reference: a generation and an R, or a comment that could stand before either.

Readers differ in the forms that they take for a number. Here is more than any of them takes, so that nothing is missed.
"""
_BEHIND_REFERENCE = re.compile(rb"[^\d.+\-\x00\s]")
"""Where a window may end."""


class Mentions:
    """Which of the objects that came in after a revision were spoken of before?

    Only the text of references is looked for, wherever it stands: too many may be found, but none is missed.
    """

    def __init__(self, reader: PdfFileReader, pdf: Source, introduced: Mapping[int, int], since: int) -> None:
        self._reader = reader
        self._pdf = pdf
        self._numbers = {number for number, revision in introduced.items() if revision > since}
        self.since = since

    def before(self, number: int, revision: int) -> bool:
        """Whether a revision before `revision` may refer to an object of that number; True for too many of them."""
        if len(self._numbers) > MAX_NUMBERS:
            return True
        places = (self._reader.xrefs.get_xref_container_info(one).end_location for one in range(revision))
        plain = self._plain.get(number)
        bundled = self._bundled.get(number)
        return (plain is not None and plain < max(places)) or (bundled is not None and bundled < revision)

    @cached_property
    def _patterns(self) -> list[re.Pattern[bytes]]:
        return patterns_of(self._numbers)

    @cached_property
    def _plain(self) -> dict[int, int]:
        """Where each number is mentioned first."""
        return _mentioned(self._pdf, self._patterns)

    @cached_property
    def _bundled(self) -> dict[int, int]:
        """In which revision each number is mentioned first by an object in an object stream."""
        first: dict[int, int] = {}
        for revision in range(self._reader.xrefs.total_revisions):
            for number in self._reader.xrefs.get_xref_data(revision).obj_streams_used:
                bundle = self._reader.get_historical_resolver(revision).get_object(generic.Reference(number, 0))
                for found in _mentioned(
                    Source.of(bundle.data if isinstance(bundle, generic.StreamObject) else b""), self._patterns
                ):
                    first.setdefault(found, revision)
        return first


def _mentioned(pdf: Source, patterns: Iterable[re.Pattern[bytes]]) -> dict[int, int]:
    """The numbers that are mentioned, with the first place of each."""
    first: dict[int, int] = {}
    for start, window in pdf.windows(_BEHIND_REFERENCE):
        for pattern in patterns:
            for found in pattern.finditer(window):
                first.setdefault(int(found[1]), start + found.start())
    return first


def patterns_of(numbers: Iterable[int]) -> list[re.Pattern[bytes]]:
    """A few patterns that together match the mentions of all numbers.

    Those in one pattern begin with the same digits as far as possible: searching for these is many times faster than
    searching for any of several.
    """
    texts = {str(number) for number in numbers}
    for size in range(max(map(len, texts), default=0), 0, -1):
        groups: dict[str, set[str]] = {}
        for text in texts:
            groups.setdefault(text[:size], set()).add(text)
        if len(groups) <= MAX_PASSES:
            return [_pattern(group) for group in groups.values()]
    return [_pattern(texts)] if texts else []


def _pattern(texts: set[str]) -> re.Pattern[bytes]:
    return re.compile(b"(%s)%s" % (_any_of(texts).encode(), _BEHIND_NUMBER))


def _any_of(texts: set[str]) -> str:
    """An expression for any of these texts of digits, with as few branches as there may be."""
    digits_before: dict[str, list[str]] = {}
    for digit in sorted({text[0] for text in texts if text}):
        rest = _any_of({text[1:] for text in texts if text[:1] == digit})
        digits_before.setdefault(rest, []).append(digit)
    branches = [
        (digits[0] if len(digits) == 1 else f"[{''.join(digits)}]") + rest for rest, digits in digits_before.items()
    ]
    branches += [""] if "" in texts else []
    return branches[0] if len(branches) == 1 else f"(?:{'|'.join(branches)})"
