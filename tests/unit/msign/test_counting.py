"""Does the provider count what was decided and judged, and show what is open?"""

from types import SimpleNamespace
from typing import Any

import pytest

from services.msign.pages.deciding import decide
from services.msign.pki.architecture import Architecture
from services.msign.pki.create import create
from services.msign.verification import verify_content
from services.msign.watching import CERTIFICATES, count, show_certificates
from shared.contract.models import ContentType, Language, SignStatus, VerificationContent
from shared.signatures.trust import TrustAnchors
from shared.signatures.verify import Verifier
from tests.counting import Counted, shown

SIGNINGS = "msign_provider_signings_total"


class Decided:
    """Requests that were decided before, or not."""

    def __init__(self, *, before: bool) -> None:
        self._before = before

    async def finish(self, request_id, status, *, reason=None):
        return not self._before


def parts_with(requests) -> Any:
    return SimpleNamespace(requests=requests)


@pytest.mark.parametrize(
    ("status", "reason", "outcome"),
    [
        (SignStatus.SUCCESS, None, "signed"),
        (SignStatus.FAILURE, "declined", "declined"),
        (SignStatus.FAILURE, "signing_failed", "failed"),
    ],
)
async def test_a_decision_is_counted_by_instrument_and_outcome(status, reason, outcome):
    counted = Counted()
    await decide(parts_with(Decided(before=False)), "0" * 32, status, reason, instrument="moldsign")
    assert counted(SIGNINGS, instrument="moldsign", outcome=outcome) == 1


async def test_what_was_decided_before_is_not_counted_again():
    counted = Counted()
    await decide(parts_with(Decided(before=True)), "0" * 32, SignStatus.SUCCESS)
    assert counted(SIGNINGS, instrument="none", outcome="signed") == 0


async def test_what_holds_no_signature_is_counted_as_refused():
    counted = Counted()
    verifier = Verifier(TrustAnchors.of(()))
    content = VerificationContent(signature=b"nothing", content=b"0" * 20, correlation_id="1")
    await verify_content(ContentType.HASH, content, verifier, Language.RO)
    assert counted("msign_provider_verdicts_total", content_type="Hash", verdict="refused") == 1


async def test_open_requests_are_shown_with_the_moment_of_the_look():
    class Requests:
        async def count_open(self):
            return 3, 2

    await count(Requests())
    assert shown("msign_provider_requests", status="pending") == 3
    assert shown("msign_provider_requests", status="expired") == 2
    assert shown("msign_provider_requests_read_timestamp_seconds") > 0


def test_the_end_of_every_certificate_of_the_infrastructure_is_shown(tmp_path):
    create(tmp_path / "pki", pki_url="http://127.0.0.1:9", server_names=["127.0.0.1"])
    pki = Architecture.load(tmp_path / "pki")
    show_certificates(pki)
    for name, label in CERTIFICATES.items():
        end = pki.certificate(label).not_valid_after_utc.timestamp()
        assert shown("msign_provider_certificate_not_after_timestamp_seconds", certificate=name) == end
