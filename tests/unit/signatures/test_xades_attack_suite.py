from __future__ import annotations

import pytest
from lxml import etree

from shared.signatures.verdict import Coverage, Integrity
from shared.signatures.verify import verify_hash_signature
from tests.attacks.xades import ATTACKS, XADES, mounted
from tests.unit.signatures.forms import FORMS, make


@pytest.mark.parametrize("form", FORMS)
async def test_each_form_is_good_before_it_is_attacked(pki, anchors, form):
    report = await verify_hash_signature(make(FORMS[form], pki.signer), None, anchors)
    assert report.signatures[0].integrity is Integrity.PASSED
    assert report.signatures[0].coverage is Coverage.WHOLE


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ATTACKS)
async def test_every_attack_on_every_form_is_refused(pki, anchors, form, name):
    report = await verify_hash_signature(mounted(name, make(FORMS[form], pki.signer)), None, anchors)
    (verdict,) = report.signatures
    assert not report.valid
    assert verdict.integrity is Integrity.FAILED or verdict.coverage is not Coverage.WHOLE


async def test_unknown_and_unreadable_unsigned_properties_do_no_harm(pki, anchors):
    root = etree.fromstring(make(FORMS["enveloping"], pki.signer))
    holder = next(root.iter(XADES + "QualifyingProperties"))
    unsigned = etree.SubElement(etree.SubElement(holder, XADES + "UnsignedProperties"), "further")
    etree.SubElement(unsigned, XADES + "EncapsulatedX509Certificate").text = "no base64 at all!"
    assert (await verify_hash_signature(etree.tostring(root), None, anchors)).valid


@pytest.mark.parametrize("base", ["md/../", "../", "http://act.example/./"])
async def test_an_xml_base_that_c14n_1_1_would_rewrite_is_refused(pki, anchors, base):
    signed = make(FORMS["below an xml:base"], pki.signer).replace(b"http://act.md/a/", base.encode())
    (verdict,) = (await verify_hash_signature(signed, None, anchors)).signatures
    assert [reason.code for reason in verdict.reasons] == ["canonicalization"]
