"""The provider as a process: settings, start, one call, stop."""

import pytest

from shared.contract.client import MSignClient
from shared.contract.models import ContentType, SignContent, SignRequest, SignStatus
from tests.integration.msign_api.service import registered, running, settings, started, url

REQUEST = SignRequest(
    content_type=ContentType.HASH, short_content_description="Cerere", contents=(SignContent(content=b"1" * 32),)
)


@pytest.fixture
def environment(msign_database_url, provider_pki):
    return settings(msign_database_url, provider_pki)


async def test_the_service_starts_answers_and_stops(environment):
    system = await registered(environment)
    async with (
        running(environment) as process,
        MSignClient.connect(
            url=url(environment),
            client_cert=system.cert,
            client_key=system.key,
            ca_bundle=environment["CONSUMERS_CA"],
        ) as client,
    ):
        request_id = await client.post_sign_request(REQUEST)
        assert (await client.get_sign_response(request_id)).status is SignStatus.PENDING
    assert process.returncode == 0


async def test_missing_settings_end_the_start_with_one_line_each(environment):
    del environment["API_CERT"], environment["TRUST_DIR"]
    environment["MSIGN_DATABASE_URL"] = "mysql://x"
    process = await started(environment)
    _, said = await process.communicate()
    assert process.returncode == 2
    lines = said.decode().splitlines()
    assert sorted(line.split()[1] for line in lines) == ["API_CERT:", "MSIGN_DATABASE_URL:", "TRUST_DIR:"]
