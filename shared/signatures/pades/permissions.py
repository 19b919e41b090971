"""What did a signer allow to happen to the file afterwards? (ISO 32000-2, 12.8.2.2 and 12.8.2.4)"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import FieldMDPSpec, MDPPerm

from shared.signatures.pades.change import Change, Kind
from shared.signatures.pades.sameness import resolved


@dataclass(frozen=True, slots=True)
class Permission:
    """What DocMDP allows (None: nothing was said), and the fields that FieldMDP and /Lock lock."""

    level: MDPPerm | None
    locks: tuple[FieldMDPSpec, ...] = ()

    def forbids(self, change: Change) -> bool:
        """Whether a change is one that the signer did not allow."""
        if change.kind in (Kind.OTHER, Kind.PRESERVED):
            return change.kind is Kind.OTHER
        return self.level is MDPPerm.NO_CHANGES or self._locks(change) or self._forbids_kind(change)

    def _forbids_kind(self, change: Change) -> bool:
        match change.kind:
            case Kind.SIGNED_ON_TOP:
                return self.level is MDPPerm.FILL_FORMS
            case Kind.ANNOTATED:
                return self.level is not MDPPerm.ANNOTATE
            case Kind.FILLED:
                return not (self.level is not None or self.locks or change.was_blank)
            case _:
                return False

    def forbidden(self, changes: Iterable[Change]) -> Iterator[Change]:
        """The changes that the signer did not allow; a field that was blank when it was signed may change again."""
        was_blank: dict[str, bool] = {}
        for change in changes:
            since_signing = change
            if change.kind is Kind.FILLED and change.field is not None:
                first = was_blank.setdefault(change.field, change.was_blank)
                since_signing = replace(change, was_blank=first)
            if self.forbids(since_signing):
                yield change

    def _locks(self, change: Change) -> bool:
        return change.field is not None and any(lock.is_locked(change.field) for lock in self.locks)


def locks_out(reader: PdfFileReader, field: str) -> bool:
    """Whether a signature of a file locks fields of that name (FieldMDP), so that none may be signed.

    Raises pyHanko's and Python's errors for what cannot be read.
    """
    signatures = reader.embedded_signatures
    found = (permission_of(one.sig_object, one.sig_field, reader.root).locks for one in signatures)
    return any(lock.is_locked(field) for locks in found for lock in locks)


def permission_of(signature: Any, field: Any, catalog: Any) -> Permission:
    """What a signature dictionary and its field say, else what the certification of the document does.

    Raises pyHanko's and Python's errors for what cannot be read.
    """
    level = _level(signature)
    lock = resolved(field.raw_get("/Lock")) if "/Lock" in field else None
    locks = [FieldMDPSpec.from_pdf_object(one) for one in _parameters(signature, "/FieldMDP")]
    if isinstance(lock, generic.DictionaryObject):
        if "/Action" in lock:
            locks.append(FieldMDPSpec.from_pdf_object(lock))
        if level is None and "/P" in lock:
            level = MDPPerm(int(resolved(lock.raw_get("/P"))))
    return Permission(_certified(catalog) if level is None else level, tuple(locks))


def _certified(catalog: Any) -> MDPPerm | None:
    permissions = resolved(catalog.raw_get("/Perms")) if "/Perms" in catalog else None
    if not isinstance(permissions, generic.DictionaryObject) or "/DocMDP" not in permissions:
        return None
    return _level(resolved(permissions.raw_get("/DocMDP")))


def _level(signature: Any) -> MDPPerm | None:
    """The strictest level that a signature dictionary tells; 2 where it has a DocMDP transform without one."""
    told = [int(resolved(one.raw_get("/P"))) if "/P" in one else 2 for one in _parameters(signature, "/DocMDP")]
    return MDPPerm(min(told)) if told else None


def _parameters(signature: Any, method: str) -> Iterator[Any]:
    """The parameters of a signature's references by a transform method."""
    references = resolved(signature.raw_get("/Reference")) if "/Reference" in signature else ()
    for one in map(resolved, references):
        if str(one.get("/TransformMethod", "")) == method:
            given = resolved(one.raw_get("/TransformParams")) if "/TransformParams" in one else None
            yield given if isinstance(given, generic.DictionaryObject) else generic.DictionaryObject()  # type: ignore[no-untyped-call]
