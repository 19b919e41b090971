"""A demo on a broker that a gateway, or another demo, uses already."""

import os
from unittest import mock

import aio_pika
import pytest

from msign_gateway.demo.errors import DemoError
from msign_gateway.demo.scene import Scene
from msign_gateway.demo.show import Show
from msign_gateway.demo.stage import set_stage


async def test_it_is_refused_and_the_passwords_of_before_still_work(infrastructure, system_amqp_urls, tmp_path):
    servers = {
        "AMQP_URL": infrastructure.broker.url,
        "AMQP_MANAGEMENT_URL": infrastructure.broker.management_url,
        "DATABASE_URL": infrastructure.database.url,
    }
    with mock.patch.dict(os.environ, servers), pytest.raises(DemoError) as refused:
        async with set_stage(Scene(tmp_path / ".demo", tmp_path / "output"), Show()):
            pass
    assert "declaratii, operator, registru, sign_gateway, verifier already" in str(refused.value)
    for url in system_amqp_urls.values():
        async with await aio_pika.connect(url):
            pass
    names = {vhost["name"] for vhost in await infrastructure.broker.call("GET", "vhosts")}
    assert not [name for name in names if name.startswith("msign-demo")]
