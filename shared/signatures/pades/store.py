"""What changed in the security store of a PDF file, and what are its metadata? (ISO 32000-2, 12.8.4.3 and 14.3)"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from cryptography import x509
from cryptography.x509 import ocsp
from lxml import etree
from pyhanko.pdf_utils import generic

from shared.signatures.pades.change import Change, Kind, other
from shared.signatures.pades.sameness import Key, Sameness, is_null, key_of, resolved

MAX_METADATA_BYTES = 4 << 20
MAX_ENTRIES = 5000

_LISTS = frozenset({"/Certs", "/CRLs", "/OCSPs", "/Cert", "/CRL", "/OCSP"})
_KEYS = _LISTS | {"/Type", "/VRI", "/TU", "/TS"}
_VRI_KEY = re.compile(r"/[0-9A-Fa-f]{40}")


def store_changes(old: Any, new: Any, sameness: Sameness) -> tuple[set[Key], list[Change]]:
    """The changes between the security stores of two catalogs, and which rewritten objects they explain.

    Nothing of a store is ever shown, so it may change, as long as its objects are nothing else besides.
    """
    before, after = _get(old, "/DSS"), _get(new, "/DSS")
    if is_null(after):
        return set(), [] if is_null(before) else [Change(Kind.PRESERVED, "the security store was taken out")]
    if not _is_store(resolved(after), 0):
        return set(), [other("the security store holds something else")]
    changes = [] if sameness.same(before, after) else [Change(Kind.PRESERVED, "proofs were added")]
    return set(_containers(before, 0)), changes


def _is_store(value: Any, depth: int) -> bool:
    if not isinstance(value, generic.DictionaryObject) or isinstance(value, generic.StreamObject) or depth > 2:
        return False
    for key in value:
        inner = resolved(value.raw_get(key))
        if key in _LISTS:
            if not _are_proofs(inner):
                return False
        elif key == "/VRI" or _VRI_KEY.fullmatch(key):
            if not _is_store(inner, depth + 1):
                return False
        elif key not in _KEYS and isinstance(inner, (generic.DictionaryObject, generic.ArrayObject)):
            return False
    return True


def _are_proofs(value: Any) -> bool:
    if not isinstance(value, generic.ArrayObject) or len(value) > MAX_ENTRIES:
        return is_null(value)
    return all(isinstance(resolved(one), generic.StreamObject) and _is_proof(resolved(one).data) for one in value)


def _is_proof(der: bytes) -> bool:
    """Whether this is a certificate, a revocation list or an OCSP response, and so nothing that can be shown."""
    for load in (x509.load_der_x509_certificate, x509.load_der_x509_crl, ocsp.load_der_ocsp_response):
        try:
            load(der)
        except ValueError:
            continue
        return True
    return False


def _containers(raw: Any, depth: int) -> Iterator[Key]:
    """The dictionaries and arrays of a store: what holds the proofs, not the proofs themselves."""
    value = resolved(raw)
    if isinstance(value, generic.StreamObject) or depth > 3:
        return
    if isinstance(raw, generic.IndirectObject):
        yield key_of(raw)
    if isinstance(value, generic.DictionaryObject):
        for key in value:
            yield from _containers(value.raw_get(key), depth + 1)


def is_metadata(raw: Any) -> bool:
    """Whether this is a well-formed XMP stream."""
    value = resolved(raw)
    if not isinstance(value, generic.StreamObject):
        return False
    data = value.data
    if len(data) > MAX_METADATA_BYTES:
        return False
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(data.strip(b"\x00 \t\r\n"), parser)
    except (etree.XMLSyntaxError, ValueError):
        return False
    return root.tag == "{adobe:ns:meta/}xmpmeta" or root.tag.endswith("}RDF")


def _get(holder: Any, key: str) -> Any:
    return holder.raw_get(key) if key in holder else None
