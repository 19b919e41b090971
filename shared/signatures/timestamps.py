"""How do we get an RFC 3161 timestamp over a digest?"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Protocol

import aiohttp
from asn1crypto import algos, core, tsp

from shared.errors import Transient

if TYPE_CHECKING:
    from typing import Any

MAX_RESPONSE_BYTES = 1 << 20


class TimestampFailed(Transient):
    """The timestamping authority gave no usable timestamp; a later attempt may succeed."""


class Timestamper(Protocol):
    """Whoever can put a trusted time on a digest."""

    async def stamp(self, digest: bytes, algorithm: str = "sha256") -> bytes:
        """A DER TimeStampToken (a CMS ContentInfo) over `digest`; raises `TimestampFailed`."""


class HttpTimestamper:
    """A timestamping authority reached over HTTP (RFC 3161 section 3.4)."""

    def __init__(self, url: str, session: aiohttp.ClientSession, timeout_s: float = 10) -> None:
        self._url = url
        self._session = session
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)

    async def stamp(self, digest: bytes, algorithm: str = "sha256") -> bytes:
        """A DER TimeStampToken (a CMS ContentInfo) over `digest`; raises `TimestampFailed`."""
        nonce = secrets.randbits(64)
        answer = await self._post(timestamp_query(digest, algorithm, nonce))
        return token_of(answer, digest, algorithm, nonce)

    async def _post(self, query: bytes) -> bytes:
        headers = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}
        try:
            async with self._session.post(self._url, data=query, headers=headers, timeout=self._timeout) as response:
                if response.status != 200:
                    raise TimestampFailed(f"the timestamping authority answered HTTP {response.status}")
                body = await response.content.read(MAX_RESPONSE_BYTES + 1)
                while len(body) <= MAX_RESPONSE_BYTES and (more := await response.content.read(MAX_RESPONSE_BYTES)):
                    body += more
        except (aiohttp.ClientError, TimeoutError) as error:
            raise TimestampFailed(f"the timestamping authority cannot be reached: {type(error).__name__}") from error
        if len(body) > MAX_RESPONSE_BYTES:
            raise TimestampFailed("the timestamping authority's answer is too large")
        return body


def timestamp_query(digest: bytes, algorithm: str, nonce: int) -> bytes:
    """The DER TimeStampReq for `digest`, which asks for the authority's certificates."""
    imprint = {"hash_algorithm": algos.DigestAlgorithm({"algorithm": algorithm}), "hashed_message": digest}
    request = tsp.TimeStampReq({"version": 1, "message_imprint": imprint, "nonce": nonce, "cert_req": True})
    return bytes(request.dump())


def token_of(answer: bytes, digest: bytes, algorithm: str, nonce: int) -> bytes:
    """The token of a DER TimeStampResp, once it is known to answer this very query (RFC 3161 section 2.4.2)."""
    try:
        status = tsp.PKIStatusInfo.load(core.Sequence.load(answer, strict=True)[0].dump())["status"].native
        if status not in ("granted", "granted_with_mods"):
            raise TimestampFailed(f"the timestamping authority refused: {status}")
        token = tsp.TimeStampResp.load(answer, strict=True)["time_stamp_token"]
        info: Any = token["content"]["encap_content_info"]["content"].parsed
        imprint = info["message_imprint"]
        answers = (
            imprint["hashed_message"].native == digest
            and imprint["hash_algorithm"]["algorithm"].native == algorithm
            and info["nonce"].native == nonce
        )
        encoded = bytes(token.dump())
    except (ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
        raise TimestampFailed("the timestamping authority's answer cannot be read") from error
    if not answers:
        raise TimestampFailed("the timestamp is not over the digest that was sent")
    return encoded
