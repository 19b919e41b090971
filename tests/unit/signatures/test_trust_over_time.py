"""What does a revocation do to trust: when, whose, for which reason, told by whom, and if nobody tells?"""

from __future__ import annotations

import hashlib
import pickle
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from shared.signatures.certificates import to_asn1
from shared.signatures.evidence import NOTHING, Evidence, Wanted
from shared.signatures.policy import shipped_policy
from shared.signatures.tokens import judge_token
from shared.signatures.trust import PathVerdict, TrustAnchors, judge_path
from tests.pki import SIGNER_NAME, name_of, rsa_key
from tests.unit.signatures.statuses import (
    HOUR,
    ISSUER,
    ISSUER_X509,
    LEAF,
    LEAF_X509,
    NOW,
    REVOKES_ISSUER,
    ROOT_X509,
    STRANGER_KEY,
    UNDER_ROOT_X509,
    access,
    certificate,
    crl,
    ocsp_answer,
    pointer,
    stamper,
)

DAY = timedelta(days=1)
ANCHORS = TrustAnchors.of([ISSUER_X509])
STRICT = TrustAnchors.of([ISSUER_X509], replace(shipped_policy(), unknown_status_refused=True))


def judged(known: Evidence = NOTHING, anchors: TrustAnchors = ANCHORS, at: datetime = NOW, leaf=LEAF) -> PathVerdict:
    return judge_path(leaf, known, anchors, at=at)


def code(verdict: PathVerdict) -> str:
    return "" if verdict.reason is None else verdict.reason.code


def test_a_status_that_nobody_tells_is_accepted_with_a_word_or_refused_by_policy():
    lenient, strict = judged(), judged(anchors=STRICT)
    assert (lenient.trust, code(lenient)) == ("trusted", "revocation_unknown")
    assert (strict.trust, code(strict)) == ("unknown", "revocation_unknown")
    assert lenient.wanted == strict.wanted == {Wanted(LEAF.dump(), ISSUER.dump())}
    assert [one.known for one in lenient.wanted] == [False]


@pytest.mark.parametrize("known", [Evidence(crls=(crl(),)), Evidence(ocsp=(ocsp_answer(),))])
def test_a_status_that_is_told_leaves_nothing_to_say(known):
    verdict = judged(known, STRICT)
    assert (verdict.trust, verdict.reason, verdict.wanted) == ("trusted", None, frozenset())


def test_a_word_from_before_the_time_that_counts_is_good_enough_but_a_later_one_would_be_surer():
    verdict = judged(Evidence(crls=(crl(),)), STRICT, at=NOW + HOUR)
    assert (verdict.trust, verdict.reason) == ("trusted", None)
    assert verdict.wanted == {Wanted(LEAF.dump(), ISSUER.dump())}
    assert [one.known for one in verdict.wanted] == [True]
    assert judged(Evidence(crls=(crl(), crl(made=NOW + HOUR))), STRICT, at=NOW + HOUR).wanted == frozenset()


@pytest.mark.parametrize("known", [Evidence(crls=(crl(7),)), Evidence(ocsp=(ocsp_answer(NOW),))])
def test_a_revocation_counts_from_its_date_on(known):
    verdict = judged(known)
    assert (verdict.trust, code(verdict)) == ("revoked", "revoked")
    assert verdict.reason is not None
    assert "2025-05-01" in verdict.reason.sentence
    assert judged(known, STRICT, at=NOW - HOUR).trust == "trusted"


def in_pem(der: bytes) -> bytes:
    return x509.load_der_x509_crl(der).public_bytes(Encoding.PEM)


@pytest.mark.parametrize(
    ("name", "data"),
    [("ca.crl", crl(7)), ("ca.crl", in_pem(crl(7))), ("lists.pem", in_pem(crl()) + in_pem(crl(7, made=NOW - HOUR)))],
)
def test_lists_beside_the_anchors_count(name, data, tmp_path):
    (tmp_path / "ca.pem").write_bytes(ISSUER_X509.public_bytes(Encoding.PEM))
    (tmp_path / name).write_bytes(data)
    anchors = TrustAnchors.from_directory(tmp_path)
    assert len(anchors.certificates) == 1
    assert judged(anchors=anchors).trust == "revoked"


def test_anchors_and_a_list_may_be_one_file(tmp_path):
    (tmp_path / "all.pem").write_bytes(ISSUER_X509.public_bytes(Encoding.PEM) + in_pem(crl(7)))
    assert judged(anchors=TrustAnchors.from_directory(tmp_path)).trust == "revoked"


def test_what_a_stranger_signed_revokes_nothing_and_clears_nothing():
    impostor = certificate(x509.Name(list(LEAF_X509.issuer)), key=STRANGER_KEY, by=STRANGER_KEY)
    forged = Evidence(
        (to_asn1(impostor),),
        ocsp=(ocsp_answer(NOW, key=STRANGER_KEY, signer=impostor), ocsp_answer(key=STRANGER_KEY, signer=impostor)),
        crls=(crl(7, key=STRANGER_KEY), crl(key=STRANGER_KEY)),
    )
    assert judged(forged, STRICT).trust == "unknown"


def test_evidence_that_cannot_be_read_does_no_harm():
    assert judged(Evidence(ocsp=(b"", b"rubbish"), crls=(b"", b"\x30\x80" * 50))).trust == "trusted"


def test_what_was_fetched_counts_before_what_a_document_floods_us_with():
    flood = Evidence(crls=tuple(crl(made=NOW - HOUR * number) for number in range(1, 100)))
    assert judge_path(LEAF, flood, ANCHORS.knowing(Evidence(crls=(crl(7),))), at=NOW).trust == "revoked"


def test_no_number_of_genuine_answers_in_a_document_hides_the_list_that_revokes():
    hours = range(1, 100)
    flood = Evidence(ocsp=tuple(ocsp_answer(made=NOW - HOUR * one, until=NOW - HOUR * (one - 1)) for one in hours))
    assert judge_path(LEAF, flood, ANCHORS.knowing(Evidence(crls=(crl(7),))), at=NOW).trust == "revoked"


def test_a_broken_certificate_in_a_document_does_not_keep_the_answer_that_revokes_from_being_read():
    purposes = x509.UnrecognizedExtension(x509.ExtendedKeyUsage.oid, b"\x30\x03\x02\x01\x05")
    broken = certificate(name_of((NameOID.COMMON_NAME, "broken")), purposes, serial=77).public_bytes(Encoding.DER)
    carried = Evidence((asn1_x509.Certificate.load(broken),))
    assert judge_path(LEAF, carried, ANCHORS.knowing(Evidence(ocsp=(ocsp_answer(NOW),))), at=NOW).trust == "revoked"


def test_a_revoked_authority_takes_its_signers_with_it():
    known = Evidence((to_asn1(UNDER_ROOT_X509),), crls=(crl(), REVOKES_ISSUER))
    verdict = judged(known, TrustAnchors.of([ROOT_X509]))
    assert verdict.trust == "revoked"
    assert verdict.reason is not None
    assert "authority above" in verdict.reason.sentence
    assert judged(known, TrustAnchors.of([ROOT_X509]), at=NOW - HOUR).trust == "trusted"


def test_an_intermediate_authority_as_an_anchor_is_not_trusted_once_its_revocation_is_at_hand():
    anchors = TrustAnchors.of([UNDER_ROOT_X509, ROOT_X509])
    assert judged(Evidence(crls=(crl(),)), anchors).trust == "trusted"
    assert judged(Evidence(crls=(crl(), REVOKES_ISSUER)), anchors).trust == "revoked"


def test_another_path_counts_where_one_is_revoked():
    known = Evidence((to_asn1(UNDER_ROOT_X509),), crls=(crl(), REVOKES_ISSUER))
    assert judged(known, TrustAnchors.of([ROOT_X509, ISSUER_X509])).trust == "trusted"


def test_a_missing_issuer_is_wanted_where_the_certificate_says_who_has_it():
    stray = to_asn1(certificate(name_of(*SIGNER_NAME), access("", "http://ca.example/ca.crt"), issuer=name_of()))
    verdict = judged(leaf=stray)
    assert (verdict.trust, code(verdict)) == ("untrusted", "no_path")
    assert verdict.wanted == {Wanted(stray.dump())}


def test_anchors_and_evidence_travel_between_processes():
    anchors = pickle.loads(pickle.dumps(STRICT.knowing(Evidence((LEAF,), (b"a",), (b"b",)))))
    assert isinstance(anchors, TrustAnchors)
    assert anchors.policy.unknown_status_refused
    assert [one.dump() for one in (*anchors.certificates, *anchors.known.certificates)] == [ISSUER.dump(), LEAF.dump()]
    assert (anchors.known.ocsp, anchors.known.crls) == ((b"a",), (b"b",))


def test_the_same_anchors_are_unpacked_once_whatever_is_known_besides():
    first, other = (pickle.loads(pickle.dumps(STRICT.knowing(Evidence(crls=(one,))))) for one in (b"a", b"b"))
    assert first.certificates is other.certificates
    assert (first.known.crls, other.known.crls) == ((b"a",), (b"b",))
    lax = pickle.loads(pickle.dumps(TrustAnchors(STRICT.certificates)))
    assert lax.policy != first.policy


@pytest.mark.parametrize(
    ("revoked_at", "reason", "expected"),
    [
        (NOW - DAY, x509.ReasonFlags.superseded, "failed"),
        (NOW + DAY, x509.ReasonFlags.superseded, "passed"),
        (NOW + DAY, x509.ReasonFlags.cessation_of_operation, "passed"),
        (NOW + DAY, x509.ReasonFlags.key_compromise, "failed"),
        (NOW + DAY, None, "failed"),
    ],
)
async def test_a_revoked_timestamping_authority_is_believed_only_before_a_harmless_revocation(
    revoked_at, reason, expected
):
    token = await stamper(pointer()).stamp(hashlib.sha256(b"value").digest())
    told = Evidence(crls=(crl(9, made=NOW + 2 * DAY, revoked_at=revoked_at, reason=reason),))
    verdict = judge_token(token, b"value", ANCHORS, told)
    assert verdict.status == expected
    if expected == "failed":
        assert verdict.reason is not None
        assert "revoked" in verdict.reason.sentence


@pytest.mark.parametrize(
    ("reason", "expected"), [(x509.ReasonFlags.superseded, "passed"), (x509.ReasonFlags.key_compromise, "failed")]
)
async def test_whoever_issued_a_timestamping_authority_must_not_be_compromised_either(reason, expected):
    token = await stamper().stamp(hashlib.sha256(b"value").digest())
    by_root = name_of((NameOID.COMMON_NAME, "Root"))
    told = crl(2, key=rsa_key("root of lists"), by=by_root, made=NOW + 2 * DAY, revoked_at=NOW + DAY, reason=reason)
    known = Evidence((to_asn1(UNDER_ROOT_X509),), crls=(told,))
    assert judge_token(token, b"value", TrustAnchors.of([ROOT_X509]), known).status == expected


async def test_an_authority_whose_status_nobody_tells_is_believed_with_a_word_or_refused_by_policy():
    token = await stamper(pointer()).stamp(hashlib.sha256(b"value").digest())
    lenient, strict = (judge_token(token, b"value", anchors) for anchors in (ANCHORS, STRICT))
    assert (lenient.status, lenient.reason and lenient.reason.code) == ("passed", "timestamp_revocation_unknown")
    assert (strict.status, strict.reason and strict.reason.code) == ("failed", "timestamp_untrusted")
    assert lenient.wanted == strict.wanted != frozenset()
