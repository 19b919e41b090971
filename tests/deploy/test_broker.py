from __future__ import annotations

from uuid import uuid4

import aio_pika
import pytest
from aiormq.exceptions import ChannelAccessRefused

from msign_gateway.infrastructure import Broker
from msign_gateway.infrastructure.definitions import Passwords
from tests.deploy.manifests import Overlay

QUEUE = "sign_gateway.commands"


async def test_kedas_user_learns_how_long_a_queue_is_and_can_take_nothing(
    broker: Broker, vhost: str, passwords: Passwords, production: Overlay
):
    assert passwords  # the shipped definitions are in place
    topology = production.one("ConfigMap", "broker-systems")["data"]["20-systems.json"]
    assert '"user": "scaler"' in topology
    name = f"scaler-{uuid4().hex}"
    rights = {"user": name, "vhost": vhost, "configure": "^$", "write": "^$", "read": "^$"}
    await broker.import_definitions({"users": [{"name": name, "password": "x", "tags": ""}], "permissions": [rights]})
    try:
        async with await aio_pika.connect(broker.url_of(vhost, name, "x")) as connection:
            channel = await connection.channel()
            queue = await channel.declare_queue(QUEUE, passive=True)
            assert queue.declaration_result.message_count == 0
            with pytest.raises(ChannelAccessRefused):
                await queue.get(fail=False)
    finally:
        await broker.delete_user(name)
