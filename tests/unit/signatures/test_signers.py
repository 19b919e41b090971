"""What is said at once of CMS signatures in PDF files is what pyHanko finds out about them, and never more."""

from __future__ import annotations

import io
import random
from collections.abc import Callable
from typing import Any

import pytest
from asn1crypto import cms, tsp
from asn1crypto import x509 as asn1_x509
from pyhanko.pdf_utils.reader import PdfFileReader

from shared.signatures import cms as checking
from shared.signatures.certificates import to_asn1
from shared.signatures.cms import check_signer
from shared.signatures.pades.sign import sign_pdf
from shared.signatures.pades.verify import judge_pdf
from shared.signatures.trust import TrustAnchors
from tests.pki import now_utc
from tests.unit.signatures.test_mutations import damaged
from tests.unit.signatures.test_pades_fixtures import EXPECTED, PLACE, read

ROUNDS = 150
PROVEN = {"dss_certified_then_filled", "dss_lta_with_form", "hand_broken_lines_then_pyhanko", "signpdf_node"}
"""Some files whose signatures are ordinary."""


def refuse(_: object) -> Any:
    raise ValueError("nothing is ordinary")


def outcome(message: bytes, digest_by: Callable[[str], bytes], *, bound: bool) -> object:
    try:
        loaded = cms.ContentInfo.load(message)
        if loaded["content_type"].native != "signed_data":
            return None
        found = check_signer(loaded["content"], "data", digest_by, binding_required=bound)
    except Exception as error:  # as whoever asks does
        return type(error)
    leaf = None if found.certificate is None else found.certificate.dump()
    return leaf, [one.dump() for one in found.others], found.digests, found.reasons


def messages(pdf: bytes) -> list[tuple[bytes, str, bytes]]:
    """The CMS messages of a file with the digests that they are over."""
    signatures = PdfFileReader(io.BytesIO(pdf)).embedded_regular_signatures
    found = []
    for one in signatures:
        info = one.signer_info
        held = {each["type"].native: each["values"][0].native for each in info["signed_attrs"]}
        name = info["digest_algorithm"]["algorithm"].native
        found.append((bytes(one.pkcs7_content), name, held["message_digest"]))
    return found


@pytest.mark.parametrize("name", EXPECTED)
def test_files_of_other_tools_are_judged_alike(name, monkeypatch):
    trusted = TrustAnchors.from_directory(PLACE / "trust")
    report = judge_pdf(read(name), trusted)
    monkeypatch.setattr(checking, "read_signer", refuse)
    assert report == judge_pdf(read(name), trusted)


@pytest.mark.parametrize("name", sorted(PROVEN))
def test_signatures_of_other_tools_are_ordinary(name, monkeypatch):
    asked = []

    def ask(*arguments: object) -> tuple[bool, bool]:
        asked.append(arguments)
        return False, False

    monkeypatch.setattr(checking, "validate_sig_integrity", ask)
    report = judge_pdf(read(name), TrustAnchors.none())
    assert {one.integrity for one in report.signatures} == {"passed"}
    assert not asked


@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
@pytest.mark.parametrize("bound", [True, False])
async def test_damaged_messages_are_judged_alike(pdf, pki, bound, monkeypatch):
    signed = await sign_pdf(pdf, pki.signer, pki.timestamper, reason=None, signed_at=now_utc())
    ((message, _, digest),) = messages(signed)
    chance = random.Random(bound)
    for number in range(ROUNDS):
        broken = damaged(message, chance) if number else message
        told = [outcome(broken, given, bound=bound) for given in (lambda _: digest, lambda _: bytes(32))]
        with monkeypatch.context() as patched:
            patched.setattr(checking, "read_signer", refuse)
            alone = [outcome(broken, given, bound=bound) for given in (lambda _: digest, lambda _: bytes(32))]
        assert told == alone, broken.hex()
        assert number or (told[0][3] == () and told[1][3] != ())  # type: ignore[index]


@pytest.mark.parametrize("left_out", ["content_type", "message_digest", "signing_certificate_v2", ""])
@pytest.mark.parametrize("bound", [True, False])
async def test_each_attribute_is_asked_for(pki, left_out, bound):
    leaf, digest = to_asn1(pki.signer.certificate), bytes(range(32))
    naming = tsp.SigningCertificateV2({"certs": [{"cert_hash": leaf.sha256}]})
    told = {"content_type": "data", "message_digest": digest, "signing_certificate_v2": naming}
    attributes = cms.CMSAttributes([{"type": kind, "values": [one]} for kind, one in told.items() if kind != left_out])
    signer = {
        "version": "v1",
        "sid": {"issuer_and_serial_number": {"issuer": leaf.issuer, "serial_number": leaf.serial_number}},
        "digest_algorithm": {"algorithm": "sha256"},
        "signature_algorithm": {"algorithm": "sha256_rsa"},
        "signed_attrs": attributes,
        "signature": await pki.signer.sign(attributes.dump()),
    }
    message = {
        "version": "v1",
        "digest_algorithms": [{"algorithm": "sha256"}],
        "encap_content_info": {"content_type": "data"},
        "certificates": [asn1_x509.Certificate.load(leaf.dump())],
        "signer_infos": [cms.SignerInfo(signer)],
    }
    signed = cms.SignedData.load(cms.SignedData(message).dump())
    found = check_signer(signed, "data", lambda _: digest, binding_required=bound)
    fine = not left_out or (left_out == "signing_certificate_v2" and not bound)
    assert bool(found.reasons) is not fine
    proven = checking._is_proven(signed["signer_infos"][0], leaf, "data", lambda _: digest, bound=bound)
    assert proven is fine
