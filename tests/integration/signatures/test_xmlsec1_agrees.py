"""xmlsec1 and we agree, on every form and on each alteration of it, whether the signature holds."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from lxml import etree

from shared.signatures.trust import TrustAnchors
from shared.signatures.verdict import Integrity
from tests.pki import TestPki
from tests.unit.signatures.forms import FORMS, make
from tests.verifying import verify_hash_signature


@pytest.fixture(scope="module")
def pki() -> TestPki:
    return TestPki.make()


@pytest.fixture(scope="module")
def anchors(pki: TestPki) -> TrustAnchors:
    return TrustAnchors.of([pki.root.certificate, pki.issuing.certificate])


@pytest.mark.parametrize("form", FORMS)
async def test_xmlsec1_agrees_on_the_form_and_on_its_alterations(pki, anchors, form, tmp_path):
    good = make(FORMS[form], pki.signer)
    for place, document in enumerate([good, *_altered(good)]):
        ours = (await verify_hash_signature(document, None, anchors)).signatures[0].integrity is Integrity.PASSED
        assert ours == _xmlsec1_accepts(document, tmp_path / f"{place}.xml"), document.decode()


@pytest.mark.parametrize("form", FORMS)
async def test_xmlsec1_accepts_whatever_we_accept_with_an_attribute_changed_or_an_element_missing(
    pki, anchors, form, tmp_path
):
    refused = 0
    for place, document in enumerate(_mutilated(make(FORMS[form], pki.signer))):
        ours = (await verify_hash_signature(document, None, anchors)).signatures[0].integrity is Integrity.PASSED
        assert not ours or _xmlsec1_accepts(document, tmp_path / f"{place}.xml"), document.decode()
        refused += not ours
    assert refused > 20


def _mutilated(good: bytes) -> list[bytes]:
    """One document for each attribute (another value) and for each element but the signature (taken out)."""
    changed = []
    for place in range(sum(1 for _ in etree.fromstring(good).iter())):
        for name in list(etree.fromstring(good).iter())[place].attrib:
            root = etree.fromstring(good)
            list(root.iter())[place].set(name, "other")
            changed.append(bytes(etree.tostring(root)))
        root = etree.fromstring(good)
        node = list(root.iter())[place]
        parent = node.getparent()
        if parent is not None and next(node.iter("{*}Signature"), None) is None:
            parent.remove(node)
            changed.append(bytes(etree.tostring(root)))
    return changed


def _altered(good: bytes) -> list[bytes]:
    """One document for each text that is signed or signs: its first character is another one."""
    changed = []
    for place in range(sum(1 for _ in etree.fromstring(good).iter())):
        root = etree.fromstring(good)
        node = list(root.iter())[place]
        text = node.text or ""
        if text.strip() and not node.tag.endswith("X509Certificate"):
            node.text = ("B" if text[0] == "A" else "A") + text[1:]
            changed.append(bytes(etree.tostring(root)))
    return changed


def _xmlsec1_accepts(document: bytes, path: Path) -> bool:
    path.write_bytes(document)
    ids = ["SignedProperties", "Object", "act"]
    marks = [part for name in ids for part in ("--id-attr:Id", name)]
    command = ["xmlsec1", "--verify", "--insecure", *marks, str(path)]
    return subprocess.run(command, capture_output=True, check=False, timeout=60).returncode == 0
