"""How does one SOAP message get to MSign and its answer back, and what do we know when it did not?

The important question after a failure is whether MSign may have acted on the request (`may_have_acted`): not when the
connection was never made or broke before the whole request was handed over; else nobody knows, and it may have.
"""

import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
from aiohttp.abc import AbstractStreamWriter

from shared.contract.arriving import Arrived, Arriving
from shared.contract.envelope import Envelope
from shared.errors import Malformed, ProviderDown, Transient
from shared.watched import Watched

Context = Callable[[], ssl.SSLContext]

KEEP_ALIVE_S = 15.0
READ_AHEAD_BYTES = 32 * 1024
"""How much of an answer may wait unread before no more is taken from the connection, and up to twice as much."""
MOST_CONNECTIONS = 512
"""As many as a service may make calls at once: no call waits for another's connection."""

_REFUSALS = ("CERTIFICATE", "UNKNOWN_CA", "ACCESS_DENIED", "HANDSHAKE_FAILURE")


class CertificateRefused(ProviderDown):
    """MSign refused our certificate when the TLS connection was made: nothing will work until somebody mends that."""


class NotDone(Transient):
    """MSign cannot have got the whole request, or whoever answered says that it was not taken."""

    may_have_acted = False


class Unavailable(ProviderDown):
    """HTTP status 503: mostly nothing was sent on, but proxies say it as well when a connection behind them breaks."""

    may_have_acted = True


class AmbiguousCall(Transient):
    """The connection broke or time ran out after the request may have been sent: MSign may have acted on it."""


def client_context(*, client_cert: Path, client_key: Path, ca_bundle: Path) -> ssl.SSLContext:
    """A TLS context that shows our certificate and trusts only `ca_bundle` (PEM files)."""
    context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=ca_bundle)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(client_cert, client_key)
    return context


def watched_context(*, client_cert: Path, client_key: Path, ca_bundle: Path) -> Context:
    """Return what tells the TLS context of this moment: made anew when one of the files has changed."""
    return Watched(
        (client_cert, client_key, ca_bundle),
        lambda: client_context(client_cert=client_cert, client_key=client_key, ca_bundle=ca_bundle),
    ).current


class SoapTransport:
    """Posts envelopes to one endpoint over kept-alive connections, each of them used with one TLS context only."""

    def __init__(
        self, session: aiohttp.ClientSession, url: str, *, context: Context | None = None, max_answer_bytes: int
    ) -> None:
        self._session = session
        self._url = url
        self._context = context
        self._max_answer_bytes = max_answer_bytes

    @classmethod
    @asynccontextmanager
    async def open(
        cls, url: str, *, context: Context | None, timeout_s: float, connect_s: float, max_answer_bytes: int
    ) -> AsyncIterator["SoapTransport"]:
        """Yield a transport to `url`, closed at the end. Time-outs in seconds: the whole call, and its connection.

        `context` is asked at each call: after a rotation, no call goes over a connection of before.
        """
        connector = aiohttp.TCPConnector(limit=MOST_CONNECTIONS, keepalive_timeout=KEEP_ALIVE_S)
        timeout = aiohttp.ClientTimeout(total=timeout_s, sock_connect=connect_s)
        async with aiohttp.ClientSession(
            connector=connector, timeout=timeout, read_bufsize=READ_AHEAD_BYTES
        ) as session:
            yield cls(session, url, context=context, max_answer_bytes=max_answer_bytes)

    async def post(self, envelope: Envelope, headers: Mapping[str, str]) -> Arrived:
        """Post an envelope, its documents read on the way, and return the answer, a fault's included.

        Raises `ProviderDown` when MSign cannot be used, `NotDone` when it cannot have got all of it (a document could
        not be read to its end, say), `AmbiguousCall` when it may have, `Transient` for an answer that cannot be used,
        `Malformed` when MSign says that the message is too large. A server that refuses our certificate under TLS 1.3
        may just reset the connection after the handshake: that is an `AmbiguousCall`, too.
        """
        tls = self._context() if self._context else True
        message = _Message(envelope)
        try:
            async with self._session.post(
                self._url, data=message, headers=headers, ssl=tls, allow_redirects=False
            ) as response:
                return await self._read(response)
        except (aiohttp.ClientConnectorError, aiohttp.ClientConnectorCertificateError) as error:
            raise ProviderDown(f"MSign cannot be reached: {_brief(error)}") from error
        except aiohttp.ConnectionTimeoutError as error:
            raise ProviderDown("MSign cannot be reached: the connection timed out") from error
        except TimeoutError as error:
            if message.has_more:
                raise NotDone("MSign did not take the whole message in time") from error
            raise AmbiguousCall("MSign did not answer in time") from error
        except (aiohttp.ClientError, OSError) as error:
            if _certificate_refused(error):
                raise CertificateRefused("MSign refused the TLS connection") from error
            if message.has_more:
                raise NotDone(f"the connection to MSign broke under the message: {_brief(error)}") from error
            raise AmbiguousCall(f"the connection to MSign broke: {_brief(error)}") from error

    async def _read(self, response: aiohttp.ClientResponse) -> Arrived:
        charset = response.charset if "charset" in response.headers.get("Content-Type", "") else None
        arriving, size, refusal = Arriving(charset), 0, _refusal(response)
        try:
            async for chunk in response.content.iter_any():  # as it comes: cutting it costs a copy of all
                size += len(chunk)
                if size > self._max_answer_bytes:
                    raise Transient(f"MSign's answer is larger than {self._max_answer_bytes} bytes")
                if refusal is None:
                    await arriving.feed(chunk)
            if refusal is not None:
                raise refusal
            return await arriving.end()
        finally:
            arriving.let_go()


class _Message(aiohttp.Payload):
    """An envelope that goes out piece by piece, and knows how much of it has been handed to the connection."""

    def __init__(self, envelope: Envelope) -> None:
        super().__init__(envelope)
        self._size = self._left = envelope.size

    @property
    def has_more(self) -> bool:
        """Whether a part of the message has not even been handed to the connection."""
        return self._left > 0

    async def write(self, writer: AbstractStreamWriter) -> None:
        async for piece in self._value.pieces():
            self._left -= len(piece)
            await writer.write(piece)

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        raise TypeError("a message is not held as a whole")


def _refusal(response: aiohttp.ClientResponse) -> Exception | None:
    status = response.status
    if status == 200 or (status == 500 and response.content_type.endswith("xml")):
        return None
    said = f"MSign answered with HTTP status {status}"
    if status == 413:
        return Malformed(said + ": the message is too large", code="too_large")
    if status in {401, 403, 404}:
        return ProviderDown(said)
    if status == 503:
        return Unavailable(said)
    if status in {500, 502, 504}:
        return AmbiguousCall(said)
    return NotDone(said) if 300 <= status < 500 else Transient(said)


def _certificate_refused(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError) and "ALERT" in (error.reason or ""):
            return any(word in (error.reason or "") for word in _REFUSALS)
        error = error.__cause__ or error.__context__
    return False


def _brief(error: BaseException) -> str:
    return type(error).__name__ if not isinstance(error, aiohttp.ClientConnectorError) else str(error.os_error)
