"""Each kind of alteration of a good signature is told, on the axis that it belongs to."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from lxml import etree

from shared.errors import Malformed
from shared.signatures.trust import TrustAnchors
from shared.signatures.verdict import NoSignature, Report, SignatureVerdict
from shared.signatures.verify import Digest, Original
from shared.signatures.xades.names import ds, xades
from shared.signatures.xades.sign import sign_hash
from tests.pki import EPOCH, TestPki, ec_key, now_utc, rsa_key
from tests.unit.signatures.conftest import HASH
from tests.unit.signatures.forms import tree
from tests.verifying import verify_hash_signature

OTHER = hashlib.sha256(b"another act").digest()


def changed(signed: bytes, name: str, change: Callable[[Any], object]) -> bytes:
    root = tree(signed)
    node = next(root.iter(name))
    change(node)
    return bytes(etree.tostring(root))


def _set_text(text: str, node: Any) -> None:
    node.text = text


async def only(signed: bytes, content: bytes | None, anchors: TrustAnchors) -> tuple[Report, SignatureVerdict]:
    report = await verify_hash_signature(signed, content, anchors)
    assert len(report.signatures) == 1
    return report, report.signatures[0]


async def test_a_signature_over_another_hash_does_not_cover_this_one(signed, anchors):
    report, one = await only(signed, OTHER, anchors)
    assert not report.valid
    assert (one.integrity, one.coverage) == ("passed", "none")
    assert "content_mismatch" in report.reason


async def test_the_hash_of_the_hash_is_not_the_hash(signed, anchors):
    report, _ = await only(signed, hashlib.sha256(HASH).digest(), anchors)
    assert not report.valid


async def test_a_swapped_content_object_breaks_the_signature(signed, anchors):
    def swap(node):
        node.getroottree().getroot()[-1].text = base64.b64encode(OTHER).decode()

    for content in (HASH, OTHER, None):
        report, one = await only(changed(signed, ds("Signature"), swap), content, anchors)
        assert not report.valid
        assert (one.integrity, one.coverage) == ("failed", "none")


async def test_an_altered_signing_time_breaks_the_signature(signed, anchors):
    altered = changed(signed, xades("SigningTime"), lambda node: setattr(node, "text", "2001-01-01T00:00:00Z"))
    report, one = await only(altered, HASH, anchors)
    assert not report.valid
    assert one.integrity == "failed"
    assert "digest_mismatch" in one.reason


async def test_an_altered_signature_value_is_told_and_its_timestamp_no_longer_fits(signed, anchors):
    altered = re.sub(rb"(<ds:SignatureValue[^>]*>)(....)", rb"\1AAAA", signed)
    report, one = await only(altered, HASH, anchors)
    assert not report.valid
    assert (one.integrity, one.timestamp) == ("failed", "failed")
    assert "signature_value" in one.reason
    assert "timestamp_imprint" in one.reason


async def test_a_timestamp_copied_from_another_signature_fails(signed, pki, anchors):
    other = await sign_hash(OTHER, pki.signer, pki.timestamper, signed_at=now_utc())
    token = next(tree(other).iter(xades("EncapsulatedTimeStamp"))).text
    report, one = await only(
        changed(signed, xades("EncapsulatedTimeStamp"), lambda node: setattr(node, "text", token)), HASH, anchors
    )
    assert not report.valid
    assert (one.integrity, one.timestamp, one.signed_at) == ("passed", "failed", None)


async def test_a_timestamp_that_cannot_be_read_fails_alone(signed, anchors):
    for garbage in ("AAAA", "not base64 at all!", ""):
        altered = changed(signed, xades("EncapsulatedTimeStamp"), partial(_set_text, garbage))
        report, one = await only(altered, HASH, anchors)
        assert not report.valid
        assert (one.integrity, one.timestamp) == ("passed", "failed")


async def test_a_signature_without_a_timestamp_is_valid_but_has_no_proven_time(signed, anchors):
    removed = changed(signed, xades("UnsignedProperties"), lambda node: node.getparent().remove(node))
    report, one = await only(removed, HASH, anchors)
    assert report.valid
    assert (one.timestamp, one.signed_at) == ("none", None)
    assert one.claimed_at is not None


async def test_a_foreign_timestamping_authority_is_not_believed(pki, anchors):
    foreign = TestPki.make("foreign").timestamper
    signed = await sign_hash(HASH, pki.signer, foreign, signed_at=now_utc())
    report, one = await only(signed, HASH, anchors)
    assert not report.valid
    assert (one.timestamp, one.signed_at) == ("failed", None)
    assert "timestamp_untrusted" in one.reason


async def test_an_ordinary_certificate_cannot_stamp(pki, anchors):
    person = rsa_key("not-a-tsa")
    impostor = replace(pki.timestamper, key=person, certificate=pki.person(person).certificate)
    _, one = await only(await sign_hash(HASH, pki.signer, impostor, signed_at=now_utc()), HASH, anchors)
    assert one.timestamp == "failed"
    assert "timestamp_usage" in one.reason


async def test_a_stranger_with_a_certificate_of_the_same_name_is_not_trusted(anchors):
    stranger = TestPki.make("stranger")
    signed = await sign_hash(HASH, stranger.signer, stranger.timestamper, signed_at=now_utc())
    report, one = await only(signed, HASH, anchors)
    assert not report.valid
    assert (one.integrity, one.coverage, one.trust) == ("passed", "whole", "untrusted")


async def test_another_certificate_in_key_info_breaks_the_signature(signed, pki, anchors):
    other = pki.person(rsa_key("other-person")).certificate.public_bytes(serialization.Encoding.DER)
    text = base64.b64encode(other).decode()
    altered = changed(signed, ds("X509Certificate"), lambda node: setattr(node, "text", text))
    report, one = await only(altered, HASH, anchors)
    assert not report.valid
    assert one.integrity == "failed"


async def test_another_certificate_for_the_same_key_is_not_the_one_that_was_signed_for(signed, pki, anchors):
    twin = pki.person(rsa_key("md-person")).certificate.public_bytes(serialization.Encoding.DER)
    text = base64.b64encode(twin).decode()
    altered = changed(signed, ds("X509Certificate"), lambda node: setattr(node, "text", text))
    report, one = await only(altered, HASH, anchors)
    assert not report.valid
    assert "signing_certificate" in one.reason


async def test_an_expired_certificate_is_fine_when_the_timestamp_lies_before_the_end(pki, anchors):
    short = pki.person(ec_key("short"), not_before=EPOCH, not_after=EPOCH.replace(year=2025))
    early = pki.timestamper.telling(EPOCH.replace(month=6))
    signed = await sign_hash(HASH, short, early, signed_at=EPOCH.replace(month=6))
    report, _ = await only(signed, HASH, anchors)
    assert report.valid


async def test_a_certificate_that_had_expired_at_signing_is_told(pki, anchors):
    short = pki.person(ec_key("short"), not_before=EPOCH, not_after=EPOCH.replace(year=2025))
    signed = await sign_hash(HASH, short, pki.timestamper, signed_at=now_utc())
    report, one = await only(signed, HASH, anchors)
    assert not report.valid
    assert (one.integrity, one.trust) == ("passed", "expired")


async def test_without_anchors_nothing_is_trusted_but_the_rest_is_judged(signed):
    report, one = await only(signed, HASH, TrustAnchors.none())
    assert not report.valid
    assert one.holds
    assert (one.integrity, one.coverage, one.timestamp, one.trust) == ("passed", "whole", "passed", "unknown")


async def test_a_key_of_1024_bits_is_refused_but_its_signature_is_unbroken(pki, anchors):
    weak = pki.person(rsa_key("weak", 1024))
    signed = await sign_hash(HASH, weak, pki.timestamper, signed_at=now_utc())
    report, one = await only(signed, HASH, anchors)
    assert not report.valid
    assert (one.integrity, one.trust) == ("passed", "trusted")
    assert "weak_key" in report.reason


@pytest.mark.parametrize("content", [Digest(HASH, "sha256"), Original(b"an act"), HASH])
async def test_the_content_may_be_given_in_every_way(signed, anchors, content):
    assert (await verify_hash_signature(signed, content, anchors)).valid


@pytest.mark.parametrize("content", [Digest(OTHER, "sha256"), Original(b"another act"), OTHER])
async def test_another_content_is_told_however_it_is_given(signed, anchors, content):
    assert not (await verify_hash_signature(signed, content, anchors)).valid


@pytest.mark.parametrize("data", [b"", b"hello", b"<a>", b"\x00\xff" * 40, b"<a/>trailing", b"%PDF-1.7"])
async def test_what_is_no_xml_is_malformed(data, anchors):
    with pytest.raises(Malformed):
        await verify_hash_signature(data, HASH, anchors)


async def test_xml_without_a_signature_has_none(anchors):
    with pytest.raises(NoSignature):
        await verify_hash_signature(b"<act><signature/></act>", HASH, anchors)
