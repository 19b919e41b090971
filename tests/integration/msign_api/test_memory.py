"""How much memory does the provider need for the largest messages?"""

import base64
import io
import os
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest
from lxml import etree

from services.msign.requests import RequestStore
from shared.contract.models import SignResult, SignStatus
from shared.contract.transport import client_context
from shared.persistence.pool import open_pool
from tests.documents import pdf_file
from tests.integration.msign_api.calls import (
    XML,
    content,
    element,
    envelope,
    fault,
    get,
    post,
    request_id,
    signature,
    verify,
)
from tests.integration.msign_api.service import registered, running, settings, url

MEBIBYTE = 1024 * 1024
BODY_BYTES = 64 * MEBIBYTE


class Service:
    """A provider that runs, and how much memory it has had at most."""

    def __init__(self, url: str, session: aiohttp.ClientSession, process_id: int, requests: RequestStore) -> None:
        self.url = url
        self.session = session
        self.process_id = process_id
        self.requests = requests

    def most_bytes(self) -> int:
        lines = Path(f"/proc/{self.process_id}/status").read_text().splitlines()
        (peak,) = [line for line in lines if line.startswith("VmHWM:")]
        return int(peak.split()[1]) * 1024

    async def posted(self, *pdfs: bytes) -> str:
        return request_id(await self.call(of(*pdfs)))

    async def call(self, body: bytes) -> bytes:
        async with self.session.post(self.url, data=io.BytesIO(body), headers=XML) as response:
            return await response.read()


@pytest.fixture
async def service(msign_database_url, provider_pki):
    environment = settings(msign_database_url, provider_pki)
    system = await registered(environment)
    context = client_context(
        client_cert=system.cert, client_key=system.key, ca_bundle=Path(environment["CONSUMERS_CA"])
    )
    async with (
        running(environment) as process,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context)) as session,
        open_pool(msign_database_url) as pool,
    ):
        found = Service(url(environment), session, process.pid, RequestStore(pool))
        assert await found.posted(pdf_file())
        yield found


def of(*pdfs: bytes) -> bytes:
    """The message that posts these files."""
    return post(*map(content, pdfs), kind="Pdf").encode()


async def test_a_message_of_64_mib_is_taken_in_little_more_than_its_content(service):
    body = of(pdf_file("x" * (BODY_BYTES * 3 // 4)))
    before = service.most_bytes()
    assert request_id(await service.call(body))
    assert len(body) > BODY_BYTES
    assert service.most_bytes() - before < 3 * len(body)


async def test_signatures_of_64_mib_are_verified_in_less_than_three_times_as_much(service):
    signatures = [pdf_file("x" * (BODY_BYTES // 8 * 3 // 4)) for _ in range(8)]
    body = verify(*(signature(one, content=None) for one in signatures), kind="Pdf").encode()
    before = service.most_bytes()
    answer = etree.fromstring(await service.call(body))
    assert [one.text for one in answer.iter("{*}SignaturesValid")] == ["false"] * len(signatures)
    assert len(body) > BODY_BYTES
    assert service.most_bytes() - before < 3 * len(body)


def hostile() -> Iterator[str]:
    """Messages that would be costly to read to their end, by contents, attributes, depth, markup and text."""
    yield post(*[element("SignContent", "<Content>MTI=</Content>")] * 500_000)
    yield envelope("<a " + " ".join(f'b{number}=""' for number in range(200_000)) + "/>")
    yield "<a>" * 1_000_000
    yield "<a><!--" + "x" * BODY_BYTES + "--></a>"
    yield envelope("<a>" + "x" * BODY_BYTES + "</a>")


async def test_hostile_messages_cost_hardly_any_memory(service):
    before = service.most_bytes()
    for body in hostile():
        assert fault(await service.call(body.encode()))[0] == "InvalidParameter"
    assert service.most_bytes() - before < 64 * MEBIBYTE


@pytest.mark.parametrize("count", [1, 16])
async def test_an_answer_of_64_mib_goes_out_in_pieces(service, count):
    posted = await service.posted(*[pdf_file()] * count)
    data = os.urandom(BODY_BYTES * 3 // 4 // count)
    for position in range(count):
        await service.requests.add_result(posted, position, SignResult(signature=data))
    assert await service.requests.finish(posted, SignStatus.SUCCESS)
    before = service.most_bytes()
    answer = await service.call(get(element("requestID", posted)).encode())
    assert len(answer) > BODY_BYTES
    assert service.most_bytes() - before < len(answer)
    parser = etree.XMLParser(huge_tree=True)
    found = [one.text or "" for one in etree.fromstring(answer, parser).iter("{*}Signature")]
    assert found == [base64.b64encode(data).decode()] * count
