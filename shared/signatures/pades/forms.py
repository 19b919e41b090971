"""Which fields does the form of a PDF file have, and what changed in them? (ISO 32000-2, 12.7)"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from pyhanko.pdf_utils import generic

from shared.signatures.pades.change import Change, Kind, other
from shared.signatures.pades.pages import pages_of
from shared.signatures.pades.sameness import Key, Sameness, is_null, key_of, resolved

MAX_FIELDS = 20_000
MAX_FIELD_DEPTH = 32
MAX_SHOWN = 40
HIDING_FLAGS = 0b100011
"""Annotation flags Invisible, Hidden and NoView (table 167)."""
READ_ONLY = 1
"""The field flag that signing may set on what it locks (table 227)."""

_VALUE_KEYS = frozenset({"/V", "/RV", "/I", "/TI"})
_LOOK_KEYS = frozenset({"/AP", "/AS", "/DA", "/Q", "/MK"})
_HARMLESS_KEYS = frozenset({"/Ff", "/F", "/M", "/NM"})
_PLACE_KEYS = frozenset({"/Rect", "/P", "/Type", "/Subtype"})


@dataclass(frozen=True, slots=True)
class Field:
    """A node of the field tree with what it inherits; `widgets` are its appearances on pages, itself included."""

    name: str
    kind: str
    body: Any
    value: Any
    key: Key | None
    widgets: tuple[Any, ...]

    @property
    def shown(self) -> str:
        """The name as it may be told to people: it comes from whoever made the file."""
        name = "".join(one if one.isprintable() else " " for one in self.name[:MAX_SHOWN])
        return f"“{name}{'…' if len(self.name) > MAX_SHOWN else ''}”"

    @property
    def is_signature(self) -> bool:
        """Whether it is a place for a signature."""
        return self.kind == "/Sig"

    @property
    def is_blank(self) -> bool:
        """Whether nothing was entered or chosen yet."""
        told = resolved(self.value)
        return is_null(told) or str(told) in ("", "/Off") or (isinstance(told, generic.ArrayObject) and not told)

    @property
    def is_visible(self) -> bool:
        """Whether it takes up room on a page."""
        return any(_has_area(one) for one in self.widgets)


def fields_of(root: Any) -> dict[tuple[str, int], Field]:
    """All nodes of the field tree by full name; nodes that share a name are numbered.

    Raises `RecursionError` for a tree without end.
    """
    form = resolved(root.raw_get("/AcroForm")) if "/AcroForm" in root else None
    if not isinstance(form, generic.DictionaryObject) or "/Fields" not in form:
        return {}
    found: dict[tuple[str, int], Field] = {}
    same: Counter[str] = Counter()
    for field in _walk(form["/Fields"], "", "", None, 0):
        found[field.name, same[field.name]] = field
        same[field.name] += 1
        if len(found) > MAX_FIELDS:
            raise RecursionError("the form has too many fields")
    return found


def signed_fields(root: Any, expected: int) -> list[Field]:
    """The fields that carry a signature: those of the form and, when they are fewer than `expected`, of the pages.

    Each signature counts once. Raises pyHanko's and Python's errors for what cannot be read.
    """
    found = _signed(fields_of(root).values())
    if len(found) < expected:
        found = _signed((*found, *_stray_fields(root)))
    return found


def _signed(fields: Iterable[Field]) -> list[Field]:
    found: dict[Key | int, Field] = {}
    for field in fields:
        if field.is_signature and not is_null(field.value):
            told = key_of(field.value) if isinstance(field.value, generic.IndirectObject) else id(field.value)
            found.setdefault(told, field)
    return list(found.values())


def _stray_fields(root: Any) -> Iterator[Field]:
    """Widgets of signatures on pages that the form may not list."""
    for _, page in pages_of(root):
        notes = resolved(page.raw_get("/Annots")) if "/Annots" in page else ()
        for raw in notes if isinstance(notes, generic.ArrayObject) else ():
            body = resolved(raw)
            if isinstance(body, generic.DictionaryObject) and str(body.get("/FT", "")) == "/Sig" and "/V" in body:
                yield Field(str(body.get("/T", "")), "/Sig", body, body.raw_get("/V"), None, (raw,))


def _walk(kids: Any, above: str, kind: str, value: Any, depth: int) -> Iterator[Field]:
    if depth > MAX_FIELD_DEPTH:
        raise RecursionError("the field tree is too deep")
    for raw in kids:
        body = resolved(raw)
        if not isinstance(body, generic.DictionaryObject):
            continue
        partial = str(body["/T"]) if "/T" in body else ""
        name = f"{above}.{partial}" if above and partial else above or partial
        own_kind = str(body["/FT"]) if "/FT" in body else kind
        own_value = body.raw_get("/V") if "/V" in body else value
        below = list(resolved(body.raw_get("/Kids"))) if "/Kids" in body else []
        subfields = [one for one in below if "/T" in resolved(one)]
        widgets = tuple(one for one in below if "/T" not in resolved(one))
        yield Field(name, own_kind, body, own_value, _key(raw), (raw, *widgets))
        yield from _walk(subfields, name, own_kind, own_value, depth + 1)


class FormComparison:
    """What changed between the forms of two revisions.

    Afterwards `explained` holds the rewritten objects that were looked at, `signature_widgets` the places of signatures
    that came in, and `looks` the changed fields' appearances, which may have been rewritten where they stand.
    """

    def __init__(self, sameness: Sameness, touched: Container[Key], fresh: Container[Key]) -> None:
        """`touched` are the objects that the newer revision defines, `fresh` those that no earlier one did."""
        self._sameness = sameness
        self._touched = touched
        self._fresh = fresh
        self.explained: set[Key] = set()
        self.signature_widgets: set[Key] = set()
        self.looks: set[Key] = set()

    def changes(self, old: dict[tuple[str, int], Field], new: dict[tuple[str, int], Field]) -> Iterator[Change]:
        """The changes in all fields, in their order."""
        for name, before in old.items():
            after = new.get(name)
            if after is None:
                yield other(f"the form field {before.shown} was taken out")
            elif not self._is_untouched(before, after):
                yield from self._changed(before, after)
        for name, added in new.items():
            if name not in old:
                yield self._added(added)

    def _is_untouched(self, old: Field, new: Field) -> bool:
        """Whether a field is the same objects as before, of which none was defined anew."""
        before, after = ([_key(one) for one in field.widgets] for field in (old, new))
        return old.key is not None and before == after and not any(key in self._touched for key in before)

    def _added(self, field: Field) -> Change:
        if not field.is_signature or any(isinstance(resolved(one), generic.StreamObject) for one in field.widgets):
            return other(f"a form field {field.shown} was added")
        self._place(field)
        if is_null(field.value):
            if any("/AP" in resolved(one) for one in field.widgets) and field.is_visible:
                return other(f"a place for a signature {field.shown} was drawn on a page, but nobody signed there")
            return Change(Kind.SIGNED, f"a place for a signature {field.shown} was added", field.name)
        return self._signed(field, on_top=True)

    def _signed(self, field: Field, *, on_top: bool) -> Change:
        signature = resolved(field.value)
        if not isinstance(signature, generic.DictionaryObject) or "/Contents" not in signature:
            return other(f"the place for a signature {field.shown} was filled with something else")
        if isinstance(field.value, generic.IndirectObject) and key_of(field.value) not in self._fresh:
            return other(f"the place for a signature {field.shown} was filled with what was in the file before")
        told = str(signature.get("/SubFilter", ""))
        if told == "/ETSI.RFC3161" and not field.is_visible:
            return Change(Kind.PRESERVED, "a document timestamp was added", field.name)
        visible = on_top and field.is_visible
        kind = Kind.SIGNED_ON_TOP if visible else Kind.SIGNED
        return Change(kind, f"a signature {field.shown} was added", field.name)

    def _place(self, field: Field) -> None:
        keys = (one for one in field.widgets if isinstance(one, generic.IndirectObject))
        self.signature_widgets |= {key_of(one) for one in keys}

    def _changed(self, old: Field, new: Field) -> Iterator[Change]:
        if old.key is not None and old.key == new.key:
            self.explained.add(old.key)
        keys = self._sameness.differing(old.body, new.body) - {"/Kids", "/Parent"}
        widgets, moved = self._widget_keys(old, new)
        if not keys and not widgets and not moved:
            return
        if old.kind != new.kind:
            yield other(f"the kind of the form field {old.shown} was changed")
        elif old.is_signature:
            yield from self._changed_signature(old, new, keys | widgets, moved=moved)
        else:
            yield from self._changed_value(old, new, keys | widgets, moved=moved)

    def _widget_keys(self, old: Field, new: Field) -> tuple[set[str], bool]:
        """The keys that differ in any widget of its own, and whether widgets came or went."""
        before, after = old.widgets[1:], new.widgets[1:]
        if len(before) != len(after):
            return set(), True
        keys: set[str] = set()
        for one, another in zip(before, after, strict=True):
            same_object = isinstance(one, generic.IndirectObject) and isinstance(another, generic.IndirectObject)
            if same_object and key_of(one) == key_of(another):
                self.explained.add(key_of(one))
            keys |= self._sameness.differing(resolved(one), resolved(another)) - {"/Parent"}
        return keys, False

    def _changed_signature(self, old: Field, new: Field, keys: set[str], *, moved: bool) -> Iterator[Change]:
        if not is_null(old.value):
            if keys - _HARMLESS_KEYS or moved or self._shows_otherwise(old, new):
                yield other(f"the signature {old.shown} or its looks were changed")
            return
        if is_null(new.value):
            if keys - _HARMLESS_KEYS or moved or self._shows_otherwise(old, new):
                yield other(f"the empty place for a signature {old.shown} was changed")
            return
        self._place(new)
        was_hidden = not old.is_visible and new.is_visible
        allowed = _VALUE_KEYS | _LOOK_KEYS | _HARMLESS_KEYS | _PLACE_KEYS
        if keys - allowed or moved or (old.is_visible and new.is_visible and "/Rect" in keys):
            yield other(f"the place for the signature {old.shown} was changed when it was signed")
        else:
            self._rewritten_looks(old)
            yield self._signed(new, on_top=was_hidden)

    def _changed_value(self, old: Field, new: Field, keys: set[str], *, moved: bool) -> Iterator[Change]:
        revalued = not self._sameness.same(old.value, new.value)
        if keys - _VALUE_KEYS - _LOOK_KEYS - _HARMLESS_KEYS or moved or self._shows_otherwise(old, new):
            yield other(f"the form field {old.shown} was changed in more than its value")
        elif revalued:
            self._rewritten_looks(old)
            yield Change(Kind.FILLED, f"the form field {old.shown} was filled in", old.name, old.is_blank)
        elif keys & (_VALUE_KEYS | _LOOK_KEYS):
            yield from self._changed_looks(old, keys)

    def _changed_looks(self, old: Field, keys: set[str]) -> Iterator[Change]:
        """The state of one button in a group follows the group's value; other looks do not change by themselves."""
        if keys <= {"/AS"} and old.kind == "/Btn":
            yield Change(Kind.FILLED, f"the form field {old.shown} was filled in", old.name, old.is_blank)
        else:
            yield other(f"the looks of the form field {old.shown} were changed, and not its value")

    def _shows_otherwise(self, old: Field, new: Field) -> bool:
        """Whether a widget came out of hiding or went into it, or the field works in another way than before."""
        if (_flags(old.body, "/Ff") ^ _flags(new.body, "/Ff")) & ~READ_ONLY:
            return True
        pairs = zip(old.widgets, new.widgets, strict=False)
        return any((_flags(one) ^ _flags(another)) & HIDING_FLAGS for one, another in pairs)

    def _rewritten_looks(self, old: Field) -> None:
        for widget in old.widgets:
            body = resolved(widget)
            if "/AP" in body:
                self.looks |= set(_appearances(body.raw_get("/AP"), 0))


def _key(raw: Any) -> Key | None:
    return key_of(raw) if isinstance(raw, generic.IndirectObject) else None


def _appearances(raw: Any, depth: int) -> Iterator[Key]:
    if isinstance(raw, generic.IndirectObject):
        yield key_of(raw)
    value = resolved(raw)
    if isinstance(value, generic.DictionaryObject) and not isinstance(value, generic.StreamObject) and depth < 2:
        for key in value:
            yield from _appearances(value.raw_get(key), depth + 1)


def _flags(widget: Any, key: str = "/F") -> int:
    body = resolved(widget)
    flags = resolved(body.raw_get(key)) if key in body else 0
    return int(flags) if isinstance(flags, int) else 0


def _has_area(widget: Any) -> bool:
    body = resolved(widget)
    box = resolved(body.raw_get("/Rect")) if "/Rect" in body else ()
    if not isinstance(box, generic.ArrayObject) or len(box) != 4 or _flags(widget) & HIDING_FLAGS:
        return False
    left, low, right, high = (float(resolved(one)) for one in box)
    return left != right and low != high
