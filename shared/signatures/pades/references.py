"""From where is an object of a PDF file reached? (ISO 32000-2, 7.3.10)"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import HistoricalResolver

from shared.signatures.pades.sameness import Key, key_of

MAX_OBJECTS = 60_000
MAX_NESTING = 100


class Usage:
    """From where is each object of a revision reached? Walks the whole revision, once."""

    def __init__(self, revision: HistoricalResolver) -> None:
        self._revision = revision

    def is_used(self, key: Key) -> bool:
        """Whether anything that is reached from the trailer refers to an object of this number.

        Not every viewer minds the generation.
        """
        return key[0] in self._numbers

    def only_as(self, key: Key, entry: str) -> bool:
        """Whether all that refers to the object does so by a dictionary's entry of that name."""
        return all(path and path[-1] == entry for _, path in self._holders.get(key, set()))

    def only_in_one_look(self, key: Key) -> bool:
        """Whether the object is a part of exactly one appearance (/AP) and of nothing else."""
        for _ in range(3):
            holders = self._holders.get(key, set())
            if len(holders) != 1:
                return False
            holder, path = next(iter(holders))
            if "/AP" in path or holder is None:
                return "/AP" in path
            key = holder
        return False

    def only_in_looks(self, reference: Any) -> bool:
        """Whether only the form's default resources and appearances refer to an object."""
        waiting, seen = [key_of(reference)], set()
        while waiting:
            key = waiting.pop()
            seen.add(key)
            for holder, path in self._holders.get(key, set()):
                if "/AP" in path or "/DR" in path:
                    continue
                if holder is None or not self._may_be_in_look(holder):
                    return False
                if holder not in seen:
                    waiting.append(holder)
        return True

    def _may_be_in_look(self, key: Key) -> bool:
        value = self._revision.get_object(generic.Reference(*key))
        kind = str(value.get("/Type", "")) if isinstance(value, generic.DictionaryObject) else ""
        return kind not in ("/Page", "/Pages", "/Catalog", "/Annot")

    @cached_property
    def _numbers(self) -> set[int]:
        return {number for number, _ in self._holders}

    @cached_property
    def _holders(self) -> dict[Key, set[tuple[Key | None, tuple[str, ...]]]]:
        holders: dict[Key, set[tuple[Key | None, tuple[str, ...]]]] = {}
        waiting: list[tuple[Key | None, Any]] = [(None, self._revision.trailer_view)]
        while waiting:
            holder, value = waiting.pop()
            for path, reference in _references(value, (), 0):
                key = key_of(reference)
                if key not in holders:
                    waiting.append((key, self._revision.get_object(reference.reference)))
                holders.setdefault(key, set()).add((holder, path))
            if len(holders) > MAX_OBJECTS:
                raise RecursionError("the file has too many objects")
        return holders


def _references(value: Any, path: tuple[str, ...], depth: int) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(value, generic.IndirectObject):
        yield path, value
    elif depth > MAX_NESTING:
        raise RecursionError("an object is nested too deeply")
    elif isinstance(value, generic.DictionaryObject):
        for key in value:
            if key != "/Parent":
                yield from _references(value.raw_get(key), (*path, str(key)), depth + 1)
    elif isinstance(value, generic.ArrayObject):
        for inner in value:
            yield from _references(inner, (*path, "[]"), depth + 1)
