from __future__ import annotations

import base64
import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from lxml import etree

from shared.errors import Malformed
from shared.signatures.timestamps import TimestampFailed
from shared.signatures.verify import Digest
from shared.signatures.xades.names import ds, xades
from shared.signatures.xades.sign import sign_hash
from tests.pki import ec_key, now_utc, rsa_key
from tests.unit.signatures.conftest import HASH
from tests.unit.signatures.forms import tree
from tests.verifying import verify_hash_signature


async def test_a_signed_hash_verifies_with_all_four_axes_at_their_best(signed, anchors):
    report = await verify_hash_signature(signed, HASH, anchors)
    one = report.signatures[0]
    assert report.valid
    assert (one.integrity, one.coverage, one.timestamp, one.trust) == ("passed", "whole", "passed", "trusted")
    assert report.reason == ""
    assert one.signed_at is not None


def test_the_enveloping_form_has_the_parts_of_the_profile_in_their_order(signed):
    root = tree(signed)
    assert root.tag == ds("Signature")
    assert [child.tag for child in root] == [
        ds("SignedInfo"), ds("SignatureValue"), ds("KeyInfo"), ds("Object"), ds("Object")
    ]  # fmt: skip
    first, second = root.iter(ds("Reference"))
    assert first.get("Type") == "http://uri.etsi.org/01903#SignedProperties"
    assert second.get("URI").startswith("#FileObject-")
    assert base64.b64decode(root[-1].text) == HASH
    assert root[-1].get("Id") == second.get("URI")[1:]
    assert len(list(root.iter(xades("SigningCertificate")))) == 1
    assert len(list(root.iter(xades("EncapsulatedTimeStamp")))) == 1


def test_the_signing_time_carries_an_offset(signed):
    told = next(tree(signed).iter(xades("SigningTime"))).text
    assert told.endswith("+00:00")


async def test_the_timestamp_is_asked_for_with_a_sha256_of_the_canonical_signature_value(pki):
    authority = pki.timestamper.telling(now_utc())
    signed = await sign_hash(HASH, pki.signer, authority, signed_at=now_utc())
    value = next(tree(signed).iter(ds("SignatureValue")))
    assert authority.seen[-1] == hashlib.sha256(etree.tostring(value, method="c14n")).digest()


@pytest.mark.parametrize("curve", [ec.SECP256R1, ec.SECP384R1])
async def test_an_ecdsa_key_signs_too(pki, anchors, curve):
    key = pki.person(ec_key(curve.name, curve))
    signed = await sign_hash(HASH, key, pki.timestamper, signed_at=now_utc())
    assert (await verify_hash_signature(signed, HASH, anchors)).valid


@pytest.mark.parametrize("bits", [3072, 4096])
async def test_longer_rsa_keys_sign_too(pki, anchors, bits):
    key = pki.person(rsa_key(f"long-{bits}", bits))
    signed = await sign_hash(HASH, key, pki.timestamper, signed_at=now_utc())
    assert (await verify_hash_signature(signed, HASH, anchors)).valid


async def test_a_sha1_hash_of_20_bytes_can_be_signed(pki, anchors):
    short = hashlib.sha1(b"an act").digest()
    signed = await sign_hash(short, pki.signer, pki.timestamper, signed_at=now_utc())
    assert (await verify_hash_signature(signed, short, anchors)).valid


@pytest.mark.parametrize("name", ["sha1", "sha224", "sha256", "sha384", "sha512"])
async def test_a_detached_signature_holds_the_hash_as_its_digest_value(pki, anchors, name):
    value = hashlib.new(name, b"an act").digest()
    signed = await sign_hash(value, pki.signer, pki.timestamper, signed_at=now_utc(), detached_as="file:/act.pdf")
    values = [base64.b64decode(node.text) for node in tree(signed).iter(ds("DigestValue"))]
    assert value in values
    assert (await verify_hash_signature(signed, Digest(value, name), anchors)).valid
    assert (await verify_hash_signature(signed, value, anchors)).valid


async def test_a_detached_hash_of_no_known_length_is_refused(pki):
    with pytest.raises(Malformed, match="19 bytes"):
        await sign_hash(bytes(19), pki.signer, pki.timestamper, signed_at=now_utc(), detached_as="file:/act.pdf")


async def test_an_empty_hash_is_refused(pki):
    with pytest.raises(Malformed, match="no hash"):
        await sign_hash(b"", pki.signer, pki.timestamper, signed_at=now_utc())


async def test_a_signing_time_without_an_offset_is_refused(pki):
    with pytest.raises(Malformed, match="offset"):
        await sign_hash(HASH, pki.signer, pki.timestamper, signed_at=now_utc().replace(tzinfo=None))


async def test_no_signature_comes_out_when_there_is_no_timestamp(pki):
    class Silent:
        async def stamp(self, digest: bytes, algorithm: str = "sha256") -> bytes:
            raise TimestampFailed("the timestamping authority cannot be reached")

    with pytest.raises(TimestampFailed):
        await sign_hash(HASH, pki.signer, Silent(), signed_at=now_utc())
