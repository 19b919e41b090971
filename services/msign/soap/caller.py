"""Who calls? The client certificate of the TLS connection says so."""

import ssl
from pathlib import Path

from aiohttp import web
from cryptography import x509

from services.msign.consumers import Consumer, Consumers, serial_of
from shared.contract.faults import AuthenticationFailed
from shared.watched import Watched


def server_context(*, cert: Path, key: Path, consumers_ca: Path) -> ssl.SSLContext:
    """A TLS context that asks for a client certificate and takes only those that `consumers_ca` issued.

    A missing one is let through, so that the API can answer with a fault that says what is wrong.
    """
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=consumers_ca)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_mode = ssl.CERT_OPTIONAL
    context.load_cert_chain(cert, key)
    return context


def watched_server_context(*, cert: Path, key: Path, consumers_ca: Path) -> ssl.SSLContext:
    """A `server_context` that shows and believes, at each handshake, what the files say then.

    No session is resumed: that would believe a certificate without asking whether its CA still counts.
    """
    files = {"cert": cert, "key": key, "consumers_ca": consumers_ca}
    watched = Watched(tuple(files.values()), lambda: server_context(**files))
    context = server_context(**files)
    context.options |= ssl.OP_NO_TICKET
    context.num_tickets = 0

    def replace(connection: ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> None:
        connection.context = watched.current()

    context.sni_callback = replace  # asked at every handshake, also where no name is sent
    return context


async def authenticate(request: web.Request, consumers: Consumers) -> Consumer:
    """Return the registered system that calls. Raises `AuthenticationFailed`."""
    certificate = peer_certificate(request)
    if certificate is None:
        raise AuthenticationFailed("A client certificate is required")
    consumer = await consumers.find(certificate)
    if consumer is None:
        raise AuthenticationFailed(f"Unknown service consumer: {serial_of(certificate)}")
    return consumer


def peer_certificate(request: web.Request) -> x509.Certificate | None:
    """The client certificate that TLS verified, if there is one."""
    connection = request.transport.get_extra_info("ssl_object") if request.transport else None
    data = connection.getpeercert(binary_form=True) if connection else None
    return x509.load_der_x509_certificate(data) if data else None
