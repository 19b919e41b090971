"""What can happen to a signed PDF file, as data: kinds of changes, each with a sentence for people."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """How far a change reaches, in the terms of DocMDP and FieldMDP (ISO 32000-2, 12.8.2)."""

    PRESERVED = "preserved"
    """What keeps signatures provable: security store, document timestamps, metadata. Always allowed."""
    SIGNED = "signed"
    """A further signature, invisible or in a place that was there before."""
    SIGNED_ON_TOP = "signed_on_top"
    """A further signature in a visible place of its own, drawn over the page."""
    FILLED = "filled"
    """A form field got a value."""
    ANNOTATED = "annotated"
    """A note or a mark was put on a page, changed or taken away."""
    OTHER = "other"
    """Nobody may do this to a signed file."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change from a revision to the next.

    `field` is the full name of the form field that it is about; `was_blank` tells that this field had no value.
    """

    kind: Kind
    sentence: str
    field: str | None = None
    was_blank: bool = False


def other(sentence: str) -> Change:
    """A change that nobody may make."""
    return Change(Kind.OTHER, sentence)
