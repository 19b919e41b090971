"""Certificates, answers, lists and timestamps with random damage: never an error, and never more trust than before."""

from __future__ import annotations

import hashlib
import random
from contextlib import suppress

import pytest
from asn1crypto import x509 as asn1_x509

from shared.signatures.certificates import to_asn1
from shared.signatures.evidence import Evidence
from shared.signatures.revocation import status_from
from shared.signatures.tokens import judge_token
from shared.signatures.trust import TrustAnchors, judge_path
from tests.unit.signatures.statuses import (
    ISSUER,
    ISSUER_X509,
    LEAF,
    NOW,
    ROOT_X509,
    UNDER_ROOT_X509,
    crl,
    ocsp_answer,
    pointer,
    stamper,
)
from tests.unit.signatures.test_mutations import damaged

ROUNDS = 200
BETWEEN = to_asn1(UNDER_ROOT_X509)
ROOT = TrustAnchors.of([ROOT_X509])


@pytest.fixture(params=range(2))
def chance(request) -> random.Random:
    return random.Random(request.param)


def test_a_damaged_word_of_revocation_never_clears(chance):
    for _ in range(ROUNDS):
        known = Evidence(ocsp=(damaged(ocsp_answer(NOW), chance),), crls=(damaged(crl(7), chance),))
        assert status_from(known, LEAF, ISSUER, NOW).status != "good"


def test_a_damaged_good_word_never_revokes(chance):
    for _ in range(ROUNDS):
        known = Evidence(ocsp=(damaged(ocsp_answer(), chance),), crls=(damaged(crl(), chance),))
        assert status_from(known, LEAF, ISSUER, NOW).status != "revoked"


@pytest.mark.parametrize("whole", [LEAF, BETWEEN], ids=["signer", "authority"])
def test_a_damaged_certificate_is_trusted_only_where_nothing_that_is_signed_was_damaged(chance, whole):
    for _ in range(ROUNDS):
        broken = damaged(whole.dump(), chance)
        with suppress(ValueError):  # a certificate that is none never gets as far as here
            certificate = asn1_x509.Certificate.load(broken)
            leaf, between = (certificate, BETWEEN) if whole is LEAF else (LEAF, certificate)
            if judge_path(leaf, Evidence((between,)), ROOT, at=NOW).trust == "trusted":
                assert whole["tbs_certificate"].dump() in broken


async def test_a_damaged_timestamp_proves_the_very_time_or_nothing(chance):
    token = await stamper(pointer()).stamp(hashlib.sha256(b"value").digest())
    for _ in range(ROUNDS):
        verdict = judge_token(damaged(token, chance), b"value", TrustAnchors.of([ISSUER_X509]))
        assert verdict.at in (None, NOW)
