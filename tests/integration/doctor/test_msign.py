"""What the doctor finds at MSign, and in the files that we show there."""

import datetime
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from cryptography import x509

from msign_gateway.infrastructure.ports import free_ports
from services.msign.consumers import Consumer
from services.msign.soap.caller import server_context
from services.msign.soap.endpoint import Endpoint, create_api_app
from shared.contract.faults import InvalidParameter, RequestNotFound
from shared.contract.models import SignResponse
from shared.lifecycle import serve_http
from tests.integration.encryption.fronts import Files, make_files

YEAR = datetime.timedelta(days=365)


@dataclass
class Registered:
    """The provider's registry, with one system in it, and its operations."""

    serial_number: int
    answer: Exception | None = None

    async def find(self, certificate: x509.Certificate) -> Consumer | None:
        known = certificate.serial_number == self.serial_number
        return Consumer(id=1, name="tests") if known else None

    async def get_sign_response(self, consumer: Consumer, request_id: str, language: str | None) -> SignResponse:
        raise self.answer or RequestNotFound(f"There is no sign request {request_id}")


@pytest.fixture
def client(tmp_path) -> Files:
    return make_files(tmp_path, "client", lasts=YEAR)


@pytest.fixture
def registered(client) -> Registered:
    return Registered(client.serial_number)


@pytest.fixture
async def url(tmp_path, registered) -> AsyncIterator[str]:
    """The provider's API over real TLS."""
    server, (port,) = make_files(tmp_path, "api", lasts=YEAR), free_ports(1)
    context = server_context(cert=server.cert, key=server.key, consumers_ca=server.ca)
    app = create_api_app(Endpoint(registered, registered), max_body_bytes=1 << 20)
    async with serve_http(app, host="127.0.0.1", port=port, ssl_context=context):
        yield f"https://127.0.0.1:{port}/MSign.svc"


@pytest.fixture
def ask(diagnose, url, client):
    """Looks at MSign with our files, or with others."""

    def run(ours: Files = client, **changes: object):
        files = {"MSIGN_CLIENT_CERT": ours.cert, "MSIGN_CLIENT_KEY": ours.key, "MSIGN_CA_BUNDLE": client.ca}
        ours.key.chmod(0o600)
        return diagnose("msign", **{"MSIGN_API_URL": url} | files | changes)

    return run


async def test_an_msign_that_knows_us_is_well(ask, client):
    found = await ask()
    assert found.exit_code == 0
    assert {check: found.outcome(check) for check in found} == dict.fromkeys(
        ("encryption", "our certificate", "MSign's certificate", "answer"), "ok"
    )
    assert f"{client.serial_number:X}" in found.detail("our certificate")
    assert "364 days left" in found.detail("our certificate")


async def test_an_msign_that_does_not_know_our_certificate_says_so(ask, registered):
    registered.serial_number = 1
    found = await ask()
    assert (found.exit_code, found.outcome("answer")) == (1, "failed")
    assert "MSign does not know us" in found.detail("answer")
    assert "registered" in found["answer"][0]["advice"]


async def test_another_fault_is_a_warning_with_its_code(ask, registered):
    registered.answer = InvalidParameter("requestID")
    found = await ask()
    assert (found.outcome("answer"), "InvalidParameter" in found.detail("answer")) == ("warning", True)


@pytest.mark.parametrize(
    ("lasts", "outcome", "said"),
    [
        (datetime.timedelta(days=5, hours=1), "warning", "5 days left"),
        (datetime.timedelta(hours=-1), "failed", "ended"),
    ],
)
async def test_the_end_of_our_certificate_is_told_in_time(ask, registered, tmp_path, lasts, outcome, said):
    ours = make_files(tmp_path, "ours", lasts=lasts)
    registered.serial_number = ours.serial_number
    found = await ask(ours)
    assert found.outcome("our certificate") == outcome
    assert said in found.detail("our certificate")


async def test_a_key_that_does_not_go_with_the_certificate_is_told(ask, client, server):
    found = await ask(Files(client.cert, server.key, client.ca))
    assert (found.exit_code, found.outcome("our certificate")) == (1, "failed")
    assert "KEY_VALUES_MISMATCH" in found.detail("our certificate")


async def test_a_key_that_others_can_read_is_a_warning(ask, diagnose, client, url):
    client.key.chmod(0o644)
    files = {"MSIGN_CLIENT_CERT": client.cert, "MSIGN_CLIENT_KEY": client.key, "MSIGN_CA_BUNDLE": client.ca}
    found = await diagnose("msign", MSIGN_API_URL=url, **files)
    assert (found.outcome("our key"), found.outcome("answer")) == ("warning", "ok")


async def test_a_server_of_another_authority_is_told(ask, stranger):
    found = await ask(MSIGN_CA_BUNDLE=stranger.ca)
    assert (found.exit_code, found.outcome("MSign's certificate")) == (1, "failed")
    assert "self-signed" in found.detail("MSign's certificate") or "unable to get" in found.detail(
        "MSign's certificate"
    )


async def test_a_name_that_is_not_in_the_certificate_is_told(ask, url):
    found = await ask(MSIGN_API_URL=url.replace("127.0.0.1", "localhost"))
    assert "localhost" in found.detail("MSign's certificate")
    assert found.exit_code == 1


async def test_nobody_there_is_said_so(ask):
    found = await ask(MSIGN_API_URL="https://127.0.0.1:9/MSign.svc")
    assert "127.0.0.1:9 cannot be reached" in found.detail("connection")


async def test_an_address_without_the_endpoint_is_told(ask, url):
    found = await ask(MSIGN_API_URL=url.replace("MSign.svc", "Sign.svc"))
    assert (found.outcome("answer"), "404" in found.detail("answer")) == ("failed", True)
    assert "/MSign.svc" in found["answer"][0]["advice"]


async def test_https_without_our_certificate_is_refused_as_a_service_would(diagnose, url):
    found = await diagnose("msign", MSIGN_API_URL=url)
    assert "MSIGN_CLIENT_CERT is required" in found.detail("settings")
