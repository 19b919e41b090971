from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from shared.errors import Malformed
from shared.signatures.certificates import to_asn1
from shared.signatures.evidence import Evidence
from shared.signatures.trust import TrustAnchors, judge_path
from shared.signatures.verdict import Trust
from tests.pki import EPOCH, Authority, TestPki, ec_key, name_of, now_utc, rsa_key


def test_a_directory_of_pem_and_der_files_gives_anchors(pki, tmp_path):
    (tmp_path / "root.pem").write_bytes(pki.root.certificate.public_bytes(Encoding.PEM))
    (tmp_path / "issuing.der").write_bytes(pki.issuing.certificate.public_bytes(Encoding.DER))
    (tmp_path / "readme.txt").write_text("not a certificate")
    assert len(TrustAnchors.from_directory(tmp_path).certificates) == 2


def test_a_pem_file_may_hold_several_certificates(pki, tmp_path):
    both = (pki.root.certificate, pki.issuing.certificate)
    (tmp_path / "ca.pem").write_bytes(b"".join(one.public_bytes(Encoding.PEM) for one in both))
    assert len(TrustAnchors.from_directory(tmp_path).certificates) == 2


def test_a_directory_without_certificates_is_refused(tmp_path):
    with pytest.raises(Malformed, match="no certificate"):
        TrustAnchors.from_directory(tmp_path)
    with pytest.raises(Malformed, match="no directory"):
        TrustAnchors.from_directory(tmp_path / "missing")


def test_an_unreadable_certificate_is_named(tmp_path):
    (tmp_path / "bad.pem").write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    with pytest.raises(Malformed, match=r"bad\.pem"):
        TrustAnchors.from_directory(tmp_path)


def judged(leaf: x509.Certificate, pool: Iterable[x509.Certificate], anchors: TrustAnchors, **given: Any) -> Trust:
    known = Evidence(tuple(to_asn1(one) for one in pool))
    return judge_path(to_asn1(leaf), known, anchors, **({"at": now_utc()} | given)).trust


def test_a_path_over_the_issuing_ca_is_found(pki):
    anchors = TrustAnchors.of([pki.root.certificate])
    assert judged(pki.signer.certificate, [pki.issuing.certificate], anchors) == "trusted"
    assert judged(pki.signer.certificate, [], anchors) == "untrusted"


def test_no_anchors_mean_unknown(pki):
    assert judged(pki.signer.certificate, pki.signer.chain, TrustAnchors.none()) == "unknown"


def test_a_foreign_root_among_the_sent_certificates_is_no_anchor(pki):
    other = TestPki.make("other")
    assert judged(other.signer.certificate, other.signer.chain, TrustAnchors.of([pki.root.certificate])) == "untrusted"


def test_validity_counts_at_the_given_time(pki):
    anchors = TrustAnchors.of([pki.root.certificate])
    short = pki.person(ec_key("short"), not_before=EPOCH.replace(month=2), not_after=EPOCH.replace(year=2025))
    assert judged(short.certificate, short.chain, anchors) == "expired"
    assert judged(short.certificate, short.chain, anchors, at=EPOCH.replace(month=6)) == "trusted"
    assert judged(short.certificate, short.chain, anchors, at=EPOCH.replace(day=2)) == "untrusted"


def test_a_signer_cannot_issue_certificates(pki):
    fake_ca = Authority(rsa_key("md-person"), pki.signer.certificate, pki.signer.chain)
    victim = fake_ca.issue(name_of((NameOID.COMMON_NAME, "Victim")), rsa_key("victim").public_key())
    assert judged(victim, fake_ca.chain, TrustAnchors.of([pki.root.certificate])) == "untrusted"


def test_a_ca_certificate_is_not_meant_for_signing(pki):
    assert judged(pki.issuing.certificate, [], TrustAnchors.of([pki.root.certificate])) == "untrusted"


def test_a_persons_certificate_is_not_meant_for_timestamps(pki):
    anchors = TrustAnchors.of([pki.root.certificate])
    assert judged(pki.signer.certificate, pki.signer.chain, anchors, purpose="time_stamping") == "untrusted"
    assert judged(pki.timestamper.certificate, pki.signer.chain, anchors, purpose="time_stamping") == "trusted"
