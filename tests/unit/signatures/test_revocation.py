"""Which words about a certificate's status count, which prove nothing, and what the status is at a given time."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from asn1crypto import core
from asn1crypto import crl as asn1_crl
from asn1crypto import ocsp as asn1_ocsp
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from shared.signatures.certificates import to_asn1
from shared.signatures.crls import listed
from shared.signatures.embedded import full_response
from shared.signatures.evidence import NOTHING, Evidence
from shared.signatures.fetching import NoNetwork
from shared.signatures.responder import answer
from shared.signatures.revocation import MAX_WORDS, Freshness, revocation_status, status_from, voids_timestamps
from shared.signatures.sources import Source
from shared.signatures.status import RevocationStatus, StatusUnknown
from tests.pki import SIGNER_NAME, ec_key, name_of, rsa_key
from tests.unit.signatures.statuses import (
    DELEGATE_KEY,
    HOUR,
    ISSUER,
    ISSUER_KEY,
    LEAF,
    LEAF_X509,
    NOW,
    STRANGER_KEY,
    access,
    certificate,
    crl,
    delegate,
    ocsp_answer,
    places,
    pointer,
    scope,
)

DAY = timedelta(days=1)
KEYS_ONLY = x509.KeyUsage(
    digital_signature=False, content_commitment=False, key_encipherment=True, data_encipherment=False,
    key_agreement=False, key_cert_sign=False, crl_sign=False, encipher_only=False, decipher_only=False,
)  # fmt: skip


@pytest.mark.parametrize(
    "extension",
    [None, scope(), scope(only_contains_user_certs=True), scope(full_name=None, only_contains_user_certs=True)],
)
def test_a_certificate_is_revoked_when_the_list_has_it(extension: x509.ExtensionType | None):
    assert listed(crl(6, 7, extension=extension), LEAF, ISSUER).revoked_at == NOW
    assert listed(crl(6, 8, extension=extension), LEAF, ISSUER).revoked_at is None


@pytest.mark.parametrize(
    "extension",
    [
        scope(full_name=places("http://127.0.0.1:1/other.crl")),
        scope(only_contains_ca_certs=True),
        scope(only_contains_attribute_certs=True),
        scope(indirect_crl=True),
        scope(only_some_reasons=frozenset({x509.ReasonFlags.key_compromise})),
        x509.DeltaCRLIndicator(1),
    ],
)
def test_a_list_that_is_not_about_all_of_the_issuers_signers_proves_nothing(extension: x509.ExtensionType):
    with pytest.raises(StatusUnknown):
        listed(crl(extension=extension), LEAF, ISSUER)


def test_a_list_of_changes_only_proves_nothing_even_where_it_hardly_says_so():
    told = x509.CertificateRevocationListBuilder().issuer_name(LEAF_X509.issuer).last_update(NOW).next_update(NOW + DAY)
    told = told.add_extension(x509.DeltaCRLIndicator(1), critical=False)
    with pytest.raises(StatusUnknown, match="limited"):
        listed(told.sign(ISSUER_KEY, hashes.SHA256()).public_bytes(Encoding.DER), LEAF, ISSUER)


def signed_with_md5(told: core.Sequence, name: str) -> core.Sequence:
    if name == "tbs_cert_list":
        told[name]["signature"] = {"algorithm": "md5_rsa"}
    told["signature_algorithm"] = {"algorithm": "md5_rsa"}
    told["signature"] = ISSUER_KEY.sign(told[name].dump(force=True), padding.PKCS1v15(), hashes.MD5())
    return told


def test_words_signed_over_a_broken_digest_prove_nothing():
    told = asn1_crl.CertificateList.load(crl())
    with pytest.raises(StatusUnknown, match="not signed"):
        listed(signed_with_md5(told, "tbs_cert_list").dump(force=True), LEAF, ISSUER)
    basic = asn1_ocsp.OCSPResponse.load(ocsp_answer()).basic_ocsp_response
    with pytest.raises(StatusUnknown, match="not signed"):
        answer(full_response(signed_with_md5(basic, "tbs_response_data").dump(force=True)), LEAF, ISSUER)


def test_an_answer_with_a_critical_extension_that_nobody_knows_proves_nothing():
    basic = asn1_ocsp.OCSPResponse.load(ocsp_answer()).basic_ocsp_response
    data = basic["tbs_response_data"]
    data["response_extensions"] = [{"extn_id": "1.2.3.4.5", "critical": True, "extn_value": b"\x05\x00"}]
    basic["signature"] = ISSUER_KEY.sign(data.dump(force=True), padding.PKCS1v15(), hashes.SHA256())
    with pytest.raises(StatusUnknown, match="not understood"):
        answer(full_response(basic.dump(force=True)), LEAF, ISSUER)


@pytest.mark.parametrize(
    "data", [b"", b"<html>", crl(key=STRANGER_KEY), crl(by=name_of(*SIGNER_NAME)), crl()[:-1], crl() + b"0"]
)
def test_a_list_that_is_broken_or_foreign_proves_nothing(data: bytes):
    with pytest.raises(StatusUnknown):
        listed(data, LEAF, ISSUER)


def test_an_issuer_who_may_not_sign_lists_proves_nothing_by_one():
    usage = x509.KeyUsage(
        digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=True, crl_sign=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    with pytest.raises(StatusUnknown, match="may not sign"):
        listed(crl(), LEAF, to_asn1(certificate(x509.Name(list(LEAF_X509.issuer)), usage)))


@pytest.mark.parametrize("digest", [hashes.SHA1(), hashes.SHA256(), hashes.SHA512()])
def test_the_issuers_answer_counts_whichever_digest_names_the_certificate(digest: hashes.HashAlgorithm):
    assert answer(ocsp_answer(NOW, digest=digest), LEAF, ISSUER).revoked_at == NOW
    assert answer(ocsp_answer(digest=digest), LEAF, ISSUER).revoked_at is None


def test_a_delegates_answer_counts():
    assert answer(ocsp_answer(signer=delegate(), key=DELEGATE_KEY), LEAF, ISSUER).next_update == NOW + HOUR


def test_a_delegate_may_be_told_from_elsewhere():
    told = ocsp_answer(signer=delegate(), key=DELEGATE_KEY, without_signer=True)
    with pytest.raises(StatusUnknown, match="not signed by the issuer"):
        answer(told, LEAF, ISSUER)
    assert answer(told, LEAF, ISSUER, others=[to_asn1(delegate())]).revoked_at is None
    assert status(Evidence((to_asn1(delegate()),), (told,))).status == "good"


@pytest.mark.parametrize(
    ("signer", "key"),
    [
        (delegate(ExtendedKeyUsageOID.CODE_SIGNING), DELEGATE_KEY),
        (delegate(by=STRANGER_KEY), DELEGATE_KEY),
        (delegate(issuer=name_of(*SIGNER_NAME)), DELEGATE_KEY),
        (delegate(ends=NOW - DAY), DELEGATE_KEY),
        (delegate(usage=KEYS_ONLY), DELEGATE_KEY),
        (LEAF_X509, ec_key("leaf of lists")),
    ],
    ids=["for another purpose", "not issued by it", "by another name", "expired", "for keys only", "the signer itself"],
)
def test_an_answer_of_anybody_else_proves_nothing(signer, key):
    with pytest.raises(StatusUnknown, match="not signed by the issuer"):
        answer(ocsp_answer(signer=signer, key=key), LEAF, ISSUER)


def test_an_altered_answer_proves_nothing():
    told = bytearray(ocsp_answer())
    told[-1] ^= 1
    with pytest.raises(StatusUnknown, match="not signed by the issuer"):
        answer(bytes(told), LEAF, ISSUER)


def test_an_answer_about_another_certificate_proves_nothing():
    other = certificate(name_of(*SIGNER_NAME), serial=9)
    with pytest.raises(StatusUnknown, match="another certificate"):
        answer(ocsp_answer(about=other), LEAF, ISSUER)
    same_serial_elsewhere = certificate(name_of(*SIGNER_NAME), key=STRANGER_KEY)
    with pytest.raises(StatusUnknown, match="another certificate"):
        answer(ocsp_answer(issuer=same_serial_elsewhere), LEAF, ISSUER)


def test_an_answer_to_another_question_proves_nothing():
    told = ocsp_answer(nonce=b"n" * 16)
    assert answer(told, LEAF, ISSUER, b"n" * 16)
    assert answer(ocsp_answer(), LEAF, ISSUER, b"n" * 16)
    with pytest.raises(StatusUnknown, match="another question"):
        answer(told, LEAF, ISSUER, b"m" * 16)


@pytest.mark.parametrize("data", [b"", b"garbage", b"\x30\x80" * 40, ocsp_answer()[:-1], bytes(100_000)])
def test_garbage_proves_nothing(data: bytes):
    with pytest.raises(StatusUnknown):
        answer(data, LEAF, ISSUER)


def test_a_responder_that_refuses_or_does_not_know_says_nothing():
    refusal = ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus.TRY_LATER)
    with pytest.raises(StatusUnknown, match="try_later"):
        answer(refusal.public_bytes(Encoding.DER), LEAF, ISSUER)
    with pytest.raises(StatusUnknown, match="does not know"):
        answer(ocsp_answer(unknown=True), LEAF, ISSUER)


def status(*known: Evidence, at: datetime = NOW, now: datetime = NOW + 100 * DAY, **given) -> RevocationStatus:
    together = NOTHING
    for one in known:
        together |= one
    return status_from(together, given.pop("leaf", LEAF), ISSUER, at, now=now, **given)


def lists(*data: bytes) -> Evidence:
    return Evidence(crls=data)


def answers(*data: bytes) -> Evidence:
    return Evidence(ocsp=data)


def test_without_any_word_the_status_is_unknown():
    assert status().status == "unknown"


@pytest.mark.parametrize("known", [lists(crl()), answers(ocsp_answer())])
def test_a_current_word_is_good(known):
    assert status(known).status == "good"
    assert status(known, at=NOW - DAY).status == "good"
    assert status(known, at=NOW + HOUR).status == "good"
    stale = status(known, at=NOW + 2 * HOUR)
    assert (stale.status, stale.why) == ("unknown", "what tells its status is not current")


@pytest.mark.parametrize("known", [lists(crl(7)), answers(ocsp_answer(NOW))])
def test_a_revocation_counts_from_its_date_on_and_never_ends(known):
    assert status(known).status == "revoked"
    assert status(known, at=NOW + 50 * DAY).status == "revoked"
    before = status(known, at=NOW - HOUR)
    assert (before.status, before.at) == ("good", NOW)


def test_a_revocation_outweighs_every_good_word():
    known = (lists(crl()), answers(ocsp_answer(NOW - HOUR), ocsp_answer()))
    assert status(*known).status == "revoked"
    assert status(*reversed(known)).status == "revoked"


def test_a_word_from_the_future_is_no_word():
    assert status(lists(crl()), now=NOW - HOUR).status == "unknown"
    assert status(lists(crl(7)), now=NOW - HOUR).status == "unknown"


def test_a_hold_ends_with_a_later_word():
    held = crl(7, reason=x509.ReasonFlags.certificate_hold)
    assert status(lists(held)).status == "revoked"
    assert status(lists(held, crl(made=NOW + HOUR)), at=NOW + HOUR).status == "good"
    assert status(lists(crl(7), crl(made=NOW + HOUR)), at=NOW + HOUR).status == "revoked"


def test_an_answer_that_names_no_next_update_ages():
    known = answers(ocsp_answer(until=None))
    assert status(known, at=NOW + DAY).status == "good"
    assert status(known, at=NOW + 2 * DAY).status == "unknown"
    assert status(known, at=NOW + 2 * DAY, freshness=Freshness(3 * DAY)).status == "good"


def test_what_is_told_after_the_certificate_expired_may_have_forgotten_it():
    expired = to_asn1(certificate(name_of(*SIGNER_NAME), pointer(), access(), ends=NOW - HOUR))
    known = lists(crl())
    assert "forgotten" in status(known, leaf=expired, at=NOW - DAY).why
    assert status(lists(crl(7)), leaf=expired, at=NOW).status == "revoked"


def test_a_list_that_keeps_expired_certificates_does_not_forget():
    expired = to_asn1(certificate(name_of(*SIGNER_NAME), pointer(), access(), ends=NOW - HOUR))
    since = b"\x18\x0f20240101000000Z"
    keeps = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.60"), since)
    builder = x509.CertificateRevocationListBuilder().issuer_name(LEAF_X509.issuer)
    builder = builder.last_update(NOW).next_update(NOW + HOUR).add_extension(keeps, critical=False)
    told = builder.sign(rsa_key("issuer of lists"), hashes.SHA256()).public_bytes(Encoding.DER)
    assert status(lists(told), leaf=expired, at=NOW - DAY).status == "good"


def test_words_about_one_certificate_are_limited_in_number():
    many = [crl(made=NOW - HOUR * number) for number in range(2, MAX_WORDS + 2)]
    assert status(lists(*many, crl(7)), at=NOW).status == "unknown"


@pytest.mark.parametrize(
    ("reason", "void"),
    [
        (None, True),
        (x509.ReasonFlags.key_compromise, True),
        (x509.ReasonFlags.ca_compromise, True),
        (x509.ReasonFlags.unspecified, False),
        (x509.ReasonFlags.affiliation_changed, False),
        (x509.ReasonFlags.superseded, False),
        (x509.ReasonFlags.cessation_of_operation, False),
    ],
)
@pytest.mark.parametrize("how", [lambda reason: lists(crl(7, reason=reason)),
                                 lambda reason: answers(ocsp_answer(NOW, reason=reason))])  # fmt: skip
def test_an_authoritys_revocation_voids_its_timestamps_unless_the_reason_is_harmless(how, reason, void):
    assert voids_timestamps(status(how(reason), at=NOW - DAY)) is void


@pytest.mark.parametrize("found_out", [NOW, NOW + HOUR])
def test_a_compromise_that_was_found_out_after_a_harmless_revocation_voids_timestamps(found_out):
    harmless = ocsp_answer(NOW, reason=x509.ReasonFlags.superseded)
    grave = crl(7, made=NOW + HOUR, revoked_at=found_out, reason=x509.ReasonFlags.key_compromise)
    found = status(Evidence(ocsp=(harmless,), crls=(grave,)), at=NOW - DAY)
    assert (found.status, found.at, voids_timestamps(found)) == ("good", NOW, True)


class Told:
    """Answers from a table; None is no answer."""

    def __init__(self, **answers: Evidence | None) -> None:
        self.answers = answers
        self.asked: list[str] = []

    async def fetch(self, source: Source) -> Evidence:
        self.asked.append(source.kind)
        given = self.answers.get(source.kind)
        if given is None:
            raise StatusUnknown("down")
        return given


async def test_the_responder_is_asked_first_and_the_list_read_where_it_fails():
    fetcher = Told(ocsp=answers(ocsp_answer()), list=lists(crl(7)))
    assert (await revocation_status(LEAF, ISSUER, fetcher, at=NOW)).status == "good"
    assert fetcher.asked == ["ocsp"]
    fetcher = Told(list=lists(crl(7)))
    assert (await revocation_status(LEAF, ISSUER, fetcher, at=NOW)).status == "revoked"
    assert fetcher.asked == ["ocsp", "list"]


async def test_nobody_is_asked_when_the_status_is_known_already():
    fetcher = Told()
    assert (await revocation_status(LEAF, ISSUER, fetcher, at=NOW, known=lists(crl()))).status == "good"
    assert fetcher.asked == []


async def test_nobodys_word_is_unknown_and_says_why():
    found = await revocation_status(LEAF, ISSUER, NoNetwork(), at=NOW)
    assert (found.status, found.why) == ("unknown", "the network is not used")


async def test_a_certificate_that_names_nobody_to_ask_is_good_unless_a_list_has_it():
    silent = to_asn1(certificate(name_of(*SIGNER_NAME)))
    assert (await revocation_status(silent, ISSUER, NoNetwork(), at=NOW)).status == "good"
    assert (await revocation_status(silent, ISSUER, NoNetwork(), at=NOW, known=lists(crl(7)))).status == "revoked"
