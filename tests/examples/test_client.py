"""What a system does that was restarted in the middle of a job, with a real gateway at the other end."""

import hashlib

from msign_gateway.client import GatewayClient

WITHIN_S = 60


async def test_a_program_that_was_restarted_asks_again_under_the_same_id_and_is_told_the_latest(stage, scene):
    url = stage.servers.amqp_urls["declaratii"]
    job = {
        "content_type": "Hash",
        "short_description": "A record",
        "contents": [{"content": hashlib.sha256(b"a record").digest(), "correlation_id": "1"}],
        "return_url": f"{scene.e_service_url}/back",
    }
    async with GatewayClient.connect(url) as gateway:
        await gateway.sign(job, command_id="record-1")
        before = await gateway.accepted("record-1", timeout_s=WITHIN_S)
    async with GatewayClient.connect(url) as gateway:
        await gateway.sign(job, command_id="record-1")
        assert await gateway.accepted("record-1", timeout_s=WITHIN_S) == before
