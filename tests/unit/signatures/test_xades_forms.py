"""Conformant signatures in other tools' forms are accepted."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from lxml import etree

from shared.errors import Malformed
from shared.signatures.verify import Digest, Original
from shared.signatures.xades.names import BASE64, C14N_10, C14N_11
from tests.unit.signatures.conftest import HASH
from tests.unit.signatures.forms import (
    DS,
    EXCLUSIVE,
    Form,
    Ref,
    by_id,
    enveloped,
    holding,
    make,
    rsa_pkcs1,
    rsa_pss,
    tree,
)
from tests.verifying import verify_hash_signature

MORE = "http://www.w3.org/2001/04/xmldsig-more#"


def xpath(expression: str) -> str:
    transform = '<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116">'
    return f"{transform}<ds:XPath>{expression}</ds:XPath></ds:Transform>"


NO_SIGNATURE = xpath("not(ancestor-or-self::ds:Signature)")
NO_SIGNATURE_BY_NAME = xpath("not(ancestor-or-self::*[local-name() = 'Signature'])")
NO_SIGNATURE_BY_FULL_NAME = xpath(f'not(ancestor-or-self::*[local-name()="Signature" and namespace-uri()="{DS}"])')
NOT_THIS_SIGNATURE = xpath(
    "count(ancestor-or-self::ds:Signature | here()/ancestor::ds:Signature[1]) &gt; "
    "count(ancestor-or-self::ds:Signature)"
)
SUBTRACT = (
    '<ds:Transform Algorithm="http://www.w3.org/2002/06/xmldsig-filter2">'
    '<f:XPath xmlns:f="http://www.w3.org/2002/06/xmldsig-filter2" Filter="subtract">/descendant::ds:Signature'
    "</f:XPath></ds:Transform>"
)
ACT = "<act><title>An act</title>{signature}</act>"


def enveloping(**changes: Any) -> Form:
    return Form(references=(Ref("#content", by_id("content")),), objects=holding(HASH), **changes)


async def test_an_enveloping_signature_with_no_transform(pki, anchors):
    assert (await verify_hash_signature(make(enveloping(), pki.signer), HASH, anchors)).valid


async def test_an_enveloping_signature_with_the_base64_transform(pki, anchors):
    form = Form(references=(Ref("#content", lambda _: HASH, (BASE64,)),), objects=holding(HASH))
    signed = make(form, pki.signer)
    assert (await verify_hash_signature(signed, HASH, anchors)).valid
    assert not (await verify_hash_signature(signed, bytes(32), anchors)).valid


@pytest.mark.parametrize("method", [C14N_10, C14N_10 + "#WithComments", C14N_11, EXCLUSIVE, EXCLUSIVE + "WithComments"])
async def test_every_canonicalisation_of_signed_info(pki, anchors, method):
    assert (await verify_hash_signature(make(enveloping(c14n=method), pki.signer), HASH, anchors)).valid


async def test_a_version_2_signing_certificate(pki, anchors):
    signed = make(enveloping(certificate_version=2), pki.signer)
    assert (await verify_hash_signature(signed, HASH, anchors)).valid


@pytest.mark.parametrize(
    ("digest", "method", "algorithm"),
    [
        (DS + "sha1", DS + "rsa-sha1", hashes.SHA1()),
        (MORE + "sha224", MORE + "rsa-sha224", hashes.SHA224()),
        (MORE + "sha384", MORE + "rsa-sha384", hashes.SHA384()),
        ("http://www.w3.org/2001/04/xmlenc#sha512", MORE + "rsa-sha512", hashes.SHA512()),
    ],
)
async def test_every_digest_from_sha1_to_sha512(pki, anchors, digest, method, algorithm):
    form = enveloping(digest=digest, method=method, scheme=lambda data, key: rsa_pkcs1(data, key, algorithm))
    assert (await verify_hash_signature(make(form, pki.signer), HASH, anchors)).valid


async def test_an_rsa_pss_signature(pki, anchors):
    form = enveloping(method="http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1", scheme=rsa_pss)
    assert (await verify_hash_signature(make(form, pki.signer), HASH, anchors)).valid


@pytest.mark.parametrize(
    "hidden",
    [None, NO_SIGNATURE, NO_SIGNATURE_BY_NAME, NO_SIGNATURE_BY_FULL_NAME, NOT_THIS_SIGNATURE, SUBTRACT],
)
async def test_an_enveloped_signature(pki, anchors, hidden):
    reference = enveloped()
    if hidden is not None:
        reference = Ref("", reference.octets, (hidden,))
    signed = make(Form(references=(reference,), wrap=ACT), pki.signer)
    assert (await verify_hash_signature(signed, None, anchors)).valid
    assert (await verify_hash_signature(signed, Original(b"<act><title>An act</title></act>"), anchors)).valid
    assert not (await verify_hash_signature(signed, Original(b"<act><title>A fact</title></act>"), anchors)).valid
    altered = await verify_hash_signature(signed.replace(b"An act", b"A fact"), None, anchors)
    assert (altered.valid, altered.signatures[0].integrity) == (False, "failed")


async def test_a_detached_signature_beside_its_content(pki, anchors):
    form = Form(references=(Ref("#body", by_id("body")),), wrap='<act><body Id="body">text</body>{signature}</act>')
    assert (await verify_hash_signature(make(form, pki.signer), None, anchors)).valid


async def test_a_detached_signature_over_a_file(pki, anchors):
    form = Form(references=(Ref("file:/act.txt", lambda _: b"an act"),))
    signed = make(form, pki.signer)
    assert (await verify_hash_signature(signed, HASH, anchors)).valid
    assert (await verify_hash_signature(signed, Original(b"an act"), anchors)).valid
    wrong = await verify_hash_signature(signed, Original(b"a fact"), anchors)
    missing = await verify_hash_signature(signed, None, anchors)
    assert (wrong.valid, wrong.signatures[0].integrity, wrong.signatures[0].coverage) == (False, "passed", "none")
    assert (missing.valid, missing.signatures[0].coverage) == (False, "none")
    assert "content_missing" in missing.reason


async def test_a_digest_of_another_algorithm_cannot_stand_for_a_detached_file(pki, anchors):
    signed = make(Form(references=(Ref("file:/act.txt", lambda _: b"an act"),)), pki.signer)
    other = Digest(hashlib.sha512(b"an act").digest(), "sha512")
    assert not (await verify_hash_signature(signed, other, anchors)).valid


async def test_two_signatures_in_one_document_are_both_judged(pki, anchors):
    reference = Ref("", enveloped().octets, (NO_SIGNATURE,))
    first = make(Form(references=(reference,), wrap="<act><title>An act</title>{signature}</act>"), pki.signer)
    room = first.decode().replace("</act>", "{signature}</act>")
    both = make(Form(references=(reference,), wrap=room, prefix="b-"), pki.signer)
    report = await verify_hash_signature(both, None, anchors)
    assert len(report.signatures) == 2
    assert report.valid


async def test_one_bad_signature_among_two_spoils_the_document(pki, anchors):
    reference = Ref("", enveloped().octets, (NO_SIGNATURE,))
    first = make(Form(references=(reference,), wrap="<act><title>An act</title>{signature}</act>"), pki.signer)
    room = first.decode().replace("</act>", "{signature}</act>")
    both = make(Form(references=(reference,), wrap=room, prefix="b-", bind=False), pki.signer)
    report = await verify_hash_signature(both, None, anchors)
    assert [one.valid for one in report.signatures] == [True, False]
    assert not report.valid


async def test_a_fragment_may_be_percent_encoded(pki, anchors):
    signed = make(Form((Ref("#co%6Etent", by_id("content")),), holding(HASH)), pki.signer)
    assert (await verify_hash_signature(signed, HASH, anchors)).valid


async def test_default_namespaces_are_canonicalised_at_every_depth(pki, anchors):
    octets = b'<act xmlns="urn:act" Id="act"><part><line>an <b>act</b></line></part></act>'
    wrap = '<all xmlns="urn:act"><act Id="act"><part><line>an <b>act</b></line></part></act>{signature}</all>'
    signed = make(Form((Ref("#act", lambda _: octets),), wrap=wrap), pki.signer)
    assert (await verify_hash_signature(signed, None, anchors)).valid


async def test_an_element_that_only_looks_like_a_signature_cannot_be_left_out_of_what_is_signed(pki, anchors):
    reference = Ref("", enveloped().octets, (NO_SIGNATURE_BY_NAME,))
    signed = make(Form((reference,), wrap=ACT), pki.signer)
    forged = signed.replace(b"<title>", b"<Signature>evil</Signature><title>")
    for document, passes in ((signed, True), (forged, False)):
        (verdict,) = (await verify_hash_signature(document, None, anchors)).signatures
        assert (verdict.integrity == "passed", verdict.valid) == (passes, passes)


async def test_a_signed_document_in_an_object_of_a_further_signature_is_judged_too(pki, anchors):
    inner = make(Form((Ref("#in", by_id("in")),), holding(HASH, "in"), prefix="in-"), pki.signer).decode()
    for bad in (False, True):
        within = inner.replace("2026-01-01T10", "2026-01-01T11") if bad else inner
        outer = Form((Ref("#content", by_id("content")),), f'<ds:Object Id="content">{within}</ds:Object>')
        report = await verify_hash_signature(make(outer, pki.signer), None, anchors)
        assert [one.integrity for one in report.signatures] == ["passed", "failed" if bad else "passed"]
        assert report.valid is not bad


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-16", "iso-8859-1", "us-ascii", "windows-1251", "iso-8859-16", "koi8-r", "big5", "gb18030"],
)
async def test_a_document_in_any_common_encoding(pki, anchors, encoding):
    signed = tree(make(Form((enveloped(),), wrap="<act>Actul № 1, ă, Б, 中{signature}</act>"), pki.signer))
    text = f'<?xml version="1.0" encoding="{encoding}"?>' + etree.tostring(signed, encoding="unicode")
    assert (await verify_hash_signature(text.encode(encoding, "xmlcharrefreplace"), None, anchors)).valid


@pytest.mark.parametrize("encoding", ["big5", "cp99999", "utf-7", "rot13"])
async def test_a_document_that_is_not_in_its_encoding_or_in_an_unknown_one_is_refused(anchors, encoding):
    with pytest.raises(Malformed):
        await verify_hash_signature(
            f'<?xml version="1.0" encoding="{encoding}"?><a>'.encode() + b"\xff\xff</a>", None, anchors
        )
