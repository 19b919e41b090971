"""Which chains are found among many certificates, and which are valid?"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from shared.signatures.certificates import name_key, to_asn1
from shared.signatures.evidence import Evidence
from shared.signatures.paths import MAX_STEPS, Issuers
from shared.signatures.responder import issued_by
from shared.signatures.trust import PathVerdict, TrustAnchors, judge_path
from tests.pki import EPOCH, FAR, SIGNER_NAME, Authority, TestPki, certificate, ec_key, name_of, now_utc, rsa_key


def judged(leaf: x509.Certificate, pool: Iterable[x509.Certificate], anchors: Iterable[x509.Certificate],
           at: datetime | None = None) -> PathVerdict:  # fmt: skip
    known = Evidence(tuple(to_asn1(one) for one in pool))
    return judge_path(to_asn1(leaf), known, TrustAnchors.of(anchors), at=at or now_utc())


def code(verdict: PathVerdict) -> str:
    return "" if verdict.reason is None else verdict.reason.code


def authority(
    name: str, key: rsa.RSAPrivateKey, by: Authority | None = None, *extensions: x509.ExtensionType,
    begins: datetime = EPOCH, ends: datetime = FAR, path_length: int | None = None,
) -> Authority:  # fmt: skip
    """A CA under `by`, or a root; its extensions are critical."""
    subject = name_of((NameOID.COMMON_NAME, name))
    usage = x509.KeyUsage(
        digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    builder = x509.CertificateBuilder().subject_name(subject).public_key(key.public_key())
    builder = builder.issuer_name(by.certificate.subject if by else subject).serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(begins).not_valid_after(ends)
    for extension in (x509.BasicConstraints(ca=True, path_length=path_length), usage, *extensions):
        builder = builder.add_extension(extension, critical=True)
    made = builder.sign(by.key if by else key, hashes.SHA256())
    return Authority(key, made, by.chain if by else ())


def person(by: Authority, name: x509.Name | None = None, **given) -> x509.Certificate:
    return by.issue(name or name_of(*SIGNER_NAME), ec_key("person").public_key(), **given)


OLD = authority("Old root", rsa_key("old root"))
NEW = authority("New root", rsa_key("new root"))
ISSUING = authority("Issuing", rsa_key("issuing"), OLD)
CROSS = authority("Issuing", rsa_key("issuing"), NEW)
"""The same authority, certified by another root."""


def test_a_cross_certified_authority_leads_to_either_root():
    leaf = person(ISSUING)
    pool = (ISSUING.certificate, CROSS.certificate)
    for root in (OLD, NEW):
        assert judged(leaf, pool, [root.certificate]).trust == "trusted"
        assert judged(leaf, reversed(pool), [root.certificate]).trust == "trusted"


def test_where_one_path_has_expired_another_one_counts():
    lapsed = authority("Issuing", rsa_key("issuing"), OLD, ends=EPOCH.replace(month=6))
    leaf = person(ISSUING)
    anchors = [OLD.certificate, NEW.certificate]
    assert judged(leaf, [lapsed.certificate], anchors).trust == "expired"
    assert judged(leaf, [lapsed.certificate, CROSS.certificate], anchors).trust == "trusted"
    assert judged(leaf, [CROSS.certificate, lapsed.certificate], anchors).trust == "trusted"


def test_an_authority_renewed_with_another_key_is_told_from_the_former_one():
    renewed = authority("Issuing", rsa_key("issuing, renewed"), OLD)
    leaf = person(renewed)
    assert judged(leaf, [ISSUING.certificate, renewed.certificate], [OLD.certificate]).trust == "trusted"
    assert code(judged(leaf, [ISSUING.certificate], [OLD.certificate])) == "no_path"


def test_a_chain_may_come_in_any_order_with_strangers_among_it():
    inner = authority("Inner", rsa_key("inner"), ISSUING)
    leaf = person(inner)
    pool = (TestPki.make("other").root.certificate, leaf, OLD.certificate, inner.certificate, ISSUING.certificate)
    assert judged(leaf, pool, [OLD.certificate]).trust == "trusted"


def test_an_anchor_may_be_an_intermediate_authority():
    assert judged(person(ISSUING), [], [ISSUING.certificate]).trust == "trusted"


def test_authorities_that_certify_each_other_lead_nowhere_and_end():
    one = authority("One", rsa_key("one"), OLD)
    two = authority("Two", rsa_key("two"), one)
    back = authority("One", rsa_key("one"), two)
    leaf = person(two)
    assert code(judged(leaf, [two.certificate, back.certificate], [NEW.certificate])) == "no_path"
    assert judged(leaf, [back.certificate, two.certificate, one.certificate], [OLD.certificate]).trust == "trusted"


def test_the_search_among_countless_certificates_of_one_name_is_cut_off(monkeypatch):
    checked = 0
    key = rsa_key("many")

    def count(*_: object) -> bool:
        nonlocal checked
        checked += 1
        return True

    monkeypatch.setattr("shared.signatures.paths.issued_by", count)
    monkeypatch.setattr("shared.signatures.paths._same_owner", lambda *_: False)
    name = name_of((NameOID.COMMON_NAME, "Many"))
    many = [
        to_asn1(certificate(name, key.public_key(), name_of((NameOID.COMMON_NAME, f"By {number % 2}")), key,
                            not_before=EPOCH, not_after=FAR, ca=True))
        for number in range(20)
    ]  # fmt: skip
    issuers = Issuers([to_asn1(NEW.certificate)], many)
    issuers._by_subject = {name_key(one.issuer): many for one in many}
    assert list(issuers.chains(many[0])) == []
    assert checked <= MAX_STEPS


def test_a_path_may_not_be_longer_than_an_authority_allows():
    short = authority("Short", rsa_key("short"), OLD, path_length=0)
    inner = authority("Inner", rsa_key("inner"), short)
    pool = (short.certificate, inner.certificate)
    assert judged(person(short), pool, [OLD.certificate]).trust == "trusted"
    assert code(judged(person(inner), pool, [OLD.certificate])) == "path_invalid"


def test_an_anchor_restricts_the_length_of_paths_too():
    root = authority("Short root", rsa_key("short root"), path_length=0)
    inner = authority("Inner", rsa_key("inner"), root)
    assert judged(person(root), [], [root.certificate]).trust == "trusted"
    assert code(judged(person(inner), [inner.certificate], [root.certificate])) == "path_invalid"


@pytest.mark.parametrize("where", ["anchor", "intermediate"])
def test_names_outside_of_an_authoritys_constraints_are_not_trusted(where):
    constraint = x509.NameConstraints(
        permitted_subtrees=[x509.DirectoryName(name_of((NameOID.COUNTRY_NAME, "MD")))], excluded_subtrees=None
    )
    top = authority("Constrained", rsa_key("constrained"), None if where == "anchor" else OLD, constraint)
    anchors = [top.certificate] if where == "anchor" else [OLD.certificate]
    inside = person(top, name_of((NameOID.COUNTRY_NAME, "MD"), (NameOID.COMMON_NAME, "Ana Exemplu")))
    outside = person(top, name_of((NameOID.COUNTRY_NAME, "RO"), (NameOID.COMMON_NAME, "Ana Exemplu")))
    assert judged(inside, [top.certificate], anchors).trust == "trusted"
    assert code(judged(outside, [top.certificate], anchors)) == "path_invalid"


def test_a_critical_extension_that_is_not_understood_is_refused():
    odd = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4.5"), b"\x05\x00")
    inner = authority("Odd", rsa_key("odd"), OLD, odd)
    assert code(judged(person(inner), [inner.certificate], [OLD.certificate])) == "path_invalid"


def test_an_anchor_that_is_somebodys_own_certificate_vouches_for_itself_only(pki):
    fake_ca = Authority(rsa_key("md-person"), pki.signer.certificate, ())
    victim = person(fake_ca)
    assert judged(pki.signer.certificate, [], [pki.signer.certificate]).trust == "trusted"
    assert code(judged(victim, [], [pki.signer.certificate])) == "wrong_usage"


def test_an_anchors_own_dates_count_where_it_signs_itself(pki):
    short = pki.person(ec_key("short"), not_before=EPOCH.replace(month=2), not_after=EPOCH.replace(year=2025))
    anchors = [short.certificate]
    assert judged(short.certificate, [], anchors).trust == "expired"
    assert code(judged(short.certificate, [], anchors, EPOCH.replace(day=2))) == "not_yet_valid"


def test_a_forged_signature_of_an_authority_leads_nowhere():
    impostor = Authority(rsa_key("impostor"), ISSUING.certificate, ISSUING.above)
    assert code(judged(person(impostor), [ISSUING.certificate], [OLD.certificate])) == "no_path"


@pytest.mark.parametrize(
    ("purposes", "trust"),
    [
        ([ExtendedKeyUsageOID.SERVER_AUTH], "untrusted"),
        ([ExtendedKeyUsageOID.TIME_STAMPING], "untrusted"),
        ([ExtendedKeyUsageOID.OCSP_SIGNING, ExtendedKeyUsageOID.SERVER_AUTH], "untrusted"),
        ([ExtendedKeyUsageOID.EMAIL_PROTECTION, ExtendedKeyUsageOID.SERVER_AUTH], "trusted"),
        ([ExtendedKeyUsageOID.CLIENT_AUTH], "trusted"),
        ([ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE], "trusted"),
        ([x509.ObjectIdentifier("1.3.6.1.4.1.311.10.3.12")], "trusted"),
    ],
)
def test_a_certificate_for_machines_only_is_not_meant_for_signing(purposes, trust):
    builder = x509.CertificateBuilder().subject_name(name_of(*SIGNER_NAME)).issuer_name(ISSUING.certificate.subject)
    builder = builder.public_key(ec_key("person").public_key()).serial_number(5)
    builder = builder.not_valid_before(EPOCH).not_valid_after(FAR)
    leaf = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=False).sign(ISSUING.key, hashes.SHA256())
    assert judged(leaf, [], [ISSUING.certificate]).trust == trust


def test_certificates_signed_with_rsa_pss_lead_to_their_anchor():
    scheme = padding.PSS(padding.MGF1(hashes.SHA384()), padding.PSS.DIGEST_LENGTH)
    builder = x509.CertificateBuilder().subject_name(name_of(*SIGNER_NAME)).issuer_name(ISSUING.certificate.subject)
    builder = builder.public_key(ec_key("person").public_key()).serial_number(6)
    builder = builder.not_valid_before(EPOCH).not_valid_after(FAR)
    leaf = builder.sign(ISSUING.key, hashes.SHA384(), rsa_padding=scheme)
    assert judged(leaf, [ISSUING.certificate], [OLD.certificate]).trust == "trusted"


@pytest.mark.parametrize("digest", [hashes.SHA3_256(), hashes.SHA3_512(), hashes.SHA512()])
@pytest.mark.parametrize("key", [ISSUING.key, ec_key("issuing")])
def test_certificates_signed_over_sha3_lead_to_their_anchor(key, digest):
    subject = ISSUING.certificate.subject
    top = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    top = top.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    leaf = x509.CertificateBuilder().subject_name(name_of(*SIGNER_NAME)).issuer_name(subject)
    leaf = leaf.public_key(ec_key("person").public_key())
    anchor, signer = (
        one.serial_number(7).not_valid_before(EPOCH).not_valid_after(FAR).sign(key, digest) for one in (top, leaf)
    )
    assert judged(signer, [], [anchor]).trust == "trusted"
    other = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(rsa_key("x").public_key())
    other = other.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    impostor = other.serial_number(7).not_valid_before(EPOCH).not_valid_after(FAR).sign(rsa_key("x"), digest)
    assert code(judged(signer, [], [impostor])) == "no_path"


def test_a_path_that_held_once_does_not_outlive_its_certificates():
    begins, ends = EPOCH.replace(month=3), EPOCH.replace(month=9)
    issuing = authority("Brief", rsa_key("brief"), OLD, begins=begins)
    leaf = person(issuing, not_before=EPOCH, not_after=ends)
    inside = {
        at: judged(leaf, issuing.chain, [OLD.certificate], at).trust for at in (begins, EPOCH.replace(month=5), ends)
    }
    assert set(inside.values()) == {"trusted"}
    assert judged(leaf, issuing.chain, [OLD.certificate], ends.replace(day=2)).trust == "expired"
    assert code(judged(leaf, issuing.chain, [OLD.certificate], EPOCH.replace(month=2))) == "not_yet_valid"
    assert judged(leaf, issuing.chain, [OLD.certificate], EPOCH.replace(month=6)).trust == "trusted"


def test_a_path_that_failed_at_one_time_may_hold_at_another():
    leaf = person(ISSUING, not_after=EPOCH.replace(month=9))
    pool, anchors = [ISSUING.certificate], [OLD.certificate]
    assert judged(leaf, pool, anchors, EPOCH.replace(month=10)).trust == "expired"
    assert judged(leaf, pool, anchors, EPOCH.replace(month=8)).trust == "trusted"


def test_nothing_is_remembered_of_a_signature_for_another_certificate():
    """The memory goes by the whole encodings of both, so that whoever forges one has no part in the other's fame."""
    leaf, forged = person(ISSUING), person(authority("Issuing", rsa_key("impostor"), OLD))
    for _ in range(2):
        assert judged(leaf, [ISSUING.certificate], [OLD.certificate]).trust == "trusted"
        assert code(judged(forged, [ISSUING.certificate], [OLD.certificate])) == "no_path"


def test_a_check_that_had_too_little_memory_is_not_remembered(monkeypatch):
    leaf, issuer = to_asn1(person(ISSUING)), to_asn1(ISSUING.certificate)

    def fail(*_: object) -> None:
        raise MemoryError

    with monkeypatch.context() as patched:
        patched.setattr("shared.signatures.responder._is_quickly_issued", lambda *_: False)
        patched.setattr("shared.signatures.responder.ASN_VALIDATOR.validate_signature", fail)
        assert not issued_by(leaf, issuer)
    assert issued_by(leaf, issuer)
