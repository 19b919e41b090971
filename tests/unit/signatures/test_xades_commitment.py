"""Whether a signature is over the content that the caller knows (the binding rule)."""

from __future__ import annotations

import base64
import hashlib

import pytest

from shared.signatures.verify import Digest, Original
from shared.signatures.xades.names import BASE64, C14N_10
from tests.unit.signatures.forms import DS, SHA256, Form, Ref, by_id, c14n, make, tree
from tests.verifying import verify_hash_signature

ACT = b'<?xml version="1.0"?><!-- draft --><act xmlns="urn:act"><title>An act</title><!-- 1 --></act>'
FACT = ACT.replace(b"An act", b"A fact")
MD5 = "http://www.w3.org/2001/04/xmldsig-more#md5"
FILE = Ref("act.txt", lambda _: b"an act")
ANNEX = Ref("annex.txt", lambda _: b"an annex")


def embedded(xml: bytes) -> Form:
    inner = xml.partition(b"?>")[2].removeprefix(b"<!-- draft -->").decode()
    return Form((Ref("#content", by_id("content")),), f'<ds:Object Id="content">\n{inner}\n</ds:Object>')


def listing(*entries: Ref, algorithm: str = SHA256, name: str = "sha256", transforms: str = "") -> Form:
    """A signed manifest of files that lie elsewhere."""
    listed = "".join(
        f'<ds:Reference URI="{one.uri}">{transforms}<ds:DigestMethod Algorithm="{algorithm}"/><ds:DigestValue>'
        f"{base64.b64encode(hashlib.new(name, one.octets(None)).digest()).decode()}</ds:DigestValue></ds:Reference>"
        for one in entries
    )
    manifest = f'<ds:Object><ds:Manifest Id="list">{listed}</ds:Manifest></ds:Object>'
    return Form((Ref("#list", by_id("list"), type=DS + "Manifest"),), manifest)


async def test_xml_in_an_object_is_the_file_that_it_came_from(pki, anchors):
    signed = make(embedded(ACT), pki.signer)
    assert (await verify_hash_signature(signed, Original(ACT), anchors)).valid
    assert (await verify_hash_signature(signed, Original(FACT), anchors)).reason.startswith("content_mismatch")
    assert (await verify_hash_signature(signed, Original(b"no XML"), anchors)).reason.startswith("content_mismatch")


async def test_an_element_beside_the_signature_is_the_file_that_it_came_from(pki, anchors):
    form = Form((Ref("#act", by_id("act")),), wrap='<all><act Id="act">an act</act>{signature}</all>')
    signed = make(form, pki.signer)
    assert (await verify_hash_signature(signed, Original(b"<act Id='act' >an act</act>"), anchors)).valid
    assert not (await verify_hash_signature(signed, Original(b"<act Id='act'>a fact</act>"), anchors)).valid


async def test_a_hash_of_exactly_the_octets_that_were_digested_is_committed_to(pki, anchors):
    form = Form((Ref("#act", by_id("act")),), wrap='<all><act Id="act">an act</act>{signature}</all>')
    octets = c14n(tree(b'<act Id="act">an act</act>'))
    known = Digest(hashlib.sha256(octets).digest(), "sha256")
    assert (await verify_hash_signature(make(form, pki.signer), known, anchors)).valid
    assert not (await verify_hash_signature(make(form, pki.signer), known.value, anchors)).valid


@pytest.mark.parametrize("content", [ACT, ACT.replace(b"<!-- 1 -->", b"<!-- 2 -->")])
async def test_comments_of_a_detached_file_count_where_they_are_canonicalised(pki, anchors, content):
    def octets(_: object) -> bytes:
        return b'<!-- draft -->\n<act xmlns="urn:act"><title>An act</title><!-- 1 --></act>'

    signed = make(Form((Ref("act.xml", octets, (C14N_10 + "#WithComments",)),)), pki.signer)
    assert (await verify_hash_signature(signed, Original(content), anchors)).valid is (content == ACT)


async def test_a_manifest_commits_to_each_file_that_it_lists(pki, anchors):
    signed = make(listing(FILE, ANNEX), pki.signer)
    for content in (b"an act", b"an annex"):
        assert (await verify_hash_signature(signed, Original(content), anchors)).valid
    for known in (None, Original(b"a fact")):
        (verdict,) = (await verify_hash_signature(signed, known, anchors)).signatures
        assert (verdict.integrity, verdict.coverage, verdict.valid) == ("passed", "none", False)


async def test_a_file_that_a_manifest_lists_by_a_broken_digest_may_be_another_one(pki, anchors):
    signed = make(listing(FILE, algorithm=MD5, name="md5"), pki.signer)
    report = await verify_hash_signature(signed, Original(b"an act"), anchors)
    assert (report.valid, report.signatures[0].refused) == (False, True)
    assert report.reason == "weak_digest: the signature uses md5, which is broken"


@pytest.mark.parametrize(
    "transform",
    [
        "http://www.w3.org/TR/1999/REC-xslt-19991116",
        "http://www.w3.org/TR/1999/REC-xpath-19991116",
        "http://www.w3.org/2002/06/xmldsig-filter2",
        "http://example.test/own",
    ],
)
async def test_a_digest_of_what_an_unknown_transform_makes_of_a_file_commits_to_nothing(pki, anchors, transform):
    detached = Form((Ref("act.txt", lambda _: b"an act", (transform,)),))
    listed = listing(FILE, transforms=f'<ds:Transforms><ds:Transform Algorithm="{transform}"/></ds:Transforms>')
    for form in (detached, listed):
        for known in (Digest(hashlib.sha256(b"an act").digest()), Original(b"an act")):
            report = await verify_hash_signature(make(form, pki.signer), known, anchors)
            assert (report.valid, report.signatures[0].integrity) == (False, "failed")


@pytest.mark.parametrize("transform", [BASE64, C14N_10])
async def test_a_digest_of_what_a_plain_transform_makes_of_a_file_is_that_of_the_content(pki, anchors, transform):
    signed = make(Form((Ref("act.txt", lambda _: b"an act", (transform,)),)), pki.signer)
    assert (await verify_hash_signature(signed, hashlib.sha256(b"an act").digest(), anchors)).valid


async def test_of_two_detached_files_one_is_not_all_that_was_signed(pki, anchors):
    signed = make(Form((FILE, ANNEX)), pki.signer)
    for content, coverage in ((b"an act", "partial"), (b"an annex", "partial"), (b"a fact", "none")):
        (verdict,) = (await verify_hash_signature(signed, Original(content), anchors)).signatures
        assert (verdict.integrity, verdict.coverage, verdict.valid) == ("passed", coverage, False)
