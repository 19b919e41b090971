"""Is this signature valid? The way in for everybody who asks: provider, verifier, command line."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, ParamSpec, Protocol, TypeVar

from shared.signatures.content import Digest, KnownContent, Original
from shared.signatures.fetching import NO_NETWORK, Fetcher
from shared.signatures.gathering import judged_online
from shared.signatures.pades.verify import judge_pdf
from shared.signatures.trust import TrustAnchors
from shared.signatures.verdict import NoSignature, Reason, Report
from shared.signatures.workers import TooCostly
from shared.signatures.xades.verify import judge_document

__all__ = ["Digest", "NoSignature", "Original", "Report", "Run", "Verifier"]

_P = ParamSpec("_P")
_R = TypeVar("_R")


class Run(Protocol):
    """Calls a function somewhere else than on the event loop: `Workers.run`, or `asyncio.to_thread`."""

    def __call__(self, function: Callable[_P, _R], /, *args: _P.args, **kwargs: _P.kwargs) -> Coroutine[Any, Any, _R]:
        """Return what the function returns."""


@dataclass(frozen=True, slots=True)
class Verifier:
    """Judges signatures: which lead to `anchors`, with what `fetcher` brings from the network, where `run` runs it.

    Hostile input belongs into processes that can be killed (`Workers.run`); a thread is for input of our own.
    """

    anchors: TrustAnchors
    fetcher: Fetcher = NO_NETWORK
    run: Run = asyncio.to_thread

    async def hash_signature(self, signature: bytes, content: bytes | KnownContent | None) -> Report:
        """Judge the XAdES signatures of a document.

        `content` given as bytes is the hash of VerificationContent.Content; a `Digest` names its algorithm, an
        `Original` is the content itself. Without it, only what the document holds can be judged.

        Raises `NoSignature` where there is none, `Malformed` for input that is no XML or refused as such.
        """
        known = Digest(content) if isinstance(content, bytes) else content
        return await self._judged(lambda anchors: self.run(judge_document, signature, known, anchors))

    async def pdf(self, signature: bytes) -> Report:
        """Judge every signature of a PDF file.

        Raises `NoSignature` where there is none, `Malformed` for input that is no PDF, broken or encrypted.
        """
        return await self._judged(lambda anchors: self.run(judge_pdf, signature, anchors))

    async def _judged(self, judge: Callable[[TrustAnchors], Coroutine[Any, Any, Report]]) -> Report:
        try:
            return await judged_online(judge, self.anchors, self.fetcher)
        except TooCostly as error:
            return Report(signatures=(), problems=(Reason(error.code, str(error)),))
