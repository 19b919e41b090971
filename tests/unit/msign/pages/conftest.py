from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from aiohttp import CookieJar
from aiohttp.test_utils import TestClient, TestServer

from services.msign.instruments.catalogue import catalogue
from services.msign.instruments.stores import FileStore
from services.msign.pages.app import create_web_app
from services.msign.pages.parts import Parts
from services.msign.pages.seal import Seal
from services.msign.pages.visits import Visit
from services.msign.pki.create import create
from shared.contract.models import (
    ContentType,
    ExpectedSigner,
    SignContent,
    SignRequest,
    SignStatus,
)
from shared.keys import Keyring
from tests.pages import REQUEST_ID, Browser
from tests.pki import TestPki
from tests.provider import AnyCertificate, KeptBatch, summary_of

HASH = bytes(range(32))


@dataclass
class FakeRequests(KeptBatch):
    asked: dict[str, Any] = field(default_factory=dict)
    finishes: int = 0
    piece_bytes: int = 500

    async def summary(self, request_id):
        return self.asked.get(request_id)

    async def piece(self, request_id, position, start):
        content = await self.content(request_id, position)
        return None if content is None else content[start : start + self.piece_bytes]

    async def progress(self, request_id):
        return len(self.signed), len(self.asked[request_id].documents)

    async def finish(self, request_id, status, *, reason=None):
        self.finishes += 1
        asked = self.asked[request_id]
        if asked.status is not SignStatus.PENDING:
            return False
        self.asked[request_id] = replace(asked, status=status, reason=reason)
        return True

    def put(self, **changes):
        self.asked[REQUEST_ID] = replace(self.asked[REQUEST_ID], **changes)

    @property
    def one(self):
        return self.asked[REQUEST_ID]


@dataclass
class FakeTries:
    used: dict[str, int] = field(default_factory=dict)

    async def take(self, token):
        if self.used.get(token, 0) >= 3:
            return None
        self.used[token] = self.used.get(token, 0) + 1
        return 3 - self.used[token]

    async def give_back(self, token):
        self.used[token] -= 1

    async def succeeded(self, token):
        self.used[token] = 0


@dataclass
class FakeClaims:
    held: set[str] = field(default_factory=set)

    @asynccontextmanager
    async def hold(self, request_id):
        free = request_id not in self.held
        if free:
            self.held.add(request_id)
        try:
            yield free
        finally:
            if free:
                self.held.discard(request_id)


@dataclass
class FakeVisits:
    tickets: dict[str, Any] = field(default_factory=dict)
    kept: dict[Any, Visit] = field(default_factory=dict)

    async def begin(self, request_id, entry, language):
        ticket = f"ticket-{len(self.tickets)}"
        self.tickets[ticket] = (request_id, entry, language)
        return ticket

    async def arrive(self, request_id, ticket, browser):
        began, entry, language = self.tickets.pop(ticket, (None, None, None))
        if began != request_id:
            return False
        self.kept[request_id, browser] = Visit(
            request_id=request_id, browser=browser, entry=entry, language=language
        )  # fmt: skip
        return True

    async def find(self, request_id, browser):
        return self.kept.get((request_id, browser))

    async def speak(self, visit, language):
        self.kept[visit.request_id, visit.browser] = replace(visit, language=language)

    async def say(self, visit, remark):
        kept = self.kept[visit.request_id, visit.browser]
        self.kept[visit.request_id, visit.browser] = replace(kept, remark=remark)


@pytest.fixture(scope="session")
def pki_dir(tmp_path_factory):
    directory = tmp_path_factory.mktemp("pki") / "pki"
    create(directory, pki_url="http://127.0.0.1:9", server_names=["127.0.0.1"])
    return directory


@pytest.fixture
def requests():
    content = SignContent(content=HASH, correlation_id="c1", name="act <1>.pdf")
    request = SignRequest(
        content_type=ContentType.HASH,
        short_content_description="Declarație",
        content_description="Declarația <script>alert(1)</script> pe 2026",
        contents=(content,),
    )
    summary = summary_of(request, request_id=REQUEST_ID, consumer="Declarații <b>online</b>")
    return FakeRequests(request.contents, asked={REQUEST_ID: summary})


@pytest.fixture
def claims():
    return FakeClaims()


@pytest.fixture
def parts(requests, claims, pki_dir):
    store = FileStore(pki_dir / "tokens", ("nationalid-",))
    return Parts(
        requests=requests,
        visits=FakeVisits(),
        claims=claims,
        instruments=catalogue(store, FakeTries(), AnyCertificate()),
        timestamper=TestPki.make().timestamper,
        seal=Seal(Keyring("s" * 40)),
    )


@asynccontextmanager
async def served(parts):
    """Serve the pages; yields what opens a browser with a cookie jar of its own, or with the one that is given."""
    server = TestServer(create_web_app(parts))
    await server.start_server()
    clients = []

    def opened(cookies=None):
        client = TestClient(server, cookie_jar=CookieJar(unsafe=True) if cookies is None else cookies)
        clients.append(client)
        return Browser(client)

    yield opened
    for client in clients:
        await client.close()
    await server.close()


@pytest.fixture
def serve():
    return served


@pytest.fixture
async def open_browser(parts):
    async with served(parts) as opened:
        yield opened


@pytest.fixture
async def browser(open_browser):
    return open_browser()


@pytest.fixture
def expecting(requests):
    def expect(idnp):
        requests.put(expected_signer=ExpectedSigner(id=idnp))

    return expect
