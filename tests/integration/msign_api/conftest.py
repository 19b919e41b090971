"""The real API over mutual TLS, with certificates made here, on a database of its own."""

import datetime
import io
import ipaddress
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from msign_gateway.infrastructure.ports import free_ports
from services.msign.consumers import Consumers
from services.msign.handlers import MSign
from services.msign.requests import RequestStore
from services.msign.soap.caller import server_context
from services.msign.soap.endpoint import Endpoint, create_api_app
from shared.contract.client import MSignClient
from shared.contract.transport import client_context
from shared.lifecycle import serve_http
from shared.persistence.pool import open_pool
from shared.signatures.trust import TrustAnchors
from shared.signatures.verify import Verifier
from shared.signatures.workers import Workers
from tests.integration.msign_api.service import Files, Pki, make_pki
from tests.pki import Authority, TestPki, name_of, rsa_key

MAX_BODY_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True)
class Tls:
    """Who is who: the server, two registered systems, one that is not registered, and one of another authority."""

    ca: Path
    server: Files
    first: Files
    second: Files
    unregistered: Files
    foreign: Files


@dataclass(frozen=True)
class Api:
    """A running API and its parts."""

    url: str
    tls: Tls
    requests: RequestStore
    consumers: Consumers

    def connect(self, who: Files | None = None, **options: Any) -> AbstractAsyncContextManager[MSignClient]:
        """Our client, as the first system or somebody else."""
        files = who or self.tls.first
        return MSignClient.connect(
            url=self.url, client_cert=files.cert, client_key=files.key, ca_bundle=self.tls.ca, **options
        )

    async def send(
        self,
        body: Any,
        *,
        who: Files | None = None,
        headers: dict[str, str] | None = None,
        method: str = "POST",
        query: str = "",
    ) -> tuple[int, str, bytes]:
        """A request made by hand; returns status, content type and body."""
        files = self.tls.first if who is None else who
        data = io.BytesIO(body) if isinstance(body, bytes) else body
        context = client_context(client_cert=files.cert, client_key=files.key, ca_bundle=self.tls.ca)
        async with (
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context)) as session,
            session.request(method, self.url + query, data=data, headers=headers) as response,
        ):
            return response.status, response.content_type, await response.read()


def written(directory: Path, name: str, key: RSAPrivateKey, certificate: x509.Certificate) -> Files:
    cert_file, key_file = directory / f"{name}.pem", directory / f"{name}.key"
    cert_file.write_bytes(certificate.public_bytes(Encoding.PEM))
    key_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return Files(cert_file, key_file, certificate)


def server_certificate(authority: Authority, key: RSAPrivateKey) -> x509.Certificate:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name_of((NameOID.COMMON_NAME, "localhost")))
        .issuer_name(authority.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()), critical=False)
        .sign(authority.key, hashes.SHA256())
    )


@pytest.fixture(scope="session")
def tls(tmp_path_factory) -> Tls:
    directory = tmp_path_factory.mktemp("tls")
    ours, theirs = TestPki.make("api").root, TestPki.make("foreign").root
    ca = directory / "ca.pem"
    ca.write_bytes(ours.certificate.public_bytes(Encoding.PEM))

    def client(name: str, authority: Authority) -> Files:
        key = rsa_key(f"client-{name}")
        subject = name_of((NameOID.COMMON_NAME, name))
        return written(directory, name, key, authority.issue(subject, key.public_key()))

    server_key = rsa_key("api-server")
    return Tls(
        ca=ca,
        server=written(directory, "server", server_key, server_certificate(ours, server_key)),
        first=client("first", ours),
        second=client("second", ours),
        unregistered=client("unregistered", ours),
        foreign=client("foreign", theirs),
    )


@pytest.fixture(scope="session")
def provider_pki(tmp_path_factory) -> Pki:
    """The PKI of a provider that runs as a process."""
    return make_pki(tmp_path_factory.mktemp("provider") / "pki")


@pytest.fixture(scope="session")
def signers() -> TestPki:
    """The public-key infrastructure whose signatures the API trusts."""
    return TestPki.make("md")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def verifier(signers):
    """What judges signatures and documents, in a process of its own."""
    async with Workers(1) as workers:
        yield Verifier(TrustAnchors.of([signers.root.certificate]), run=workers.run)


@pytest.fixture
async def api(msign_database_url, tls, verifier):
    """An API with a database of its own."""
    async with running_api(msign_database_url, tls, verifier) as running:
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared_api(database, msign_database_template, tls, verifier):
    """One API for all the tests that only look at what one message is answered with."""
    async with (
        database.temporary("msign", template=msign_database_template) as url,
        running_api(url, tls, verifier) as running,
    ):
        yield running


@asynccontextmanager
async def running_api(database_url: str, tls: Tls, verifier: Verifier) -> AsyncIterator[Api]:
    context = server_context(cert=tls.server.cert, key=tls.server.key, consumers_ca=tls.ca)
    async with open_pool(database_url) as pool:
        requests, consumers = RequestStore(pool), Consumers(pool)
        await consumers.add("declaratii", tls.first.certificate, ["https://declaratii.example"])
        await consumers.add("registru", tls.second.certificate)
        msign = MSign(requests, verifier, request_ttl=datetime.timedelta(hours=1))
        app = create_api_app(Endpoint(msign, consumers), max_body_bytes=MAX_BODY_BYTES)
        (port,) = free_ports(1)
        async with serve_http(app, host="127.0.0.1", port=port, ssl_context=context):
            yield Api(f"https://127.0.0.1:{port}/MSign.svc", tls, requests, consumers)
