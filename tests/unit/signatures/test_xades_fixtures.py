"""Files of other tools (tests/fixtures/xades/README.md): all four axes of each signature, and what alterations do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from shared.signatures.trust import TrustAnchors
from shared.signatures.verify import Original, Report
from tests.attacks.xades import DS, XADES
from tests.unit.signatures.forms import tree
from tests.verifying import verify_hash_signature

PLACE = Path(__file__).parents[2] / "fixtures" / "xades"
STAMPED = ("passed", "whole", "passed", "trusted")
UNSTAMPED = ("passed", "whole", "none", "trusted")
EXPECTED = {
    "dss_b_enveloped": [UNSTAMPED],
    "dss_b_pss_sha3": [UNSTAMPED],
    "dss_lt_enveloped_v1": [STAMPED],
    "dss_lta_beside": [STAMPED],
    "dss_lta_c14n11_comments": [STAMPED],
    "dss_lta_detached": [STAMPED],
    "dss_t_countersigned": [STAMPED],
    "dss_t_enveloping": [STAMPED],
    "dss_t_hash_only": [STAMPED],
    "dss_t_manifest": [STAMPED],
    "dss_t_p521_short_value": [STAMPED],
    "dss_t_two_signers": [STAMPED, STAMPED],
    "dss_t_xades_1_1_1": [STAMPED],
    "dss_x_enveloped": [STAMPED],
    "signxml_b_c14n11": [UNSTAMPED],
    "xades4j_a_default_namespace": [STAMPED],
    "xades4j_b_xpath_by_name": [UNSTAMPED],
    "xades4j_t_manifest": [STAMPED],
    "xades4j_t_p384_key_value": [STAMPED],
    "xadesjs_b_p256_exclusive": [UNSTAMPED],
}
CONTENT = {
    "dss_lta_detached": "act.xml",
    "dss_t_hash_only": "contract.txt",
    "dss_t_manifest": "contract.txt",
}
WITH_TIMESTAMP = [name for name, axes in EXPECTED.items() if axes[0] == STAMPED]


@pytest.fixture(scope="module")
def anchors() -> TrustAnchors:
    return TrustAnchors.from_directory(PLACE / "trust")


def read(name: str) -> bytes:
    return (PLACE / f"{name}.xml").read_bytes()


async def judged(name: str, document: bytes, anchors: TrustAnchors) -> Report:
    content = CONTENT.get(name)
    known = None if content is None else Original((PLACE / "content" / content).read_bytes())
    return await verify_hash_signature(document, known, anchors)


def changed(node: Any) -> None:
    """Another first character in a base64 value."""
    text = node.text.lstrip()
    node.text = ("B" if text[0] == "A" else "A") + text[1:]


def test_every_fixture_is_expected_to_be_something():
    assert sorted(EXPECTED) == sorted(one.stem for one in PLACE.glob("*.xml"))


@pytest.mark.parametrize("name", EXPECTED)
async def test_every_axis_of_every_signature_is_recognised(anchors, name):
    report = await judged(name, read(name), anchors)
    axes = [(one.integrity, one.coverage, one.timestamp, one.trust) for one in report.signatures]
    assert axes == EXPECTED[name], report.reason
    assert report.valid


@pytest.mark.parametrize("name", EXPECTED)
@pytest.mark.parametrize("part", ["SignatureValue", "DigestValue"])
async def test_another_value_is_noticed(anchors, name, part):
    root = tree(read(name))
    changed(next(root.iter(DS + part)))
    report = await judged(name, etree.tostring(root), anchors)
    assert not report.valid
    assert report.signatures[0].integrity == "failed"


@pytest.mark.parametrize("name", WITH_TIMESTAMP)
async def test_a_timestamp_of_another_signature_is_noticed(anchors, name):
    root, other = tree(read(name)), "dss_t_enveloping" if name != "dss_t_enveloping" else "dss_t_manifest"
    stamp = next(root.iter("{*}EncapsulatedTimeStamp"))
    stamp.text = next(tree(read(other)).iter("{*}EncapsulatedTimeStamp")).text
    report = await judged(name, etree.tostring(root), anchors)
    assert report.signatures[0].timestamp == "failed"
    assert "timestamp_imprint" in report.reason
    assert not report.valid


@pytest.mark.parametrize("name", [*(name for name in EXPECTED if "_lta_" in name), "xades4j_a_default_namespace"])
@pytest.mark.parametrize("part", ["EncapsulatedCRLValue", "SignatureTimeStamp"])
async def test_what_only_an_archive_timestamp_covers_cannot_be_taken_out(anchors, name, part):
    root = tree(read(name))
    node = next(root.iter(XADES + part))
    node.getparent().remove(node)
    report = await judged(name, etree.tostring(root), anchors)
    (verdict,) = report.signatures
    assert (verdict.integrity, verdict.timestamp, report.valid) == ("passed", "failed", False)


async def test_what_only_a_timestamp_over_references_covers_cannot_be_changed(anchors):
    root = tree(read("dss_x_enveloped"))
    changed(next(next(root.iter(XADES + "CompleteRevocationRefs")).iter(DS + "DigestValue")))
    report = await judged("dss_x_enveloped", etree.tostring(root), anchors)
    assert report.signatures[0].timestamp == "failed"
    assert "further_timestamp" in report.reason


async def test_without_its_content_an_archive_timestamp_over_a_detached_file_is_not_judged(anchors):
    (verdict,) = (await verify_hash_signature(read("dss_lta_detached"), None, anchors)).signatures
    assert (verdict.integrity, verdict.coverage, verdict.timestamp) == ("passed", "none", "passed")


async def test_the_status_of_certificates_is_known_from_the_values_that_a_signature_carries(anchors):
    reason = (await judged("dss_lt_enveloped_v1", read("dss_lt_enveloped_v1"), anchors)).signatures[0].reason
    assert reason == ""
    root = tree(read("dss_lt_enveloped_v1"))
    values = next(root.iter(XADES + "RevocationValues"))
    values.getparent().remove(values)
    report = await judged("dss_lt_enveloped_v1", etree.tostring(root), anchors)
    assert report.valid
    assert "revocation_unknown" in report.signatures[0].reason


async def test_the_status_of_certificates_is_known_from_revocation_lists_among_the_keys(anchors):
    root = tree(read("dss_lt_enveloped_v1"))
    values = next(root.iter(XADES + "RevocationValues"))
    for one in values.iter(XADES + "EncapsulatedCRLValue"):
        etree.SubElement(next(root.iter(DS + "X509Data")), DS + "X509CRL").text = one.text
    etree.SubElement(next(root.iter(DS + "X509Data")), DS + "X509CRL").text = "no base64 at all!"
    values.getparent().remove(values)
    (verdict,) = (await judged("dss_lt_enveloped_v1", etree.tostring(root), anchors)).signatures
    assert (verdict.valid, verdict.reason) == (True, "")
