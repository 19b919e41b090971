"""Whether a signature is over the content that the caller knows (the binding rule)."""

from __future__ import annotations

import base64
import hashlib

import pytest

from shared.signatures.verify import Digest, Original
from shared.signatures.xades.names import C14N_10
from tests.unit.signatures.forms import DS, SHA256, Form, Ref, by_id, c14n, make, tree
from tests.verifying import verify_hash_signature

ACT = b'<?xml version="1.0"?><!-- draft --><act xmlns="urn:act"><title>An act</title><!-- 1 --></act>'
FACT = ACT.replace(b"An act", b"A fact")
FILE = Ref("act.txt", lambda _: b"an act")
ANNEX = Ref("annex.txt", lambda _: b"an annex")


def embedded(xml: bytes) -> Form:
    inner = xml.partition(b"?>")[2].removeprefix(b"<!-- draft -->").decode()
    return Form((Ref("#content", by_id("content")),), f'<ds:Object Id="content">\n{inner}\n</ds:Object>')


def listing(*entries: Ref) -> Form:
    """A signed manifest of files that lie elsewhere."""
    listed = "".join(
        f'<ds:Reference URI="{one.uri}"><ds:DigestMethod Algorithm="{SHA256}"/><ds:DigestValue>'
        f"{base64.b64encode(hashlib.sha256(one.octets(None)).digest()).decode()}</ds:DigestValue></ds:Reference>"
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


async def test_of_two_detached_files_one_is_not_all_that_was_signed(pki, anchors):
    signed = make(Form((FILE, ANNEX)), pki.signer)
    for content, coverage in ((b"an act", "partial"), (b"an annex", "partial"), (b"a fact", "none")):
        (verdict,) = (await verify_hash_signature(signed, Original(content), anchors)).signatures
        assert (verdict.integrity, verdict.coverage, verdict.valid) == ("passed", coverage, False)
