"""Do two revisions of a PDF file say the same in one place? (ISO 32000-2, 7.3 and 7.5.6)"""

from __future__ import annotations

from typing import Any

from pyhanko.pdf_utils import generic

MAX_COMPARISONS = 500_000
MAX_DEPTH = 200

STREAM = "(stream)"
"""How the bytes of a stream are called among the keys of its dictionary."""

Key = tuple[int, int]


class Sameness:
    """Compares objects of an older revision with those of a newer one, as long as comparisons are `left`.

    Two references to one object count as the same here: whoever compares revisions looks at each rewritten object by
    itself. References to different objects are followed.
    """

    def __init__(self, left: int = MAX_COMPARISONS) -> None:
        self.left = left
        self._assumed: dict[tuple[Key, Key], None] = {}

    def same(self, old: Any, new: Any, depth: int = 0) -> bool:
        """Whether both objects say the same; raises `RecursionError` when telling takes too long."""
        self.left -= 1
        if self.left < 0 or depth > MAX_DEPTH:
            raise RecursionError("the revisions are too complex to compare")
        if isinstance(old, generic.IndirectObject) and isinstance(new, generic.IndirectObject):
            return self._same_references(old, new, depth)
        return self._same_values(resolved(old), resolved(new), depth)

    def _same_references(self, old: Any, new: Any, depth: int) -> bool:
        """Objects that refer to each other are the same as long as nothing says otherwise."""
        pair = key_of(old), key_of(new)
        if pair[0] == pair[1] or pair in self._assumed:
            return True
        before = len(self._assumed)
        self._assumed[pair] = None
        if self._same_values(resolved(old), resolved(new), depth):
            return True
        while len(self._assumed) > before:
            self._assumed.popitem()
        return False

    def _same_values(self, old: Any, new: Any, depth: int) -> bool:
        if isinstance(old, generic.DictionaryObject) and isinstance(new, generic.DictionaryObject):
            return not self.differing(old, new, depth)
        if isinstance(old, generic.ArrayObject) and isinstance(new, generic.ArrayObject):
            pairs = zip(old, new, strict=False)
            return len(old) == len(new) and all(self.same(one, other, depth + 1) for one, other in pairs)
        return _same_plain(old, new)

    def differing(self, old: Any, new: Any, depth: int = 0) -> set[str]:
        """The keys of two dictionaries whose values are not the same; a missing one is like null.

        `STREAM` is among them when the bytes behind the dictionaries differ: whatever a dictionary is, a page may draw
        what stands behind it. How long they say that these are is not compared.
        """
        keys = {*old.keys(), *new.keys()} - {"/Length"} if _are_streams(old, new) else {*old.keys(), *new.keys()}
        found = {str(key) for key in keys if not self.same(_raw(old, key), _raw(new, key), depth + 1)}
        return found if _bytes_of(old) == _bytes_of(new) else found | {STREAM}


def key_of(reference: Any) -> Key:
    """Number and generation of an indirect object."""
    return int(reference.idnum), int(reference.generation)


def resolved(value: Any) -> Any:
    """The object itself, whatever refers to it; null for none."""
    return generic.NullObject() if value is None else value.get_object()


def is_null(value: Any) -> bool:
    """Whether there is nothing here."""
    return isinstance(resolved(value), generic.NullObject)


def _are_streams(*values: Any) -> bool:
    return all(isinstance(one, generic.StreamObject) for one in values)


def _bytes_of(value: Any) -> bytes | None:
    return value.encoded_data if isinstance(value, generic.StreamObject) else None


def _raw(holder: Any, key: str) -> Any:
    return holder.raw_get(key) if key in holder else generic.NullObject()


def _same_plain(old: Any, new: Any) -> bool:
    strings = (generic.TextStringObject, generic.ByteStringObject)
    if isinstance(old, strings) and isinstance(new, strings):
        return bool(old.original_bytes == new.original_bytes)
    numbers = (generic.NumberObject, generic.FloatObject)
    if isinstance(old, numbers) and isinstance(new, numbers):
        return bool(old == new)
    return type(old) is type(new) and bool(old == new)
