"""What a CMS message carries for those who verify it: certificates, lists and answers, in all the places there are."""

from __future__ import annotations

from typing import Any

import pytest
from asn1crypto import cms, core, crl, ocsp
from asn1crypto import x509 as asn1_x509

from shared.signatures.embedded import BASIC_RESPONSE, FULL_RESPONSE, attached_evidence, evidence_of, full_response
from shared.signatures.evidence import NOTHING, Evidence
from shared.signatures.responder import answer
from tests.unit.signatures import statuses
from tests.unit.signatures.statuses import ISSUER, LEAF

ANSWER, LIST = statuses.ocsp_answer(), statuses.crl()
BASIC = ocsp.OCSPResponse.load(ANSWER)["response_bytes"]["response"].parsed.dump()
ADOBE, CERTIFICATE_VALUES, REVOCATION_VALUES = (
    "1.2.840.113583.1.1.8",
    "1.2.840.113549.1.9.16.2.23",
    "1.2.840.113549.1.9.16.2.24",
)


def sequence(*members: bytes) -> bytes:
    return bytes(core.Sequence(contents=b"".join(members)).dump())


def tagged(number: int, inner: bytes) -> bytes:
    """`inner` under an explicit tag."""
    return bytes([0xA0 | number]) + bytes(core.Sequence(contents=inner).dump())[1:]


def message(crls: list[Any]) -> cms.SignedData:
    """A message with these lists, as it is when it is read."""
    made = cms.SignedData(
        {
            "version": "v1", "digest_algorithms": [], "encap_content_info": {"content_type": "data"},
            "certificates": [LEAF, ISSUER], "crls": crls, "signer_infos": [],
        }
    )  # fmt: skip
    return cms.SignedData.load(made.dump())


def other(kind: str, data: bytes) -> cms.RevocationInfoChoice:
    held = ocsp.OCSPResponse.load(data) if kind == FULL_RESPONSE else core.Asn1Value.load(data)
    told = {"other_rev_info_format": kind, "other_rev_info": held}
    return cms.RevocationInfoChoice(name="other", value=told)


def signer(where: str, kind: str, *values: bytes) -> cms.SignerInfo:
    """A signer with one attribute, as it is when it is read."""
    attribute = sequence(
        core.ObjectIdentifier(kind).dump(), bytes(core.SetOf(contents=b"".join(values), spec=core.Any).dump())
    )
    tag = {"signed_attrs": 0, "unsigned_attrs": 1}[where]
    parts = {
        "version": core.Integer(1).dump(),
        "sid": cms.IssuerAndSerialNumber({"issuer": LEAF.issuer, "serial_number": LEAF.serial_number}).dump(),
        "digest": cms.DigestAlgorithm({"algorithm": "sha256"}).dump(),
        "signed_attrs": tagged(tag, attribute) if tag == 0 else b"",
        "algorithm": cms.SignedDigestAlgorithm({"algorithm": "sha256_rsa"}).dump(),
        "signature": core.OctetString(b"").dump(),
        "unsigned_attrs": tagged(tag, attribute) if tag == 1 else b"",
    }
    return cms.SignerInfo.load(sequence(*parts.values()))


def test_a_message_without_lists_carries_its_certificates():
    carried = evidence_of(message([]))
    assert [one.dump() for one in carried.certificates] == [LEAF.dump(), ISSUER.dump()]
    assert (carried.ocsp, carried.crls) == ((), ())


def test_a_message_carries_lists_and_both_kinds_of_answers():
    choices = [
        cms.RevocationInfoChoice(name="crl", value=crl.CertificateList.load(LIST)),
        other(FULL_RESPONSE, ANSWER),
        other(BASIC_RESPONSE, BASIC),
        other("1.2.3.4", sequence()),
    ]
    carried = evidence_of(message(choices))
    assert carried.crls == (LIST,)
    assert carried.ocsp[0] == ANSWER
    assert all(answer(one, LEAF, ISSUER).revoked_at is None for one in carried.ocsp)
    assert len(carried.ocsp) == 2


def test_a_basic_answer_becomes_a_whole_one():
    assert answer(full_response(BASIC), LEAF, ISSUER).revoked_at is None


def test_adobes_attribute_is_read():
    value = sequence(tagged(0, sequence(LIST)), tagged(1, sequence(ANSWER)))
    assert attached_evidence(signer("signed_attrs", ADOBE, value)) == Evidence(ocsp=(ANSWER,), crls=(LIST,))


def test_the_values_of_cades_are_read():
    value = sequence(tagged(0, sequence(LIST)), tagged(1, sequence(BASIC)))
    carried = attached_evidence(signer("unsigned_attrs", REVOCATION_VALUES, value))
    assert (carried.crls, len(carried.ocsp)) == ((LIST,), 1)
    assert answer(carried.ocsp[0], LEAF, ISSUER).revoked_at is None
    held = attached_evidence(signer("unsigned_attrs", CERTIFICATE_VALUES, sequence(LEAF.dump(), ISSUER.dump())))
    assert [one.dump() for one in held.certificates] == [LEAF.dump(), ISSUER.dump()]
    assert all(isinstance(one, asn1_x509.Certificate) for one in held.certificates)


@pytest.mark.parametrize("kind", [ADOBE, REVOCATION_VALUES, CERTIFICATE_VALUES, "1.2.3.4"])
@pytest.mark.parametrize("value", [core.Integer(1).dump(), sequence(core.Integer(1).dump()), core.Null().dump()])
def test_what_cannot_be_read_is_left_out(kind, value):
    carried = attached_evidence(signer("unsigned_attrs", kind, value))
    assert (carried.ocsp, carried.crls) == ((), ())


def test_a_signer_without_attributes_carries_nothing():
    bare = signer("unsigned_attrs", "1.2.3.4", core.Null().dump())
    bare["unsigned_attrs"] = None
    assert attached_evidence(bare) == NOTHING
