"""The provider as a process: settings, start, one call, stop."""

import asyncio
import json
import os
import sys

import pytest
from cryptography import x509

from services.msign.consumers import Consumers
from services.msign.pki import plan
from services.msign.pki.create import create
from shared.contract.client import MSignClient
from shared.contract.models import ContentType, SignContent, SignRequest, SignStatus
from shared.persistence.pool import open_pool
from tests.integration.msign_api.conftest import free_port

REQUEST = SignRequest(
    content_type=ContentType.HASH, short_content_description="Cerere", contents=(SignContent(content=b"1" * 32),)
)


@pytest.fixture
def environment(msign_database_url, tmp_path):
    pki = tmp_path / "pki"
    pki_port = free_port()
    create(pki, pki_url=f"http://127.0.0.1:{pki_port}", server_names=["127.0.0.1"])
    return {
        "MSIGN_DATABASE_URL": msign_database_url,
        "OPS_PORT": str(free_port()),
        "API_PORT": str(free_port()),
        "API_CERT": str(pki / "tls" / f"{plan.SERVER}.pem"),
        "API_KEY": str(pki / "tls" / f"{plan.SERVER}.key"),
        "CONSUMERS_CA": str(pki / "tls" / "ca.pem"),
        "TRUST_DIR": str(pki / "trust"),
        "WEB_PORT": str(free_port()),
        "WEB_SECRET": "a secret of this test, long enough",
        "PKI_DIR": str(pki),
        "PKI_PORT": str(pki_port),
    }


async def started(environment: dict[str, str]) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.msign",
        env={"PATH": os.environ["PATH"]} | environment,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip


async def test_the_service_starts_answers_and_stops(environment, tmp_path):
    tls = tmp_path / "pki" / "tls"
    name = plan.CONSUMERS[0]
    async with open_pool(environment["MSIGN_DATABASE_URL"]) as pool:
        certificate = x509.load_pem_x509_certificate((tls / f"{name}.pem").read_bytes())
        await Consumers(pool).add("declaratii", certificate)
    process = await started(environment)
    try:
        assert process.stderr is not None
        async with asyncio.timeout(60):
            while json.loads(await process.stderr.readline())["event"] != "service_started":
                pass
        url = f"https://127.0.0.1:{environment['API_PORT']}/MSign.svc"
        async with MSignClient.connect(
            url=url, client_cert=tls / f"{name}.pem", client_key=tls / f"{name}.key", ca_bundle=tls / "ca.pem"
        ) as client:
            request_id = await client.post_sign_request(REQUEST)
            assert (await client.get_sign_response(request_id)).status is SignStatus.PENDING
    finally:
        process.terminate()
        await process.communicate()
    assert process.returncode == 0


async def test_missing_settings_end_the_start_with_one_line_each(environment):
    del environment["API_CERT"], environment["TRUST_DIR"]
    environment["MSIGN_DATABASE_URL"] = "mysql://x"
    process = await started(environment)
    _, said = await process.communicate()
    assert process.returncode == 2
    lines = said.decode().splitlines()
    assert sorted(line.split()[1] for line in lines) == ["API_CERT:", "MSIGN_DATABASE_URL:", "TRUST_DIR:"]
