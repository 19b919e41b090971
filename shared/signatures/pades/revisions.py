"""What changed from one revision of a PDF file to the next? (ISO 32000-2, 7.5.6 and 12.8.2)

Objects that no revision rewrote say what they said. So each rewritten object is looked at: either it says the same, or
its place in the document (catalog, page, form, security store…) tells what its change means.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import HistoricalResolver, PdfFileReader

from shared.signatures.pades.change import Change, Kind, other
from shared.signatures.pades.dictionaries import says_twice
from shared.signatures.pades.forms import Field, FormComparison, fields_of
from shared.signatures.pades.mentions import Mentions
from shared.signatures.pades.opening import UNREADABLE
from shared.signatures.pades.pages import (
    annotation_changes,
    are_annotations,
    is_annotation,
    is_page,
    listed_changes,
    lists_of_pages,
    number_of,
    page_changes,
)
from shared.signatures.pades.references import Usage
from shared.signatures.pades.sameness import MAX_COMPARISONS, STREAM, Key, Sameness, is_null, key_of, resolved
from shared.signatures.pades.source import Source
from shared.signatures.pades.store import is_metadata, store_changes
from shared.signatures.pades.strays import is_plain
from shared.signatures.pades.tables import contradicts_itself

MAX_REVISIONS = 300
MAX_FIELDS_IN_ALL = 100_000
"""How many fields the forms of all revisions may have together, each counted in each."""
BYTES_PER_OBJECT = 16 << 10
"""How many bytes are looked through for references in the time that it takes to walk to an object."""

_FREE_KEYS = frozenset({"/Extensions", "/Version", "/MarkInfo"})
_FORM_KEYS = frozenset({"/Fields", "/SigFlags", "/Type"})
_TOLD_KEYS = {
    "/Names": "the document's scripts, attached files or names",
    "/OpenAction": "what happens when the document is opened",
    "/AA": "what happens on the document's events",
    "/Pages": "the pages",
    "/Perms": "the document's permissions",
    "/OCProperties": "which layers are shown",
    "/Outlines": "the table of contents",
}
_TOLD_TYPES = {
    "/Font": "a font", "/Pages": "the pages", "/XObject": "a picture or drawing", "/Sig": "a signature",
    "/OCG": "a layer", "/Action": "an action", "/Catalog": "the catalog", "/ExtGState": "how something is drawn",
    "/ObjStm": "a bundle of objects", "/EmbeddedFile": "an attached file", "/Filespec": "an attached file",
}  # fmt: skip


Fields = dict[tuple[str, int], Field]


class Revisions:
    """All revisions of a file, oldest first, and what each changed in the one before it."""

    def __init__(self, reader: PdfFileReader, pdf: Source) -> None:
        self._reader = reader
        self._pdf = pdf
        self._introduced = _introduced(reader)
        self._mentions: Mentions | None = None
        self._steps: dict[int, tuple[Change, ...]] = {}
        self._form: tuple[int, Fields] = (-1, {})
        self._fields_left = MAX_FIELDS_IN_ALL
        self._comparisons_left = MAX_COMPARISONS

    def after(self, revision: int) -> Iterator[Change]:
        """Everything that changed after `revision`, in its order.

        Raises pyHanko's and Python's errors for what cannot be read, `RecursionError` for what is too complex.
        """
        if self._reader.xrefs.total_revisions > MAX_REVISIONS:
            raise RecursionError("the file has too many revisions")
        if self._mentions is None or revision < self._mentions.since:
            self._mentions = Mentions(self._reader, self._pdf, self._introduced, revision)
        for later in range(revision + 1, self._reader.xrefs.total_revisions):
            if later not in self._steps:
                self._steps[later] = tuple(dict.fromkeys(self._changes_in(later, self._mentions)))
            yield from self._steps[later]

    def _changes_in(self, revision: int, mentions: Mentions) -> Iterator[Change]:
        if contradicts_itself(self._reader, revision, self._pdf):
            yield other("the cross-reference table contradicts itself")
        if not is_plain(self._reader, revision, self._pdf):
            yield other("there are objects that not all readers find where the table tells")
        walks = len(self._introduced) * BYTES_PER_OBJECT < len(self._pdf)
        sameness = Sameness(self._comparisons_left)
        step = _Step(self._reader, revision, self._introduced, mentions, sameness, walks=walks)
        yield from step.changes(self._fields(revision - 1), self._fields(revision))
        self._comparisons_left = sameness.left

    def _fields(self, revision: int) -> Fields:
        """The fields of a revision's form; those of the last one that was asked for are remembered."""
        if self._form[0] != revision:
            if self._fields_left < 0:
                raise RecursionError("the forms of all revisions together have too many fields")
            left, self._fields_left = self._fields_left, -1  # nothing is left where reading them fails
            self._form = revision, fields_of(self._reader.get_historical_root(revision))
            self._fields_left = left - len(self._form[1])
        return self._form[1]


class _Step:
    """The comparison of two neighbouring revisions."""

    def __init__(
        self,
        reader: PdfFileReader,
        revision: int,
        introduced: dict[int, int],
        mentions: Mentions,
        sameness: Sameness,
        *,
        walks: bool,
    ) -> None:
        self.old: HistoricalResolver = reader.get_historical_resolver(revision - 1)
        self.new: HistoricalResolver = reader.get_historical_resolver(revision)
        touched = _touched(reader, revision)
        fresh = {key for key in touched if introduced.get(key[0], revision) >= revision}
        self._usage = Usage(self.old)
        awaited = self._used(fresh) if walks else None
        if awaited is None:
            awaited = {key for key in fresh if mentions.before(key[0], revision)}
        self._freed = set(reader.xrefs.get_xref_data(revision).freed)
        self._rewritten = touched - fresh | awaited
        self._explained: set[Key] = set()
        self._sameness = sameness
        self._form = FormComparison(self._sameness, touched, fresh)

    def _used(self, keys: set[Key]) -> set[Key] | None:
        """Those objects to which the older revision refers already; None where not all of it can be read."""
        try:
            return {key for key in keys if self._usage.is_used(key)}
        except (PdfError, *UNREADABLE):
            return None

    def changes(self, before: Fields, after: Fields) -> Iterator[Change]:
        """All changes, given the fields of both forms; what is explained by its place comes first."""
        if says_twice(self.new.trailer_view):
            yield other("the trailer says something twice")
        yield from self._form.changes(before, after)
        self._explained |= self._form.explained
        yield from self._catalog_changes(self.old.root, self.new.root)
        self._explain_information()
        self._doubt_lists()
        for key in sorted(self._rewritten - self._explained):
            yield from self._object_changes(key)

    def _catalog_changes(self, old: Any, new: Any) -> Iterator[Change]:
        self._explained |= {key_of(self.old.root_ref), key_of(self.new.root_ref)}
        keys = self._sameness.differing(old, new) - _FREE_KEYS - {"/AcroForm", "/DSS", "/Metadata"}
        if is_null(_get(old, "/OutputIntents")):
            keys -= {"/OutputIntents"}  # colours for printing; the EU's signature library adds them with a visible one
        for key in sorted(keys):
            yield other(f"{_TOLD_KEYS.get(key, f'{_plain(key)} of the document')} changed")
        yield from self._form_changes(old, new)
        explained, found = store_changes(old, new, self._sameness)
        self._explained |= explained
        yield from found
        self._explain_metadata(old, new)

    def _form_changes(self, old: Any, new: Any) -> Iterator[Change]:
        before, after = resolved(_get(old, "/AcroForm")), resolved(_get(new, "/AcroForm"))
        if is_null(before) and is_null(after):
            return
        if not isinstance(after, generic.DictionaryObject):
            yield other("the form was taken out")
            return
        if not isinstance(before, generic.DictionaryObject):
            before = generic.DictionaryObject()  # type: ignore[no-untyped-call]
        self._explain_same_place(_get(old, "/AcroForm"), _get(new, "/AcroForm"))
        self._explain_same_place(_get(before, "/Fields"), _get(after, "/Fields"))
        self._explain_resources(resolved(_get(before, "/DR")), resolved(_get(after, "/DR")))
        for key in sorted(self._sameness.differing(before, after) - _FORM_KEYS):
            yield from self._form_key_changes(key, before, after)

    def _explain_resources(self, old: Any, new: Any) -> None:
        """The form's resources may gain some, where they stand, as long as no page draws with them."""
        if not isinstance(old, generic.DictionaryObject) or not isinstance(new, generic.DictionaryObject):
            return
        for name in old:
            before, after = old.raw_get(name), _get(new, name)
            if not isinstance(before, generic.IndirectObject) or not isinstance(after, generic.IndirectObject):
                continue
            same_place = key_of(before) == key_of(after) and key_of(before) in self._rewritten
            if (
                same_place
                and self._only_adds(resolved(before), resolved(after), 0)
                and self._usage.only_in_looks(before)
            ):
                self._explained.add(key_of(before))

    def _form_key_changes(self, key: str, before: Any, after: Any) -> Iterator[Change]:
        added = is_null(_get(before, key))
        if key == "/DR" and self._only_adds(resolved(_get(before, key)), resolved(_get(after, key)), 2):
            self._explain_same_place(_get(before, key), _get(after, key))
        elif key == "/NeedAppearances":
            if _is_told(before, key) or _is_told(after, key):
                yield Change(Kind.FILLED, "the looks of the form's values are to be drawn anew")
        elif key not in ("/DA", "/Q") or not added:
            yield other(f"{_plain(key)} of the form changed")

    def _only_adds(self, old: Any, new: Any, depth: int) -> bool:
        """Whether a dictionary of resources only gained some."""
        if is_null(old):
            return True
        if not isinstance(old, generic.DictionaryObject) or not isinstance(new, generic.DictionaryObject):
            return False
        keys = self._sameness.differing(old, new)
        for key in keys:
            one, another = resolved(_get(old, key)), resolved(_get(new, key))
            if not is_null(one) and (depth == 0 or not self._only_adds(one, another, depth - 1)):
                return False
        return STREAM not in keys

    def _explain_same_place(self, old: Any, new: Any) -> None:
        if isinstance(old, generic.IndirectObject) and isinstance(new, generic.IndirectObject):
            self._explained |= {key_of(old)} & {key_of(new)}

    def _explain_information(self) -> None:
        """The document information is free to change, as long as it is nothing but that."""
        for view in (self.old, self.new):
            raw = _get(view.trailer_view, "/Info")
            if not isinstance(raw, generic.IndirectObject) or key_of(raw) not in self._rewritten:
                continue
            if all(_is_plain_dictionary(one.get_object(raw.reference)) for one in (self.old, self.new)):
                self._explained.add(key_of(raw))

    def _explain_metadata(self, old: Any, new: Any) -> None:
        before, after = _get(old, "/Metadata"), _get(new, "/Metadata")
        if not isinstance(before, generic.IndirectObject) or key_of(before) not in self._rewritten:
            return
        if is_metadata(before) and is_metadata(after) and self._usage.only_as(key_of(before), "/Metadata"):
            self._explain_same_place(before, after)

    def _doubt_lists(self) -> None:
        """What is a list of the form or the store, and explained by that, may be one of the pages' lists, too."""
        lists = {key for key in self._rewritten & self._explained if self._is_list(key)}
        if lists:
            self._explained -= lists & (lists_of_pages(self.old.root) | lists_of_pages(self.new.root))

    def _is_list(self, key: Key) -> bool:
        return isinstance(self.old.get_object(generic.Reference(*key)), generic.ArrayObject)

    def _object_changes(self, key: Key) -> Iterator[Change]:
        reference = generic.Reference(*key)
        old = _shown(self.old.get_object(reference))
        new = generic.NullObject() if key[0] in self._freed else _shown(self.new.get_object(reference))
        if self._sameness.same(old, new):
            return
        if _type(old) == "/ObjStm":
            yield self._told(old, new)
        elif is_page(old):
            yield from page_changes(old, new, self._sameness, self._form.signature_widgets, self._page_name(key))
        elif are_annotations(old) and are_annotations(new):
            yield from listed_changes(old, new, self._sameness, self._form.signature_widgets)
        elif key in self._form.looks and self._usage.only_in_one_look(key):
            return
        elif self._usage.is_used(key):
            yield self._told(old, new)

    def _told(self, old: Any, new: Any) -> Change:
        if is_annotation(old):
            return annotation_changes(old, new)
        return other(f"{_TOLD_TYPES.get(_type(old), 'a part of the document')} changed")

    def _page_name(self, key: Key) -> str:
        number = number_of(self.old.root, key)
        return "a page" if number is None else f"page {number}"


def _introduced(reader: PdfFileReader) -> dict[int, int]:
    """The first revision that defines an object of each number."""
    first: dict[int, int] = {}
    for revision in range(reader.xrefs.total_revisions):
        for number, _ in _touched(reader, revision):
            first.setdefault(number, revision)
    return first


def _touched(reader: PdfFileReader, revision: int) -> set[Key]:
    """The objects that a revision defines or frees, whichever generation a free entry tells."""
    section = reader.xrefs.get_xref_data(revision)
    keys = section.explicit_refs_in_revision | {(number, 0) for number in section.freed}
    if section.hybrid is not None:
        keys |= section.hybrid.xref_data.explicit_refs_in_revision
    return {key for key in keys if key[1] >= 0}


def _plain(key: str) -> str:
    """A key as it may be told to people: it comes from whoever made the file."""
    return key[1:30] if key[1:30].isalnum() else "an entry"


def _shown(value: Any) -> Any:
    """Cross-reference streams are not part of what a file says."""
    return generic.NullObject() if _type(value) == "/XRef" else value


def _type(value: Any) -> str:
    return str(value.get("/Type", "")) if isinstance(value, generic.DictionaryObject) else ""


def _is_plain_dictionary(value: Any) -> bool:
    if not isinstance(value, generic.DictionaryObject) or isinstance(value, generic.StreamObject):
        return is_null(value)
    nested = (generic.DictionaryObject, generic.ArrayObject)
    return not any(isinstance(resolved(value.raw_get(key)), nested) for key in value)


def _is_told(holder: Any, key: str) -> bool:
    """Whether an entry says true, or anything that some viewer may take for it; a missing one does not."""
    told = resolved(_get(holder, key))
    return not (is_null(told) or (isinstance(told, generic.BooleanObject) and not told))


def _get(holder: Any, key: str) -> Any:
    return holder.raw_get(key) if key in holder else None
