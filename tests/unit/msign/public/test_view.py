"""What does the verification page show of verdicts that real files seldom have?"""

from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from services.msign.public.texts import TRUST, TRUSTED_UNASKED, Outcome
from services.msign.public.verdicts import VerdictSeal
from services.msign.public.view import Issued, checked_now, outcome_of, signature_view, verdict_view
from shared.errors import Malformed
from shared.keys import Keyring
from shared.signatures.verdict import (
    Axis,
    Coverage,
    Integrity,
    Reason,
    Report,
    SignatureVerdict,
    TimestampStatus,
    Trust,
    broken,
)
from tests.pki import EPOCH, FAR, TestPki, name_of, rsa_key

AT = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


def verdict(**changed: Any) -> SignatureVerdict:
    facts: dict[str, Any] = {
        "integrity": Integrity.PASSED,
        "coverage": Coverage.WHOLE,
        "timestamp": TimestampStatus.PASSED,
        "trust": Trust.TRUSTED,
        "subject": "CN=Ana",
        "signed_at": AT,
    }
    return SignatureVerdict(**(facts | changed))


@pytest.mark.parametrize(
    ("signatures", "problems", "outcome"),
    [
        ((verdict(),), (), Outcome.VALID),
        ((verdict(), verdict()), (), Outcome.VALID),
        ((verdict(), verdict(trust=Trust.UNKNOWN)), (), Outcome.UNKNOWN),
        ((verdict(trust=Trust.EXPIRED),), (), Outcome.UNKNOWN),
        ((verdict(trust=Trust.REVOKED),), (), Outcome.INVALID),
        ((verdict(refused=True),), (), Outcome.INVALID),
        ((verdict(coverage=Coverage.PARTIAL),), (), Outcome.INVALID),
        ((verdict(),), (Reason("odd", "something beside the signatures is wrong"),), Outcome.INVALID),
        ((), (), Outcome.INVALID),
    ],
)
def test_a_verdict_on_the_whole_is_never_better_than_its_parts(signatures, problems, outcome):
    assert outcome_of(Report(signatures=signatures, problems=problems)) is outcome


def test_each_axis_is_good_only_at_its_best():
    assert [one.good for one in signature_view(verdict()).findings] == [True] * 4
    worst = broken("unreadable", "it cannot be read")
    assert [one.good for one in signature_view(worst).findings] == [False] * 4


def test_a_trusted_certificate_that_nobody_asked_about_is_told_apart():
    asked, unasked = verdict(), verdict(reasons=(Reason("revocation_unknown", "no answer", Axis.TRUST, caveat=True),))
    assert [signature_view(one).findings[-1].good for one in (asked, unasked)] == [True, True]
    assert [signature_view(one).findings[-1].sentence for one in (asked, unasked)] == [
        TRUST[Trust.TRUSTED],
        TRUSTED_UNASKED,
    ]


def test_algorithms_that_policy_only_warns_of_are_ageing_not_weak():
    shown = signature_view(verdict(reasons=(Reason("old_digest", "it is old", Axis.POLICY, caveat=True),)))
    assert (shown.weak, shown.ageing) == (False, True)


def test_caveats_come_after_what_makes_a_signature_invalid():
    caveat = Reason("old", "it is old", caveat=True)
    shown = signature_view(verdict(reasons=(caveat, Reason("bad", "it is bad"))))
    assert shown.reasons == ("bad: it is bad", "old: it is old")


def test_the_time_that_a_signer_claims_counts_only_where_no_timestamp_tells_it():
    assert signature_view(verdict(claimed_at=AT)).claimed_at is None
    assert signature_view(verdict(signed_at=None, claimed_at=AT)).claimed_at == AT


@pytest.mark.parametrize("certificate", [None, b"no certificate"])
def test_a_signer_without_a_readable_certificate_is_named_as_the_signature_says(certificate):
    shown = signature_view(verdict(certificate=certificate))
    assert (shown.signer, shown.organization, shown.issued) == ("CN=Ana", "", None)


def test_a_sealed_verdict_comes_back_as_it_was_and_only_to_the_one_who_sealed_it():
    report = Report(signatures=(verdict(reasons=(Reason("odd", "it is odd"),)), broken("bad", "it is bad")))
    shown = verdict_view(report, checked_now(b"file"))
    sealed = VerdictSeal(Keyring("s" * 32)).seal(shown)
    assert VerdictSeal(Keyring("s" * 32)).open(sealed) == shown
    with pytest.raises(Malformed):
        VerdictSeal(Keyring("t" * 32)).open(sealed)


def test_a_signer_of_an_organisation_is_shown_with_it_and_with_who_certified_that():
    authority = TestPki.make().issuing
    subject = name_of((NameOID.COMMON_NAME, "Ana Exemplu"), (NameOID.ORGANIZATION_NAME, "SRL Exemplu"))
    certificate = authority.issue(subject, rsa_key("ana").public_key())
    shown = signature_view(verdict(certificate=certificate.public_bytes(Encoding.DER)))
    assert (shown.signer, shown.organization) == ("Ana Exemplu", "SRL Exemplu")
    assert shown.issued == Issued("MDQSign", EPOCH, FAR)
