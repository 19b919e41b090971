from dataclasses import replace
from datetime import UTC, datetime

import pytest

from services.msign.verification import message_key, result_of, verify_content
from shared.contract.models import ContentType, Language, VerificationContent
from shared.signatures.trust import TrustAnchors
from shared.signatures.verdict import Coverage, Integrity, Reason, Report, SignatureVerdict, TimestampStatus, Trust
from shared.signatures.verify import Verifier

MOMENT = datetime(2026, 5, 1, tzinfo=UTC)
GOOD = SignatureVerdict(
    integrity=Integrity.PASSED,
    coverage=Coverage.WHOLE,
    timestamp=TimestampStatus.PASSED,
    trust=Trust.TRUSTED,
    subject="CN=Ana Exemplu",
    certificate=b"der",
    signed_at=MOMENT,
)
CONTENT = VerificationContent(signature=b"s", content=b"h", correlation_id="c")


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({}, "valid"),
        ({"integrity": Integrity.FAILED}, "broken"),
        ({"coverage": Coverage.PARTIAL}, "altered"),
        ({"coverage": Coverage.NONE}, "altered"),
        ({"timestamp": TimestampStatus.FAILED}, "timestamp"),
        ({"refused": True}, "weak"),
        ({"trust": Trust.REVOKED}, "revoked"),
        ({"trust": Trust.EXPIRED}, "expired_certificate"),
        ({"trust": Trust.UNTRUSTED}, "untrusted"),
        ({"trust": Trust.UNKNOWN}, "untrusted"),
    ],
)
def test_the_message_says_what_is_wrong_first(changes, key):
    assert message_key(Report(signatures=(GOOD, replace(GOOD, **changes)))) == key


def test_what_was_too_costly_to_read_could_not_be_read():
    assert message_key(Report(signatures=(), problems=(Reason("too_costly", "too costly"),))) == "unreadable"


def test_a_result_carries_every_signer():
    late = replace(GOOD, timestamp=TimestampStatus.FAILED)
    result = result_of(CONTENT, Report(signatures=(GOOD, late)), Language.EN)
    assert (result.correlation_id, result.signatures_valid) == ("c", False)
    assert [(one.signature_valid, one.signed_at) for one in result.certificates] == [(True, MOMENT), (False, None)]


@pytest.mark.parametrize("content_type", list(ContentType))
@pytest.mark.parametrize("signature", [b"not a signature", b"<a/>", b"%PDF-1.7"])
async def test_what_is_no_signature_is_an_invalid_result(content_type, signature):
    content = replace(CONTENT, signature=signature)
    result = await verify_content(content_type, content, Verifier(TrustAnchors.none()), Language.RO)
    assert not result.signatures_valid
    assert result.certificates == ()
    assert result.message.startswith(("Nu există", "Semnătura nu poate"))
