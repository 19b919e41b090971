"""What judges signatures, documents and certificates in this process? One set of workers and one memory of statuses."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from shared.signatures.fetching import Fetcher, HttpFetcher, public_connector
from shared.signatures.policy import Policy
from shared.signatures.trust import TrustAnchors
from shared.signatures.verify import Verifier
from shared.signatures.workers import Workers


@dataclass(frozen=True, slots=True)
class Judges:
    """A verifier for whatever comes from outside, the fetcher that it asks, and how much to give it at once."""

    verifier: Verifier
    fetcher: Fetcher
    at_once: int

    @property
    def anchors(self) -> TrustAnchors:
        """What trust starts from."""
        return self.verifier.anchors


def read_anchors(trust_dir: Path, policy_file: Path | None) -> TrustAnchors:
    """Return the anchors with the policy of a file, or the one that is shipped; raises `Malformed`."""
    return TrustAnchors.from_directory(trust_dir, Policy.from_file(policy_file) if policy_file else None)


@asynccontextmanager
async def open_judges(
    anchors: TrustAnchors, *, processes: int | None = None, log_level: str = "info"
) -> AsyncIterator[Judges]:
    """Yield the judges for `anchors`; `processes` read hostile input, one for each core if it is not told.

    They are given more than they have processes for: some of it waits for answers from the network.
    """
    async with (
        Workers(processes, log_level=log_level) as workers,
        aiohttp.ClientSession() as session,
        aiohttp.ClientSession(connector=public_connector()) as strangers,
    ):
        fetcher = HttpFetcher(session, strangers)
        yield Judges(Verifier(anchors, fetcher, workers.run), fetcher, 2 * workers.count)
