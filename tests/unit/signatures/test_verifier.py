"""What does the way in do with input that breaks whoever reads it?"""

from collections.abc import Callable
from typing import Any

from shared.signatures.trust import TrustAnchors
from shared.signatures.verify import Verifier
from shared.signatures.workers import TooCostly


async def killed(function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    raise TooCostly


async def test_input_that_kills_its_reader_gets_a_verdict() -> None:
    verifier = Verifier(TrustAnchors.none(), run=killed)
    for report in (await verifier.pdf(b"%PDF-1.7"), await verifier.hash_signature(b"<x/>", None)):
        assert not report.valid
        assert report.signatures == ()
        assert report.reason.startswith("too_costly: ")
