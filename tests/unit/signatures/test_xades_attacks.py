"""Attacks on XML signatures, each mounted and refused (`signature-profile.md`, "What a careful verifier refuses")."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace

import pytest
from lxml import etree

from shared.errors import Malformed
from shared.signatures.trust import TrustAnchors
from shared.signatures.xades.names import ds, xades
from shared.signatures.xades.sign import sign_hash
from tests.pki import now_utc
from tests.unit.signatures.conftest import HASH
from tests.unit.signatures.forms import Form, Ref, by_id, c14n, enveloped, holding, make, tree
from tests.verifying import verify_hash_signature

EVIL = hashlib.sha256(b"an evil act").digest()
EVIL_TEXT = base64.b64encode(EVIL).decode()
INTERNAL = Form(references=(Ref("#body", by_id("body")),), wrap='<act><body Id="body">text</body>{signature}</act>')


async def refused(signed: bytes, content: bytes | None, anchors: TrustAnchors, code: str = "") -> None:
    report = await verify_hash_signature(signed, content, anchors)
    assert not report.valid
    assert code in report.reason


async def test_a_second_object_with_the_same_id_is_refused(signed, anchors):
    root = tree(signed)
    for place in (0, len(root)):
        forged = tree(signed)
        evil = etree.Element(ds("Object"), {"Id": root[-1].get("Id")})
        evil.text = EVIL_TEXT
        forged.insert(place, evil)
        await refused(etree.tostring(forged), EVIL, anchors)
        await refused(etree.tostring(forged), HASH, anchors)


async def test_an_unsigned_object_beside_the_signed_one_does_not_count(signed, anchors):
    forged = tree(signed)
    etree.SubElement(forged, ds("Object"), {"Id": "evil"}).text = EVIL_TEXT
    await refused(etree.tostring(forged), EVIL, anchors, "content_mismatch")
    await refused(etree.tostring(forged), HASH, anchors, "partly_covered")


async def test_the_signed_element_moved_away_with_another_in_its_place_is_refused(pki, anchors):
    good = tree(make(INTERNAL, pki.signer))
    body = good.find("body")
    wrapper = etree.SubElement(good, "wrapper")
    wrapper.append(body)
    evil = etree.Element("body", {"Id": "evil"})
    evil.text = "evil"
    good.insert(0, evil)
    await refused(etree.tostring(good), None, anchors, "partly_covered")


async def test_an_element_with_the_same_id_under_another_name_is_refused(pki, anchors):
    for name in ("ID", "id", "{http://www.w3.org/XML/1998/namespace}id"):
        good = tree(make(INTERNAL, pki.signer))
        evil = etree.Element("body", {name: "body"})
        evil.text = "evil"
        good.insert(0, evil)
        await refused(etree.tostring(good), None, anchors, "duplicate_id")


async def test_a_signature_wrapped_into_a_document_of_its_enemy_covers_only_its_part(signed, anchors):
    wrapped = b"<act><title>evil</title>" + signed[signed.index(b"<ds:Signature") :] + b"</act>"
    await refused(wrapped, HASH, anchors, "partly_covered")


async def test_signed_properties_of_another_place_are_refused(signed, anchors):
    forged = tree(signed)
    qualifying = next(forged.iter(xades("QualifyingProperties")))
    holder = qualifying.getparent()
    outer = etree.Element("act")
    outer.append(forged)
    outer.append(qualifying)
    assert holder.getparent() is forged
    await refused(etree.tostring(outer), HASH, anchors, "signed_properties")


async def test_a_second_set_of_signed_properties_is_refused(signed, anchors):
    for where in ("object", "qualifying"):
        forged = tree(signed)
        qualifying = next(forged.iter(xades("QualifyingProperties")))
        target = qualifying.getparent() if where == "object" else qualifying
        evil = tree(etree.tostring(qualifying if where == "object" else qualifying[0]))
        next(evil.iter(xades("SignedProperties"))).set("Id", "evil")
        target.insert(0, evil)
        await refused(etree.tostring(forged), HASH, anchors, "signed_properties")


async def test_unsigned_properties_that_pass_for_signed_are_refused(pki, anchors):
    form = Form(references=(Ref("#content", by_id("content")),), objects=holding(HASH), sign_properties=False)
    await refused(make(form, pki.signer), HASH, anchors, "signed_properties")


async def test_a_plain_xml_signature_without_properties_is_refused(pki, anchors):
    form = Form(references=(Ref("#content", by_id("content")),), objects=holding(HASH), properties=False)
    await refused(make(form, pki.signer), HASH, anchors, "signed_properties")


async def test_properties_that_name_no_certificate_are_refused(pki, anchors):
    form = Form(references=(Ref("#content", by_id("content")),), objects=holding(HASH), bind=False)
    await refused(make(form, pki.signer), HASH, anchors, "no_binding")


async def test_properties_that_name_another_certificate_are_refused(pki, anchors):
    form = Form(
        references=(Ref("#content", by_id("content")),),
        objects=holding(HASH),
        certificate_digest=lambda der: hashlib.sha256(der + b"x").digest(),
    )
    await refused(make(form, pki.signer), HASH, anchors, "signing_certificate")


async def test_properties_that_name_the_certificate_by_a_broken_digest_are_refused(pki, anchors):
    def name_by_md5(root):
        method = next(root.iter(xades("CertDigest"))).find(ds("DigestMethod"))
        method.set("Algorithm", "http://www.w3.org/2001/04/xmldsig-more#md5")

    form = Form(
        references=(Ref("#content", by_id("content")),),
        objects=holding(HASH),
        certificate_digest=lambda der: hashlib.md5(der).digest(),
        before=name_by_md5,
    )
    await refused(make(form, pki.signer), HASH, anchors, "weak_digest")


async def test_a_reference_that_only_says_it_is_to_the_signed_properties_is_refused(pki, anchors):
    kind = "http://uri.etsi.org/01903#SignedProperties"
    form = Form(
        references=(Ref("#content", by_id("content"), type=kind),), objects=holding(HASH), sign_properties=False
    )
    await refused(make(form, pki.signer), HASH, anchors, "signed_properties")


async def test_properties_meant_for_another_signature_are_refused(pki, anchors):
    def retarget(root):
        next(root.iter(xades("QualifyingProperties"))).set("Target", "#other")

    form = Form(references=(Ref("#content", by_id("content")),), objects=holding(HASH), before=retarget)
    await refused(make(form, pki.signer), HASH, anchors, "signed_properties")


async def test_a_signature_that_signs_only_its_properties_covers_nothing(pki, anchors):
    form = Form(references=(Ref("#other", by_id("other")),), objects=holding(HASH))

    def redirect(root):
        next(root.iter(ds("KeyInfo"))).set("Id", "other")

    await refused(make(replace(form, before=redirect), pki.signer), HASH, anchors, "nothing_signed")
    await refused(make(replace(form, before=redirect), pki.signer), None, anchors, "nothing_signed")


@pytest.mark.parametrize(
    "transform",
    [
        '<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116"><x/></ds:Transform>',
        '<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116"><ds:XPath>false()</ds:XPath></ds:Transform>',
        '<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116">'
        "<ds:XPath>not(ancestor-or-self::title)</ds:XPath></ds:Transform>",
        '<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116">'
        '<ds:XPath xmlns:e="urn:evil">not(ancestor-or-self::e:Signature)</ds:XPath></ds:Transform>',
        '<ds:Transform Algorithm="http://www.w3.org/2002/06/xmldsig-filter2">'
        '<f:XPath xmlns:f="http://www.w3.org/2002/06/xmldsig-filter2" Filter="intersect">/descendant::ds:Signature'
        "</f:XPath></ds:Transform>",
        '<ds:Transform Algorithm="http://www.w3.org/2002/06/xmldsig-filter2">'
        '<f:XPath xmlns:f="http://www.w3.org/2002/06/xmldsig-filter2" Filter="subtract">/act/title'
        "</f:XPath></ds:Transform>",
        '<ds:Transform Algorithm="http://example.test/own"/>',
    ],
)
async def test_a_transform_that_could_hide_or_fetch_is_refused(pki, anchors, transform):
    form = Form(
        references=(Ref("", enveloped().octets, (enveloped().transforms[0], transform)),),
        wrap="<act><title>An act</title>{signature}</act>",
    )
    report = await verify_hash_signature(make(form, pki.signer), None, anchors)
    assert report.signatures[0].integrity == "failed"
    assert "transform" in report.reason or "canonicalization" in report.reason


async def test_an_external_uri_is_never_fetched(pki, anchors, tmp_path):
    secret = tmp_path / "secret"
    secret.write_bytes(b"an act")
    signed = make(Form(references=(Ref(secret.as_uri(), lambda _: b"an act"),)), pki.signer)
    report = await verify_hash_signature(signed, None, anchors)
    assert (report.valid, report.signatures[0].coverage) == (False, "none")


async def test_a_forged_manifest_entry_does_not_cover_its_content(pki, anchors):
    digest = base64.b64encode(hashlib.sha256(b"wrong").digest()).decode()
    manifest = (
        '<ds:Object Id="o"><ds:Manifest Id="m"><ds:Reference URI="#content"><ds:DigestMethod '
        'Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>'
        f"<ds:DigestValue>{digest}</ds:DigestValue></ds:Reference></ds:Manifest></ds:Object>"
    )
    reference = Ref("#m", by_id("m"), type="http://www.w3.org/2000/09/xmldsig#Manifest")
    signed = make(Form(references=(reference,), objects=manifest + holding(HASH)), pki.signer)
    await refused(signed, HASH, anchors, "digest_mismatch")


async def test_a_manifest_whose_entries_hold_covers_their_content(pki, anchors):
    def fill(root):
        content = root.xpath("//*[@Id='content']")[0]
        value = base64.b64encode(hashlib.sha256(c14n(content)).digest()).decode()
        next(root.iter(ds("Manifest"))).find(f".//{ds('DigestValue')}").text = value

    manifest = (
        '<ds:Object Id="o"><ds:Manifest Id="m"><ds:Reference URI="#content"><ds:DigestMethod '
        'Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><ds:DigestValue/></ds:Reference></ds:Manifest></ds:Object>'
    )
    reference = Ref("#o", by_id("o"))
    form = Form(references=(reference,), objects=manifest + holding(HASH), before=fill)
    assert (await verify_hash_signature(make(form, pki.signer), HASH, anchors)).valid


async def test_a_counter_signature_is_not_counted_as_a_signature(signed, pki, anchors):
    other = tree(await sign_hash(EVIL, pki.signer, pki.timestamper, signed_at=now_utc()))
    forged = tree(signed)
    holder = next(forged.iter(xades("UnsignedSignatureProperties")))
    etree.SubElement(holder, xades("CounterSignature")).append(other)
    report = await verify_hash_signature(etree.tostring(forged), HASH, anchors)
    assert len(report.signatures) == 1
    await refused(etree.tostring(forged), EVIL, anchors, "content_mismatch")


async def test_a_counter_signature_alone_covers_no_content(signed, pki, anchors):
    def sign_value(root):
        return c14n(root.xpath("//*[@Id='value']")[0])

    reference = Ref("#value", sign_value, type="http://uri.etsi.org/01903#CountersignedSignature")
    await refused(make(Form(references=(reference,)), pki.signer), None, anchors)


@pytest.mark.parametrize("part", ["SignedInfo", "SignatureValue", "KeyInfo"])
async def test_a_doubled_part_is_refused(signed, anchors, part):
    forged = tree(signed)
    node = next(forged.iter(ds(part)))
    forged.insert(forged.index(node), tree(etree.tostring(node)))
    await refused(etree.tostring(forged), HASH, anchors, "structure")


async def test_a_comment_inside_the_content_changes_nothing_that_is_read(signed, anchors):
    forged = tree(signed)
    forged[-1].text, tail = forged[-1].text[:8], forged[-1].text[8:]
    comment = etree.Comment(EVIL_TEXT)
    comment.tail = tail
    forged[-1].append(comment)
    assert (await verify_hash_signature(etree.tostring(forged), HASH, anchors)).valid
    await refused(etree.tostring(forged), EVIL, anchors)


async def test_an_hmac_signature_is_refused(pki, anchors):
    form = Form(
        references=(Ref("#content", by_id("content")),),
        objects=holding(HASH),
        method="http://www.w3.org/2000/09/xmldsig#hmac-sha1",
    )
    await refused(make(form, pki.signer), HASH, anchors, "unknown_signature_method")


@pytest.mark.parametrize(
    "prolog",
    [
        b"<!DOCTYPE a>",
        b'<!DOCTYPE a [<!ENTITY x "y">]>',
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd">',
        b'<!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;"><!ENTITY c "&b;&b;&b;">]>',
    ],
)
async def test_a_document_type_is_refused(signed, anchors, prolog):
    body = signed[signed.index(b"<ds:Signature") :]
    with pytest.raises(Malformed, match="document type"):
        await verify_hash_signature(prolog + body, HASH, anchors)


async def test_xml_that_is_nested_too_deeply_is_refused(signed, anchors):
    body = signed[signed.index(b"<ds:Signature") :]
    with pytest.raises(Malformed, match="deeply"):
        await verify_hash_signature(b"<a>" * 1000 + body + b"</a>" * 1000, HASH, anchors)


async def test_a_utf16_document_type_is_refused_too(anchors):
    with pytest.raises(Malformed, match="document type"):
        await verify_hash_signature("<!DOCTYPE a><a/>".encode("utf-16"), HASH, anchors)


CROWDS = {
    "attributes": b" ".join(b'a%d="1"' % number for number in range(300)),
    "namespaces": b" ".join(b'xmlns:n%d="urn:%d"' % (number, number) for number in range(300)),
}


@pytest.mark.parametrize("crowd", CROWDS)
async def test_an_element_with_too_many_attributes_or_namespaces_is_refused(signed, anchors, crowd):
    body = signed[signed.index(b"<ds:Signature") :]
    with pytest.raises(Malformed) as refusal:
        await verify_hash_signature(b"<a " + CROWDS[crowd] + b">" + body + b"</a>", HASH, anchors)
    assert refusal.value.code == "too_complex"


@pytest.mark.parametrize(
    "crowd", [b"<b/>" * 1_000_001, b"<ds:Signature xmlns:ds='http://www.w3.org/2000/09/xmldsig#'/>" * 101]
)
async def test_a_document_with_too_many_elements_or_signatures_is_refused(anchors, crowd):
    with pytest.raises(Malformed) as refusal:
        await verify_hash_signature(b"<a>" + crowd + b"</a>", HASH, anchors)
    assert refusal.value.code == "too_complex"


async def test_many_elements_below_many_namespaces_are_refused(anchors):
    start = b"<a " + b" ".join(b'xmlns:n%d="urn:%d"' % (number, number) for number in range(200)) + b">"
    with pytest.raises(Malformed) as refusal:
        await verify_hash_signature(start + b"<b/>" * 10_000 + b"</a>", HASH, anchors)
    assert refusal.value.code == "too_complex"


async def test_references_that_lead_to_the_same_large_content_again_and_again_are_refused(pki, anchors):
    act = "<act Id='act'>" + "x" * 1_000_000 + "</act>"
    form = Form((Ref("#act", by_id("act")),) * 60, wrap="<all>" + act + "{signature}</all>")
    await refused(make(form, pki.signer), None, anchors, "too_large")
