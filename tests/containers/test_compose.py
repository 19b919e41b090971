"""The shipped composition is started with testcontainers, from the image of this checkout, and the demo is played."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import aiohttp
import pytest

from msign_gateway.client import GatewayClient
from msign_gateway.demo.people import read_people
from msign_gateway.demo.show import Show
from msign_gateway.demo.story import Story
from tests.containers.compose import Composition, composed

IMAGES = {
    "MSIGN_GATEWAY_IMAGE": "gateway",
    "RABBITMQ_IMAGE": "rabbitmq",
    "POSTGRES_IMAGE": "postgres",
    "HAPROXY_IMAGE": "haproxy",
}
LEFT_OUT = frozenset({"prometheus"})
"""Its image is large; its rules have tests of their own."""


@pytest.fixture(scope="module")
def composition(image_of: Callable[[str], str]) -> Iterator[Composition]:
    """Everything, running."""
    with ThreadPoolExecutor() as threads:
        images = dict(zip(IMAGES, threads.map(image_of, IMAGES.values()), strict=True))
    with composed(images, LEFT_OUT) as running:
        yield running


def test_the_image_has_neither_compilers_nor_pip_and_lists_its_parts(composition: Composition) -> None:
    container = composition.containers["verifier"][0]
    for program in ("gcc", "cc", "pip", "pip3"):
        assert container.exec_run(["which", program]).exit_code != 0
    assert container.exec_run(["id", "--user"]).output.strip() == b"10001"
    assert container.exec_run(["touch", "/opt/msign-gateway/here"]).exit_code != 0
    parts = composition.read("verifier", "/opt/msign-gateway/sbom.cdx.json").decode()
    assert '"CycloneDX"' in parts
    assert "pkg:pypi/aio-pika@" in parts
    assert "pkg:deb/debian/python3-minimal@" in parts


async def test_all_the_steps_of_signing_and_verification_work_in_containers(
    composition: Composition, tmp_path: Path
) -> None:
    for name in ("people.json", "amqp_url"):
        (tmp_path / name).write_bytes(composition.read("e-service", f"/run/own/{name}"))
    people = read_people(tmp_path / "people.json")
    for person in people:
        if person.key_file:
            person.key_file.parent.mkdir(exist_ok=True)
            inside = person.key_file.relative_to(tmp_path)
            person.key_file.write_bytes(composition.read("e-service", f"/run/own/{inside}"))
    url = (tmp_path / "amqp_url").read_text().replace("@rabbitmq/", f"@127.0.0.1:{composition.ports[5672]}/")
    back = f"http://127.0.0.1:{composition.ports[8003]}/back"
    async with GatewayClient.connect(url) as client:
        await Story(client, Show(), people, back, tmp_path).play()


async def test_what_only_operators_may_see_is_not_reached_through_the_edge(composition: Composition) -> None:
    async with aiohttp.ClientSession() as session:
        for port, path in ((8000, "/metrics"), (8000, "/jobs"), (8002, "/metrics"), (8002, "/readyz")):
            async with session.get(f"http://127.0.0.1:{composition.ports[port]}{path}") as response:
                assert response.status in {401, 404}
