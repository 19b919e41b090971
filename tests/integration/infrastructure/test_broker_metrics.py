"""Does a real broker tell the metrics that the rules and dashboards use, by those names?"""

from __future__ import annotations

import re

import aiohttp
import pytest

from msign_gateway.infrastructure import Broker
from tests.unit.monitoring.measured import BROKER, BROKER_DETAILED

FAMILIES = "family=queue_coarse_metrics&family=queue_consumer_count"


async def told(broker: Broker, path: str) -> set[str]:
    if broker.metrics is None:
        pytest.skip("AMQP_METRICS does not name the given broker's plugin rabbitmq_prometheus")
    async with aiohttp.ClientSession() as session, session.get(f"http://{broker.metrics}{path}") as response:
        return set(re.findall(r"^# TYPE (\w+) ", await response.text(), re.MULTILINE))


async def test_the_plugin_tells_of_the_node_by_the_names_that_the_rules_know(broker: Broker):
    assert await told(broker, "/metrics") >= BROKER


async def test_the_plugin_tells_of_each_queue_by_the_names_that_the_rules_know(broker: Broker):
    assert await told(broker, f"/metrics/detailed?{FAMILIES}") >= BROKER_DETAILED
