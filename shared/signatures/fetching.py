"""How do we get what certificates point to: OCSP answers, revocation lists, missing issuers?

Addresses come from certificates only. Those in a certificate that an anchor vouches for are asked over one session;
those of strangers (the issuer of a certificate that leads nowhere yet) over another one, whose connector should refuse
addresses inside our own network (`public_connector`): whoever made the certificate up chose them.
"""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import secrets
import socket
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

import aiohttp
import structlog

from shared.signatures.cache import AnswerCache
from shared.signatures.evidence import Evidence
from shared.signatures.fetched import checked
from shared.signatures.responder import question
from shared.signatures.sources import Kind, Source
from shared.signatures.status import StatusUnknown

if TYPE_CHECKING:
    from aiohttp.abc import AddrInfoType  # type: ignore[attr-defined]

log = structlog.get_logger(__name__)

MAX_ANSWER_BYTES = 16 << 20
NONCE_BYTES = 16
_REMEMBERED_WITHOUT_DATE = timedelta(minutes=5)
_REMEMBERED_FAILURE = timedelta(seconds=30)


class Fetcher(Protocol):
    """Whoever can fetch; bounded in time and size."""

    async def fetch(self, source: Source) -> Evidence:
        """What the place gives, once it is known to be genuine and about the certificate; raises `StatusUnknown`."""


class NoNetwork:
    """Fetches nothing."""

    async def fetch(self, source: Source) -> Evidence:
        """Raises `StatusUnknown`, always."""
        raise StatusUnknown("the network is not used")


NO_NETWORK = NoNetwork()


class HttpFetcher:
    """Fetches over HTTP, each answer once until its nextUpdate, and failures not again for half a minute.

    At most `concurrency` requests run at once to places that authorities name, and as many to those of strangers: no
    number of places that never answer may keep a status from being asked for. `timeout_s` is for each of them. Without
    `strangers`, missing issuers are not fetched.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        strangers: aiohttp.ClientSession | None = None,
        *,
        timeout_s: float = 5,
        concurrency: int = 8,
    ) -> None:
        self._session = session
        self._strangers = strangers
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._slots = asyncio.Semaphore(concurrency)
        self._slots_of_strangers = asyncio.Semaphore(concurrency)
        self._cache = AnswerCache()
        self._running: dict[tuple[str, ...], asyncio.Task[Evidence | str]] = {}

    async def fetch(self, source: Source) -> Evidence:
        """What the place gives, once it is known to be genuine and about the certificate; raises `StatusUnknown`."""
        key = _key(source)
        known = self._cache.get(key)
        if known is None:
            if key not in self._running:
                self._running[key] = asyncio.create_task(self._ask(source, key))
            known = await asyncio.shield(self._running[key])
        if isinstance(known, str):
            raise StatusUnknown(known)
        return known

    async def _ask(self, source: Source, key: tuple[str, ...]) -> Evidence | str:
        """One question for all who want to know the same at once."""
        try:
            async with self._slots_of_strangers if source.kind is Kind.ISSUER else self._slots:
                known, until = await self._asked(source)
            self._cache.put(key, known, until)
            return known
        finally:
            del self._running[key]

    async def _asked(self, source: Source) -> tuple[Evidence | str, datetime]:
        """The answer, or in words why there is none, and until when it can be remembered."""
        now = datetime.now(UTC)
        nonce = secrets.token_bytes(NONCE_BYTES)
        try:
            data = await self._request(source, nonce)
            found, next_update = checked(source, data, nonce)
        except StatusUnknown as error:
            log.info("nothing_fetched", kind=source.kind, host=urlsplit(source.url).hostname, why=str(error))
            return str(error), now + _REMEMBERED_FAILURE
        return found, next_update or now + _REMEMBERED_WITHOUT_DATE

    async def _request(self, source: Source, nonce: bytes) -> bytes:
        session = self._strangers if source.kind is Kind.ISSUER else self._session
        if session is None:
            raise StatusUnknown("missing issuers are not fetched")
        method, body, headers = "GET", None, {}
        if source.kind is Kind.OCSP and source.issuer is not None:
            method, body = "POST", question(source.certificate, source.issuer, nonce)
            headers = {"Content-Type": "application/ocsp-request"}
        try:
            async with session.request(
                method, source.url, data=body, headers=headers, timeout=self._timeout, allow_redirects=False
            ) as response:
                return await _body(response)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise StatusUnknown("the answer cannot be fetched") from error


def public_connector() -> aiohttp.TCPConnector:
    """A connector that reaches public addresses only, whatever name leads to them."""
    return aiohttp.TCPConnector(socket_factory=_public_socket)


def _public_socket(address: AddrInfoType) -> socket.socket:
    family, kind, protocol, _, where = address
    if not ipaddress.ip_address(where[0]).is_global:
        raise OSError(errno.EHOSTUNREACH, "the address is not a public one")
    made = socket.socket(family, kind, protocol)
    made.setblocking(False)
    return made


async def _body(response: aiohttp.ClientResponse) -> bytes:
    if response.status != 200:
        raise StatusUnknown(f"the server answers HTTP {response.status}")
    data = bytearray()
    async for chunk in response.content.iter_any():
        data += chunk
        if len(data) > MAX_ANSWER_BYTES:
            raise StatusUnknown("the answer is too long")
    return bytes(data)


def _key(source: Source) -> tuple[str, ...]:
    issuer = "" if source.issuer is None else source.issuer.sha256.hex()
    if source.kind is Kind.LIST:  # which may be good for one kind of certificates only
        return source.kind, source.url, issuer, "authorities" if source.certificate.ca else "others"
    return source.kind, source.url, source.certificate.sha256.hex() + issuer
