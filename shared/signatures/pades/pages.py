"""What changed on a page that is more than nothing: its notes and marks? (ISO 32000-2, 12.5)"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pyhanko.pdf_utils import generic

from shared.signatures.pades.change import Change, Kind, other
from shared.signatures.pades.sameness import Key, Sameness, key_of, resolved

CALM = frozenset({"/Text", "/Popup", "/Highlight", "/Underline", "/StrikeOut", "/Squiggly"})
"""Annotations that remark on a page. Those that can write over it (FreeText, Stamp, Redact, Ink…) are never allowed."""

MAX_PAGES = 20_000


def is_page(value: Any) -> bool:
    """Whether this is a page."""
    return isinstance(value, generic.DictionaryObject) and str(value.get("/Type", "")) == "/Page"


def is_annotation(value: Any) -> bool:
    """Whether this is an annotation."""
    return isinstance(value, generic.DictionaryObject) and (
        str(value.get("/Type", "")) == "/Annot" or ("/Subtype" in value and "/Rect" in value)
    )


def are_annotations(value: Any) -> bool:
    """Whether this is an array of nothing but annotations and form fields."""
    if not isinstance(value, generic.ArrayObject):
        return False
    return all(is_annotation(one) or (isinstance(one, dict) and "/FT" in one) for one in map(resolved, value))


def page_changes(old: Any, new: Any, sameness: Sameness, expected: set[Key], name: str) -> Iterator[Change]:
    """The changes of one page; `expected` are the widgets of signatures that came in, `name` says which page it is."""
    keys = sameness.differing(old, new) - {"/Parent"}
    if not isinstance(new, generic.DictionaryObject) or keys - {"/Annots"}:
        yield other(f"{name} was changed")
        return
    if "/Annots" in keys:
        yield from listed_changes(resolved(_get(old, "/Annots")), resolved(_get(new, "/Annots")), sameness, expected)


def listed_changes(old: Any, new: Any, sameness: Sameness, expected: set[Key]) -> Iterator[Change]:
    """The changes between two lists of annotations."""
    before, after = _as_list(old), _as_list(new)
    if before is None or after is None:
        yield other("the list of a page's notes was changed")
        return
    kept = 0
    for raw in after:
        if kept < len(before) and sameness.same(before[kept], raw):
            kept += 1
        elif not isinstance(raw, generic.IndirectObject) or key_of(raw) not in expected:
            yield _annotated(raw, "put on a page")
    for raw in before[kept:]:
        yield _annotated(raw, "taken from a page")


def annotation_changes(old: Any, new: Any) -> Change:
    """The change of an annotation that was rewritten where it stands."""
    told = _annotated(old, "changed")
    return told if told.kind is Kind.OTHER else _annotated(new, "changed")


def _annotated(raw: Any, what: str) -> Change:
    body = resolved(raw)
    if not isinstance(body, generic.DictionaryObject) or isinstance(body, generic.StreamObject):
        return other(f"something unknown was {what}")
    kind = str(body.get("/Subtype", "")).removeprefix("/")
    kind = kind if kind.isalnum() and len(kind) <= 20 else "unknown"
    if f"/{kind}" not in CALM or {"/A", "/AA"} & set(body) or _writes(body):
        return other(f"an annotation ({kind}) was {what}")
    return Change(Kind.ANNOTATED, f"a note or mark ({kind}) was {what}")


def _writes(body: Any) -> bool:
    """Whether its appearance has fonts or pictures to show: it could look like a part of the page."""
    looks = [resolved(_get(body, "/AP"))]
    for _ in range(4):
        looks = [inner for one in looks if isinstance(one, dict) for inner in _inner_looks(one)] + looks
    return any(isinstance(one, dict) and ("/Font" in one or str(one.get("/Subtype", "")) == "/Image") for one in looks)


def _inner_looks(look: Any) -> Iterator[Any]:
    for key in ("/N", "/D", "/R", "/Resources", "/XObject"):
        inner = resolved(_get(look, key))
        yield inner
        if key == "/XObject" and isinstance(inner, generic.DictionaryObject):
            yield from (resolved(inner.raw_get(name)) for name in inner)


def _as_list(value: Any) -> list[Any] | None:
    if isinstance(value, generic.NullObject):
        return []
    return list(value) if isinstance(value, generic.ArrayObject) else None


def _get(holder: Any, key: str) -> Any:
    return holder.raw_get(key) if key in holder else None


def pages_of(root: Any) -> Iterator[tuple[Key | None, Any]]:
    """The pages of a document in their order, at most the first thousands."""
    for raw, body in _nodes_of(root):
        if is_page(body):
            yield key_of(raw) if isinstance(raw, generic.IndirectObject) else None, body


def lists_of_pages(root: Any) -> set[Key]:
    """The lists that are objects of their own and that tell pages, what is drawn on them, or their notes.

    Raises `RecursionError` when there are too many pages.
    """
    bodies = [body for _, body in _nodes_of(root) if isinstance(body, generic.DictionaryObject)]
    if len(bodies) >= MAX_PAGES:
        raise RecursionError("the file has too many pages")
    found = (_get(body, key) for body in bodies for key in ("/Kids", "/Contents", "/Annots"))
    return {key_of(one) for one in found if isinstance(one, generic.IndirectObject)}


def _nodes_of(root: Any) -> Iterator[tuple[Any, Any]]:
    """The nodes of the tree of pages, each with the object that leads there."""
    waiting = [root.raw_get("/Pages")] if "/Pages" in root else []
    for _ in range(MAX_PAGES):
        if not waiting:
            return
        raw = waiting.pop()
        body = resolved(raw)
        yield raw, body
        if not is_page(body) and isinstance(body, generic.DictionaryObject) and "/Kids" in body:
            waiting += reversed(list(resolved(body.raw_get("/Kids"))))


def number_of(root: Any, page: Key) -> int | None:
    """The number of a page, from 1 on, when it is among the first thousands."""
    return next((number for number, (key, _) in enumerate(pages_of(root), 1) if key == page), None)
