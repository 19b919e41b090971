from __future__ import annotations

import pytest
from lxml import etree

from shared.signatures.verdict import Coverage, Integrity, TimestampStatus
from tests.attacks.xades import ATTACKS, XADES, mounted
from tests.attacks.xades_timestamps import ON_TIMESTAMPS
from tests.unit.signatures.forms import FORMS, make, stamped
from tests.verifying import verify_hash_signature


@pytest.mark.parametrize("form", FORMS)
async def test_each_form_is_good_before_it_is_attacked(pki, anchors, form):
    report = await verify_hash_signature(make(FORMS[form], pki.signer), None, anchors)
    assert report.signatures[0].integrity is Integrity.PASSED
    assert report.signatures[0].coverage is Coverage.WHOLE


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", [name for name, one in ATTACKS.items() if one.axis != "timestamp"])
async def test_every_attack_on_every_form_is_refused_on_its_axis(pki, anchors, form, name):
    report = await verify_hash_signature(mounted(name, make(FORMS[form], pki.signer)), None, anchors)
    assert not report.valid
    axis = ATTACKS[name].axis_on(form)
    good = {"integrity": Integrity.PASSED, "coverage": Coverage.WHOLE}[axis]
    assert any(getattr(one, axis) is not good for one in report.signatures), report.reason
    if axis == "coverage":
        assert all(one.integrity is Integrity.PASSED for one in report.signatures)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ON_TIMESTAMPS)
async def test_every_attack_on_a_timestamp_is_refused_there(pki, anchors, form, name):
    good = await stamped(make(FORMS[form], pki.signer), pki.timestamper)
    attacked = await verify_hash_signature(mounted(name, good), None, anchors)
    for document, report in ((good, await verify_hash_signature(good, None, anchors)), (b"attacked", attacked)):
        (verdict,) = report.signatures
        expected = TimestampStatus.PASSED if document is good else TimestampStatus.FAILED
        assert (verdict.integrity, verdict.coverage) == (Integrity.PASSED, Coverage.WHOLE)
        assert (verdict.timestamp, report.valid) == (expected, document is good), report.reason


async def test_elements_in_a_text_that_is_base64_are_refused(pki, anchors):
    attacked = mounted("an_element_inside_of_what_is_signed", make(FORMS["base64"], pki.signer))
    (verdict,) = (await verify_hash_signature(attacked, None, anchors)).signatures
    assert [one.code for one in verdict.reasons if one.code == "transform"]


async def test_unknown_and_unreadable_unsigned_properties_do_no_harm(pki, anchors):
    root = etree.fromstring(make(FORMS["enveloping"], pki.signer))
    holder = next(root.iter(XADES + "QualifyingProperties"))
    unsigned = etree.SubElement(etree.SubElement(holder, XADES + "UnsignedProperties"), "further")
    etree.SubElement(unsigned, XADES + "EncapsulatedX509Certificate").text = "no base64 at all!"
    assert (await verify_hash_signature(etree.tostring(root), None, anchors)).valid


@pytest.mark.parametrize("base", ["md/../", "../", "http://act.example/./", ""])
async def test_an_xml_base_that_nobody_joins_alike_is_refused(pki, anchors, base):
    signed = make(FORMS["below an xml:base"], pki.signer).replace(b"http://act.md/a/", base.encode())
    (verdict,) = (await verify_hash_signature(signed, None, anchors)).signatures
    assert [reason.code for reason in verdict.reasons] == ["canonicalization"]


@pytest.mark.parametrize("step", ["", "../../../b", "b/./c", "b//c", "?b", "//b.md/"])
async def test_an_xml_base_that_climbs_or_is_odd_is_refused_where_c14n_1_1_joins_it(pki, anchors, step):
    signed = make(FORMS["below two xml:bases"], pki.signer).replace(b"../b/c", step.encode())
    (verdict,) = (await verify_hash_signature(signed, None, anchors)).signatures
    assert [reason.code for reason in verdict.reasons] == ["canonicalization"]
