"""Timestamps that were tampered with, one part at a time: which of them are believed?"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from asn1crypto import cms, core, tsp
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from shared.signatures.certificates import to_asn1
from shared.signatures.evidence import Evidence
from shared.signatures.tokens import TokenVerdict, judge_token
from shared.signatures.trust import TrustAnchors
from tests.pki import EPOCH, FAR, SIGNER_NAME, LocalTimestamper, TestPki, name_of, rsa_key, timestamp_token

PKI = TestPki.make()
DIGEST = hashlib.sha256(b"value").digest()
TOKEN = timestamp_token(PKI.timestamper, DIGEST)
OTHER = timestamp_token(PKI.timestamper, hashlib.sha256(b"other").digest())
Change = Callable[[Any], None]


def judged(token: bytes, known: Evidence | None = None) -> TokenVerdict:
    return judge_token(token, b"value", TrustAnchors.of([PKI.root.certificate]), known or Evidence())


def changed(change: Change) -> bytes:
    token = cms.ContentInfo.load(TOKEN)
    change(token["content"])
    return bytes(token.dump(force=True))


def signer(message: Any) -> Any:
    return message["signer_infos"][0]


def algorithm(name: str) -> Change:
    return lambda message: signer(message).__setitem__("signature_algorithm", {"algorithm": name})


def without(name: str) -> Change:
    def change(message: Any) -> None:
        kept = [one for one in signer(message)["signed_attrs"] if one["type"].native != name]
        signer(message)["signed_attrs"] = cms.CMSAttributes(kept)

    return change


def told(**fields: object) -> Change:
    """Another TSTInfo than the one that was signed."""

    def change(message: Any) -> None:
        info = tsp.TSTInfo.load(bytes(message["encap_content_info"]["content"]))
        for name, value in fields.items():
            info[name] = value
        message["encap_content_info"]["content"] = core.ParsableOctetString(info.dump(force=True))

    return change


def swapped(message: Any) -> None:
    """The content of one timestamp under the signature of another."""
    other = cms.ContentInfo.load(OTHER)["content"]
    message["signer_infos"] = other["signer_infos"]


def named_by_key(message: Any) -> None:
    identifier = to_asn1(PKI.timestamper.certificate).key_identifier
    signer(message)["sid"] = cms.SignerIdentifier({"subject_key_identifier": identifier})


ATTACKS: dict[str, Change] = {
    "an algorithm of other keys": algorithm("sha256_ecdsa"),
    "an algorithm of other curves": algorithm("ed25519"),
    "a weaker algorithm": algorithm("md5_rsa"),
    "another digest": lambda message: signer(message).__setitem__("digest_algorithm", {"algorithm": "sha1"}),
    "no certificates": lambda message: message.__setitem__("certificates", []),
    "no attributes": lambda message: signer(message).__setitem__("signed_attrs", None),
    "no certificate named": without("signing_certificate_v2"),
    "no digest named": without("message_digest"),
    "no content type named": without("content_type"),
    "two signers": lambda message: message.__setitem__("signer_infos", [signer(message), signer(message)]),
    "no signers": lambda message: message.__setitem__("signer_infos", []),
    "other content": lambda message: message["encap_content_info"].__setitem__("content_type", "data"),
    "another time": told(gen_time=PKI.timestamper.certificate.not_valid_before_utc),
    "another serial number": told(serial_number=8),
    "the signature of another timestamp": swapped,
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_timestamp_that_was_tampered_with_proves_nothing(attack):
    verdict = judged(changed(ATTACKS[attack]))
    assert (verdict.status, verdict.at) == ("failed", None)


@pytest.mark.parametrize("harmless", [lambda message: None, named_by_key])
def test_a_timestamp_that_was_only_written_anew_is_believed(harmless):
    assert judged(changed(harmless)).status == "passed"


def test_a_timestamp_over_other_bytes_is_told_apart():
    verdict = judged(OTHER)
    assert verdict.reason is not None
    assert verdict.reason.code == "timestamp_imprint"


def test_a_certificate_of_the_same_name_does_not_stand_in_for_the_authoritys():
    impostor = TestPki.make("impostor")
    twin = impostor.issuing.issue(
        PKI.timestamper.certificate.subject, rsa_key("impostor-tsa").public_key(), timestamping=True
    )
    forged = timestamp_token(LocalTimestamper(rsa_key("impostor-tsa"), twin, PKI.timestamper.chain), DIGEST)
    assert judged(forged).status == "failed"
    assert judged(forged, Evidence((to_asn1(impostor.root.certificate),))).status == "failed"


def test_an_authority_below_a_persons_certificate_is_not_believed():
    person = rsa_key("md-person")
    below = LocalTimestamper(person, PKI.signer.certificate, PKI.signer.chain)
    assert judged(timestamp_token(below, DIGEST)).status == "failed"


@pytest.mark.parametrize(
    "more", [ExtendedKeyUsageOID.EMAIL_PROTECTION, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE, None]
)
def test_only_an_authority_for_timestamps_and_nothing_else_is_believed(more):
    purposes = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING, *([] if more is None else [more])])
    builder = x509.CertificateBuilder().subject_name(name_of(*SIGNER_NAME)).serial_number(7)
    builder = builder.issuer_name(PKI.issuing.certificate.subject).public_key(rsa_key("both").public_key())
    builder = builder.not_valid_before(EPOCH).not_valid_after(FAR).add_extension(purposes, critical=True)
    made = builder.sign(PKI.issuing.key, hashes.SHA256())
    token = timestamp_token(LocalTimestamper(rsa_key("both"), made, PKI.issuing.chain), DIGEST)
    assert judged(token).status == ("passed" if more is None else "failed")


def test_an_authority_of_its_own_is_not_believed():
    lone = TestPki.make("lone")
    assert judged(timestamp_token(lone.timestamper, DIGEST)).status == "failed"
    named_alike = lone.root.issue(
        name_of((NameOID.COMMON_NAME, "mdtrustca")), rsa_key("lone-tsa").public_key(), timestamping=True
    )
    alike = LocalTimestamper(rsa_key("lone-tsa"), named_alike, (lone.root.certificate,))
    assert judged(timestamp_token(alike, DIGEST)).status == "failed"
