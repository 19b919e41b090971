"""What the provider reads again while it runs: its TLS files and where its database is."""

import asyncio
import shutil
import socket
import ssl
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
from cryptography import x509

from msign_gateway.infrastructure.ports import free_ports
from services.msign.bootstrap import start
from services.msign.pki import plan
from services.msign.pki.create import create
from shared.contract.client import MSignClient
from shared.contract.faults import RequestNotFound
from shared.errors import MSignGatewayError
from shared.lifecycle import Service
from shared.lifecycle.ops import run_checks
from tests.gateway import eventually


@pytest.fixture
def tls(pki_dir: Path, tmp_path: Path) -> Path:
    """The provider's TLS files, to be replaced."""
    return shutil.copytree(pki_dir / "tls", tmp_path / "tls")


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The TLS files of another infrastructure, with a CA of its own."""
    directory = tmp_path_factory.mktemp("others") / "pki"
    create(directory, pki_url="http://127.0.0.1:9", server_names=["127.0.0.1"])
    return directory / "tls"


@pytest.fixture
async def port(settings, certificate, tls):
    """Where the provider's API runs over those files."""
    (port,) = free_ports(1)
    files = {"api_cert": tls / f"{plan.SERVER}.pem", "api_key": tls / f"{plan.SERVER}.key"}
    async with start(settings(api_port=port, consumers_ca=tls / "ca.pem", **files), Service("msign")):
        yield port


def shown(port: int) -> x509.Certificate:
    """The certificate that the server shows to whoever calls by address, without a name."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with closing(socket.create_connection(("127.0.0.1", port))) as plain, context.wrap_socket(plain) as connection:
        certificate = connection.getpeercert(binary_form=True)
    assert certificate is not None
    return x509.load_der_x509_certificate(certificate)


async def ask(port: int, files: Path, ca: Path) -> None:
    """Call as the registered system, in a connection of its own; an answer is `RequestNotFound`."""
    consumer = plan.CONSUMERS[0]
    async with MSignClient.connect(
        url=f"https://127.0.0.1:{port}/MSign.svc",
        client_cert=files / f"{consumer}.pem", client_key=files / f"{consumer}.key", ca_bundle=ca, timeout_s=60,
    ) as client:  # fmt: skip
        await client.get_sign_response("0" * 32, "en")


async def test_the_next_connection_gets_the_certificate_that_was_put_in_place_and_never_half_of_it(port, tls, others):
    new = x509.load_pem_x509_certificate((others / f"{plan.SERVER}.pem").read_bytes())
    before = await asyncio.to_thread(shown, port)
    assert before != new
    shutil.copy(others / f"{plan.SERVER}.pem", tls / f"{plan.SERVER}.pem")
    assert await asyncio.to_thread(shown, port) == before, "the new certificate does not go with the old key"
    shutil.copy(others / f"{plan.SERVER}.key", tls / f"{plan.SERVER}.key")
    assert await asyncio.to_thread(shown, port) == new


async def test_callers_of_a_ca_that_was_taken_out_are_refused_from_the_next_connection_on(port, tls, pki_dir, others):
    server_ca = pki_dir / "tls" / "ca.pem"
    with pytest.raises(RequestNotFound):
        await ask(port, pki_dir / "tls", server_ca)
    shutil.copy(others / "ca.pem", tls / "ca.pem")
    with pytest.raises(MSignGatewayError) as refused:
        await ask(port, pki_dir / "tls", server_ca)
    assert not isinstance(refused.value, RequestNotFound)


async def test_the_database_is_where_its_file_says_at_the_next_connection(
    settings, certificate, msign_database_url, monkeypatch, tmp_path
):
    def url_as(role: str) -> str:
        parts = urlsplit(msign_database_url)
        return urlunsplit(parts._replace(netloc=f"{role}:secret@{parts.hostname}:{parts.port}"))

    secret = tmp_path / "msign_database_url"
    secret.write_text(msign_database_url)
    monkeypatch.setenv("MSIGN_DATABASE_URL_FILE", str(secret))
    admin = await asyncpg.connect(msign_database_url)
    await admin.execute("CREATE ROLE msign_rotated LOGIN SUPERUSER PASSWORD 'secret'")
    try:
        service = Service("msign")
        async with start(settings(), service):
            secret.write_text(url_as("msign_rotated"))
            await admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )

            async def answers() -> bool:
                return (await run_checks(service.checks))["database"]

            await eventually(answers)
            users = await admin.fetch(
                "SELECT DISTINCT usename FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid() AND usename IS NOT NULL"
            )
            assert [row["usename"] for row in users] == ["msign_rotated"]
            await service.cancel_tasks()
    finally:
        await admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'msign_rotated'")
        await admin.execute("DROP ROLE msign_rotated")
        await admin.close()
