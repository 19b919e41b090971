from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import test_utils
from lxml import html

from msign_gateway.demo.e_service import EService
from msign_gateway.demo.people import Person
from shared.messaging.envelope import Event
from shared.messaging.events import READY

PHONES = "http://127.0.0.1:1"
ANA = {"subject": "CN=Ana Exemplu", "id": "2000000000017"}
NOBODY_SIGNED = {"correlation_id": "1", "signature": None, "signer": None, "checked": {"covers_content": None}}
SIGNED = {"correlation_id": "1", "signature": "AA==", "signer": ANA, "checked": {"covers_content": True}}


@pytest.fixture
def people(tmp_path: Path) -> tuple[Person, ...]:
    key_file = tmp_path / "tax-31.p12"
    key_file.write_bytes(b"\x30\x82 a key file")
    return (
        Person("Ana Exemplu", "2000000000017", "mobile", "5678", msisdn="37369000017"),
        Person("Елена Примерова", "2000000000031", "tax", "cheia", key_file=key_file),
        Person("Ștefan Probă", "2000000000048", "securesign", "1234", note="certificate expired"),
    )


@pytest.fixture
def e_service(people: tuple[Person, ...]) -> EService:
    return EService("http://127.0.0.1:2", PHONES, people)


@pytest.fixture
async def visitor(e_service: EService) -> AsyncIterator[test_utils.TestClient[Any, Any]]:
    async with test_utils.TestClient(test_utils.TestServer(e_service.app())) as client:
        yield client


def texts(page: Any, path: str) -> list[str]:
    return [str(getattr(found, "text", None) or found) for found in page.xpath(path)]


async def test_the_page_offers_the_instruments_that_somebody_can_use(visitor):
    page = html.document_fromstring(await (await visitor.get("/")).text())
    assert texts(page, "//select[@name='instrument']/option") == ["on the Sign Page", "mobile", "tax"]


async def test_phones_and_key_files_are_a_click_away(visitor, people):
    page = html.document_fromstring(await (await visitor.get("/")).text())
    assert texts(page, "//td/a/@href") == [f"{PHONES}/phone/37369000017", "/key-files/2"]
    response = await visitor.get("/key-files/2")
    assert await response.read() == people[1].key_file.read_bytes()
    assert response.headers["Content-Disposition"] == 'attachment; filename="tax-31.p12"'


@pytest.mark.parametrize("number", ["0", "1", "3", "4", "999", "x"])
async def test_who_has_no_key_file_gives_none_away(visitor, number):
    assert (await visitor.get(f"/key-files/{number}")).status == 404


@pytest.mark.parametrize(("result", "rows"), [(SIGNED, [ANA["subject"]]), (NOBODY_SIGNED, [])])
async def test_whoever_comes_back_sees_what_was_signed_and_by_whom_if_anybody_did(visitor, e_service, result, rows):
    order = e_service.orders.begin()
    data = {"status": "Failure", "message": "The user declined to sign", "results": [result]}
    now = datetime.now(UTC)
    order.events[READY] = Event(id="1", source="/", type=READY, subject="job-1", time=now, sequence=2, data=data)
    page = html.document_fromstring(await (await visitor.get("/back?job_id=job-1")).text())
    assert texts(page, "//td[@class='subject']") == rows
    assert "The user declined to sign" in texts(page, "//p")


@pytest.mark.parametrize("path", ["/files/no-such-job/1", "/files/no-such-job/0"])
async def test_there_is_no_signed_file_of_an_unknown_job(visitor, path):
    assert (await visitor.get(path)).status == 404


async def test_before_the_gateway_is_connected_signing_is_put_off(visitor):
    assert (await visitor.post("/sign", data={"what": "pdf"})).status == 503
