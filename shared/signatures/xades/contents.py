"""Which content does a XAdES signature commit to, and is it the one that the caller knows? (binding rule)"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.signatures.verdict import Coverage, Reason, Refusal
from shared.signatures.xades.commitment import is_known_inside, is_known_outside
from shared.signatures.xades.coverage import covers_everything
from shared.signatures.xades.names import TYPE_COUNTERSIGNED, TYPE_MANIFEST, ds
from shared.signatures.xades.properties import Properties, is_signed_properties
from shared.signatures.xades.references import Checked, Resolved, check, refuse_hiding, resolve
from shared.signatures.xades.structure import Reference, read_references
from shared.signatures.xades.tree import elements

if TYPE_CHECKING:
    from lxml import etree

    from shared.signatures.content import KnownContent
    from shared.signatures.xades.document import Document
    from shared.signatures.xades.structure import XmlSignature

MAX_REFERENCED_BYTES = 48 << 20
"""Besides the document itself, twice."""

_MISMATCH = Reason("content_mismatch", "the signature is not over the content that was given")
_MISSING = Reason("content_missing", "the signed content is not in the document and was not given")
_FURTHER = Reason("further_content", "the signature is also over content that was not given")
_NOTHING = Reason("nothing_signed", "the signature does not cover any content")
_ALTERED = Reason("digest_mismatch", "what was signed has been altered")
_COUNTER = Reason("counter_signature", "a counter-signature signs no content of its own")
_PARTIAL = Reason("partly_covered", "the document shows more than the signature covers")


@dataclass(frozen=True, slots=True)
class References:
    """The references of one signature by what they are for; `faults` are those that break its integrity.

    `every` has all of SignedInfo in order; `outside` and `listed` (by a manifest) lead out of the document.
    """

    every: tuple[Checked | Reference, ...]
    inside: tuple[Checked, ...]
    outside: tuple[Reference, ...]
    listed: tuple[Reference, ...]
    faults: tuple[Reason, ...]
    manifest_holds: bool
    key_info_signed: bool

    @property
    def digests(self) -> frozenset[str]:
        """Those by which content is signed, by a manifest's entries too."""
        inside = (one.reference for one in self.inside)
        return frozenset(one.digest for one in (*inside, *self.outside, *self.listed))


def check_references(document: Document, signature: XmlSignature, properties: Properties) -> References:
    """Resolve and check every reference; raises `Refusal` where one cannot be resolved or uses a hidden trick."""
    every: list[Checked | Reference] = []
    inside: list[Checked] = []
    octets = 0
    altered = properties_signed = key_info_signed = False
    for reference in signature.references:
        resolved = resolve(document, reference)
        properties_signed |= (is_properties := is_signed_properties(resolved, properties))
        if resolved.nodes is None:
            refuse_hiding(reference)
            every.append(reference)
            continue
        every.append(checked := check(resolved, signature))
        octets += len(checked.octets)
        if octets > MAX_REFERENCED_BYTES + 2 * document.size_bytes:
            raise Refusal("too_large", "the references together lead to too much content")
        altered |= not checked.holds
        key_info_signed |= resolved.nodes.apex is signature.key_info is not None
        if not is_properties and _is_content(resolved, signature, properties):
            inside.append(checked)
    listed: list[Reference] = []
    manifest_holds = _follow_manifests(document, signature, inside, listed)
    faults = [_ALTERED] if altered else []
    if not properties_signed:
        faults.append(Reason("signed_properties", "the signature does not sign its properties"))
    outside = tuple(one for one in every if isinstance(one, Reference))
    return References(
        tuple(every), tuple(inside), outside, tuple(listed), tuple(faults), manifest_holds, key_info_signed
    )


def judge_coverage(
    document: Document,
    signature: XmlSignature,
    properties: Properties,
    references: References,
    known: KnownContent | None,
) -> tuple[Coverage, tuple[Reason, ...]]:
    """How much of what is shown is signed, and whether it is the content that is known."""
    inside, away = references.inside, (*references.outside, *references.listed)
    obstacles = (
        (any(one.type == TYPE_COUNTERSIGNED for one in signature.references), _COUNTER),
        (not inside and not away, _NOTHING),
        (not references.manifest_holds or not all(one.holds for one in inside), _ALTERED),
        (known is None and bool(away), _MISSING),
        (known is not None and not commits_to(known, references, signature), _MISMATCH),
    )
    for stands, reason in obstacles:
        if stands:
            return Coverage.NONE, (reason,)
    if known is not None and not all(is_known_outside(known, one, signature) for one in references.outside):
        return Coverage.PARTIAL, (_FURTHER,)
    if not covers_everything(document.root, signature, properties.holder, list(inside)):
        return Coverage.PARTIAL, (_PARTIAL,)
    return Coverage.WHOLE, ()


def commits_to(known: KnownContent, references: References, signature: XmlSignature) -> bool:
    """The binding rule: a reference leads out to the known content, or to where it stands inside."""
    away = (*references.outside, *references.listed)
    return any(is_known_outside(known, one, signature) for one in away) or any(
        is_known_inside(known, one) for one in references.inside
    )


def _is_content(resolved: Resolved, signature: XmlSignature, properties: Properties) -> bool:
    """Whether nodes are content: outside of all signatures, or an object of this one that is not for its properties."""
    apex = None if resolved.nodes is None else resolved.nodes.apex
    if apex is None:
        return True
    line = [apex, *apex.iterancestors()]
    if any(node is properties.holder for node in line):
        return False
    if any(node is one for node in line for one in signature.objects):
        return True
    return not any(node.tag == ds("Signature") for node in line)


def _follow_manifests(
    document: Document, signature: XmlSignature, inside: list[Checked], listed: list[Reference]
) -> bool:
    """Take the references of signed manifests for content references (XMLDSig section 5.1); tell whether they hold."""
    holds = True
    for checked in [one for one in inside if _manifest(one) is not None]:
        manifest = _manifest(checked)
        for reference in read_references([] if manifest is None else elements(manifest)):
            resolved = resolve(document, reference)
            if resolved.nodes is None:
                refuse_hiding(reference)
                listed.append(reference)
                continue
            followed = check(resolved, signature)
            if _manifest(followed) is not None:
                raise Refusal("manifest", "manifests inside of manifests are refused")
            holds &= followed.holds
            inside.append(followed)
    return holds


def _manifest(checked: Checked) -> etree._Element | None:
    """The manifest that a reference leads to, directly or as the only element of an object."""
    apex = checked.nodes.apex
    if apex is not None and apex.tag == ds("Object"):
        inner = elements(apex)
        apex = inner[0] if len(inner) == 1 else None
    found = apex if apex is not None and apex.tag == ds("Manifest") else None
    if checked.reference.type == TYPE_MANIFEST and found is None:
        raise Refusal("manifest", "a reference to a manifest leads to something else")
    return found
