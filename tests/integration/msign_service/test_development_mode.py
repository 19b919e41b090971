"""The API over plain HTTP: only here, only on demand, and loudly."""

import aiohttp
import pytest
from structlog.testing import capture_logs

from msign_gateway.infrastructure.ports import free_ports
from services.msign.bootstrap import start
from services.msign.consumers import Consumers
from services.msign.development import HEADER
from shared.lifecycle import Service
from shared.persistence.pool import open_pool

CALL = """<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>
<GetSignResponse xmlns="https://msign.gov.md"><requestID>{}</requestID></GetSignResponse></s:Body></s:Envelope>"""


@pytest.fixture
def port():
    return free_ports(1)[0]


@pytest.fixture
async def running(settings, certificate, port):
    """The provider with its development mode; the logs of its start."""
    wanted = settings(api_host="0.0.0.0", api_development_port=port, api_development_consumer="declaratii")
    with capture_logs() as logs:
        async with start(wanted, Service("msign")):
            yield logs


@pytest.fixture
async def http():
    async with aiohttp.ClientSession() as session:
        yield session


async def test_without_a_certificate_the_caller_is_the_named_system(running, http, port):
    headers = {"Content-Type": "text/xml; charset=utf-8"}
    async with http.post(f"http://127.0.0.1:{port}/MSign.svc", data=CALL.format("0" * 32), headers=headers) as response:
        assert response.status == 500
        assert "RequestNotFound" in await response.text()
        assert "plain HTTP" in response.headers[HEADER]
    async with http.get(f"http://127.0.0.1:{port}/MSign.svc?singleWsdl") as response:
        assert f'location="http://127.0.0.1:{port}/MSign.svc"' in await response.text()


async def test_it_listens_on_this_machine_only_whatever_the_api_host_says(running, http, port):
    """A port that listens on all addresses would answer at 127.0.0.2, too."""
    with pytest.raises(aiohttp.ClientConnectorError):
        await http.get(f"http://127.0.0.2:{port}/MSign.svc?wsdl")


async def test_a_foreign_name_for_this_machine_is_refused(running, http, port):
    headers = {"Host": "evil.example"}
    async with http.get(f"http://127.0.0.1:{port}/MSign.svc?wsdl", headers=headers) as response:
        assert response.status == 403
        assert HEADER in response.headers


async def test_it_is_announced_as_a_warning(running, port):
    (told,) = [entry for entry in running if entry["event"] == "DEVELOPMENT_MODE"]
    assert told["log_level"] == "warning"
    assert (told["url"], told["consumer"]) == (f"http://127.0.0.1:{port}/MSign.svc", "declaratii")


async def test_it_is_off_by_default(settings, certificate):
    with capture_logs() as logs:
        async with start(settings(), Service("msign")):
            pass
    assert "DEVELOPMENT_MODE" not in [entry["event"] for entry in logs]


async def test_an_unknown_system_stops_the_start(settings, certificate, port, capsys):
    wanted = settings(api_development_port=port, api_development_consumer="nobody")
    with pytest.raises(SystemExit) as stopped:
        async with start(wanted, Service("msign")):
            pass
    assert stopped.value.code == 2
    assert capsys.readouterr().err == (
        "setting API_DEVELOPMENT_CONSUMER: no system of this name has an active certificate\n"
    )


async def test_a_system_whose_certificates_are_revoked_stops_the_start(settings, certificate, port, msign_database_url):
    async with open_pool(msign_database_url) as pool:
        await Consumers(pool).revoke(f"{certificate.serial_number:X}".zfill(2))
    with pytest.raises(SystemExit):
        async with start(settings(api_development_port=port, api_development_consumer="declaratii"), Service("msign")):
            pass


@pytest.mark.parametrize("half", [{"api_development_port": 8080}, {"api_development_consumer": "declaratii"}])
def test_half_of_its_settings_is_refused(settings, half):
    with pytest.raises(ValueError, match="is to be set together with API_DEVELOPMENT_PORT"):
        settings(**half)
