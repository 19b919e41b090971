"""TLS before a plain server: what a broker or a database with a certificate looks like to whoever connects."""

import asyncio
import datetime
import ipaddress
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.pki import Authority, TestPki, name_of, rsa_key

CHUNK = 64 * 1024
SSL_REQUEST = (8).to_bytes(4, "big") + (80877103).to_bytes(4, "big")


@dataclass(frozen=True)
class Files:
    """A certificate for 127.0.0.1 and for whoever shows it, with its key and its authority, as PEM files."""

    cert: Path
    key: Path
    ca: Path

    @property
    def serial_number(self) -> int:
        return x509.load_pem_x509_certificate(self.cert.read_bytes()).serial_number


def make_files(
    directory: Path, name: str, *, authority: str = "ours", lasts: datetime.timedelta = datetime.timedelta(days=1)
) -> Files:
    """A new certificate of one of our authorities, valid since two days ago."""
    files = Files(*(directory / f"{name}.{kind}.pem" for kind in ("cert", "key", "ca")))
    root: Authority = TestPki.make(authority).root
    key = rsa_key(f"encryption-{name}")
    now = datetime.datetime.now(datetime.UTC)
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name_of((NameOID.COMMON_NAME, name)))
        .issuer_name(root.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=2))
        .not_valid_after(now + lasts)
        .add_extension(names, critical=False)
        .sign(root.key, hashes.SHA256())
    )
    files.cert.write_bytes(certificate.public_bytes(Encoding.PEM))
    files.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    files.ca.write_bytes(root.certificate.public_bytes(Encoding.PEM))
    return files


def server_context(files: Files, *, ask_for_certificates: bool = False) -> ssl.SSLContext:
    """What a server does with its certificate."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=files.ca)
    context.load_cert_chain(files.cert, files.key)
    context.verify_mode = ssl.CERT_REQUIRED if ask_for_certificates else ssl.CERT_NONE
    return context


class Front:
    """Speaks TLS with `context`, at once or as PostgreSQL does after its SSLRequest, and passes on to `url`."""

    def __init__(self, url: str, context: ssl.SSLContext) -> None:
        parts = urlsplit(url)
        self._target = (parts.hostname, parts.port)
        self._after_request = parts.scheme.startswith("postgres")
        self._serving: list[asyncio.Task[None]] = []
        self.context = context
        self.port = 0
        self.encrypted = 0

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Front"]:
        """Listen on a free port of 127.0.0.1."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            self.hang_up()
            await asyncio.gather(*self._serving, return_exceptions=True)

    def hang_up(self) -> None:
        """Break every connection."""
        for task in self._serving:
            task.cancel()

    def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._serving.append(asyncio.ensure_future(self._encrypt(reader, writer)))

    async def _encrypt(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers = [writer]
        try:
            if self._after_request:
                assert await reader.readexactly(len(SSL_REQUEST)) == SSL_REQUEST
                writer.write(b"S")
            await writer.start_tls(self.context)
            self.encrypted += 1
            behind, to_behind = await asyncio.open_connection(*self._target)
            writers.append(to_behind)
            await asyncio.gather(_pass_on(reader, to_behind), _pass_on(behind, writer))
        except (OSError, EOFError):
            pass  # a client that does not like the certificate, or whose certificate is not liked
        finally:
            for one in writers:
                one.transport.abort()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(CHUNK):
        writer.write(data)
        await writer.drain()
    raise EOFError


def through(front: Front, url: str, *, scheme: str, host: str = "127.0.0.1", query: str = "") -> str:
    """The URL of the same thing behind the front."""
    parts = urlsplit(url)
    login = parts.netloc.rpartition("@")[0]
    return urlunsplit(parts._replace(scheme=scheme, netloc=f"{login}@{host}:{front.port}", query=query))


def amqps(front: Front, url: str, host: str = "127.0.0.1") -> str:
    return through(front, url, scheme="amqps", host=host, query="reconnect_interval=0.1")


def verified(front: Front, url: str, host: str = "127.0.0.1") -> str:
    return through(front, url, scheme="postgresql", host=host, query="sslmode=verify-full")
