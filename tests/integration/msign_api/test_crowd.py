"""Many messages at once: what they hold together is bounded, and no system keeps another out."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from services.msign import handlers
from services.msign.consumers import Consumer
from services.msign.handlers import MSign
from services.msign.soap import endpoint
from shared import pace
from shared.contract.models import ContentType, VerificationContent, VerificationRequest, VerificationResult
from tests.integration.msign_api.calls import XML, fault, post, request_id
from tests.integration.msign_api.conftest import running_api


@pytest.fixture
async def api(msign_database_url, tls, verifier, monkeypatch):
    """An API where nobody waits for room for long."""
    monkeypatch.setattr(endpoint, "WAIT_S", 0.1)
    async with running_api(msign_database_url, tls, verifier) as running:
        yield running


class Message:
    """A message whose size is not told, of which the end is sent once it may."""

    def __init__(self, api, who=None):
        self.began, self._go_on = asyncio.Event(), asyncio.Event()
        self.answer = asyncio.create_task(api.send(self._body(), who=who, headers=XML))

    async def _body(self):
        text = post().encode()
        yield text[:100]
        self.began.set()
        await self._go_on.wait()
        yield text[100:]

    async def end(self):
        self._go_on.set()
        return await self.answer


async def test_a_system_that_sends_all_that_it_may_is_held_off_and_another_is_not(api):
    mine = [Message(api), Message(api)]
    for message in mine:
        await message.began.wait()
    await asyncio.sleep(0.5)
    status, kind, body = await api.send(post().encode(), headers=XML)
    assert (status, kind) == (503, "text/xml")
    code, said = fault(body)
    assert code == "Server"
    assert "too many messages under way: there was no room for declaratii" in said
    status, _, body = await api.send(post().encode(), who=api.tls.second, headers=XML)
    assert (status, len(request_id(body))) == (200, 32)
    assert [(await message.end())[0] for message in mine] == [200, 200]
    assert (await api.send(post().encode(), headers=XML))[0] == 200


async def test_a_body_that_does_not_come_is_not_waited_for(api, monkeypatch):
    monkeypatch.setattr(pace, "LONGEST_PAUSE_S", 0.2)
    status, _, body = await Message(api).answer
    assert (status, fault(body)) == (500, ("Client", "the HTTP body comes too slowly"))


async def test_systems_take_turns_in_verifying(monkeypatch):
    order = []

    async def verified(_kind, content, *_):
        await asyncio.sleep(0)
        order.append(content.correlation_id)
        return VerificationResult(message="", signatures_valid=False, correlation_id=content.correlation_id)

    monkeypatch.setattr(handlers, "verify_content", verified)
    nobody: Any = None
    msign = MSign(nobody, nobody, request_ttl=timedelta(hours=1), verifying_at_once=1)

    def asks(number, name, count):
        contents = tuple(
            VerificationContent(signature=b"<a/>", content=b"1" * 32, correlation_id=f"{name}-{place}")
            for place in range(count)
        )
        request = VerificationRequest(signed_content_type=ContentType.HASH, contents=contents)
        return msign.verify_signatures(Consumer(id=number, name=name), request)

    await asyncio.gather(asks(1, "many", 20), asks(1, "many", 20), asks(2, "few", 2))
    assert len(order) == 42
    assert max(place for place, name in enumerate(order) if name.startswith("few")) < 6
