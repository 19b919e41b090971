"""What becomes of a batch in which one document cannot be signed, or whose token dies on the way?"""

from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import CookieJar
from aiohttp.test_utils import TestClient, TestServer

from services.msign.instruments.instrument import OpenKey
from services.msign.instruments.tokens import Tokens
from services.msign.mandates import NoMandates
from services.msign.pages.app import create_web_app
from services.msign.pages.parts import Parts
from services.msign.pages.seal import Seal
from services.msign.pages.visits import StoredVisits
from services.msign.requests import RequestStore
from services.msign.signing.claims import StoredClaims
from shared.contract.models import ContentType, Instrument, Language, SignContent, SignRequest, SignStatus
from shared.errors import Transient
from shared.keys import Keyring
from shared.persistence.pool import open_pool
from shared.signatures.timestamps import TimestampFailed
from shared.signatures.trust import TrustAnchors
from tests.documents import pdf_file
from tests.pages import RETURN_URL, Browser
from tests.pki import IDNP, TestPki
from tests.verifying import verify_hash_signature, verify_pdf

ENTERED = {"IDNP": IDNP, "PIN": "1234"}
MESSAGES = {
    Language.RO: "Unul dintre documente nu poate fi semnat",
    Language.RU: "Один из документов не может быть подписан",
    Language.EN: "One of the documents cannot be signed",
}


class Mortal:
    """A token, and a timestamping service, that answer so many times and then no more, until they are revived."""

    name, fields, pin_per_document = Instrument.MOLDSIGN, Tokens.fields, False

    def __init__(self):
        self.pki = TestPki.make()
        self.signatures = self.timestamps = 1000
        self.certificate, self.chain = self.pki.signer.certificate, self.pki.signer.chain

    @asynccontextmanager
    async def open(self, form):
        yield OpenKey(self)

    async def sign(self, data, digest="sha256"):
        self.signatures -= 1
        if self.signatures < 0:
            raise Transient("the PKCS#11 module failed: DeviceRemoved")
        return await self.pki.signer.sign(data, digest)

    async def stamp(self, digest, algorithm="sha256"):
        self.timestamps -= 1
        if self.timestamps < 0:
            raise TimestampFailed("the timestamping authority cannot be reached")
        return await self.pki.timestamper.stamp(digest, algorithm)


class Service:
    """The pages over a database, and what the consumer sees."""

    def __init__(self, pool, consumer_id, mortal, client):
        self.requests = RequestStore(pool)
        self.consumer_id = consumer_id
        self.mortal = mortal
        self.browser = Browser(client)
        self.request_id = ""

    async def post(self, kind, *contents):
        documents = tuple(SignContent(content=one, correlation_id=f"c{n}") for n, one in enumerate(contents))
        request = SignRequest(content_type=kind, short_content_description="Acte", contents=documents)
        until = datetime.now(UTC) + timedelta(days=1)
        self.request_id = await self.requests.create(self.consumer_id, request, until)
        form = {"ReturnUrl": RETURN_URL, "Instrument": "moldsign", "lang": "en"}
        return await self.browser.post(f"/{self.request_id}", form)

    async def response(self, language=Language.EN):
        return await self.requests.response(self.request_id, self.consumer_id, language)


@pytest.fixture
async def service(msign_database_url):
    mortal = Mortal()
    async with open_pool(msign_database_url) as pool:
        consumer = await pool.fetchval("INSERT INTO consumers (name) VALUES ('declaratii') RETURNING id")
        parts = Parts(
            requests=RequestStore(pool),
            visits=StoredVisits(pool),
            claims=StoredClaims(pool),
            instruments={Instrument.MOLDSIGN: mortal},
            timestamper=mortal,
            seal=Seal(Keyring("s" * 40)),
            mandates=NoMandates(),
        )
        server = TestServer(create_web_app(parts))
        async with TestClient(server, cookie_jar=CookieJar(unsafe=True)) as client:
            yield Service(pool, consumer, mortal, client)


async def test_a_document_that_cannot_be_signed_fails_the_request_and_keeps_what_was_signed(service):
    good = pdf_file("bun")
    browser = await service.post(ContentType.PDF, good, b"%PDF-1.7 broken", good)
    await browser.submit("pin", **ENTERED)
    assert "One of the documents cannot be signed." in browser.page
    assert browser.form("return")[0] == RETURN_URL
    for language, message in MESSAGES.items():
        response = await service.response(language)
        assert (response.status, response.message) == (SignStatus.FAILURE, message)
        assert len(message) <= 100
        assert [result.correlation_id for result in response.results] == ["c0"]
    signed = response.results[0].signature
    assert signed
    assert (await verify_pdf(signed, TrustAnchors.none())).signatures[0].integrity == "passed"


async def test_a_failed_request_stays_failed_whatever_comes_after(service):
    browser = await service.post(ContentType.PDF, b"%PDF-1.7 broken")
    action, fields = browser.form("pin")
    await browser.submit("pin", **ENTERED)
    await browser.post(action, fields | ENTERED)
    assert "already finished" in browser.page
    assert (await service.response()).status is SignStatus.FAILURE


@pytest.mark.parametrize(
    ("dies", "words"),
    [("signatures", "The signing device does not answer"), ("timestamps", "The timestamping service does not answer")],
)
async def test_what_dies_on_the_way_decides_nothing_and_a_second_try_goes_on_where_it_stopped(service, dies, words):
    hashes = [bytes([n]) * 32 for n in range(5)]
    browser = await service.post(ContentType.HASH, *hashes)
    setattr(service.mortal, dies, 2)
    await browser.submit("pin", **ENTERED)
    assert words in browser.page
    assert "What is signed already is kept." in browser.page
    assert browser.page.count('class="signed"') == 2
    assert (await service.response()).status is SignStatus.PENDING
    setattr(service.mortal, dies, 3)
    await browser.submit("pin", **ENTERED)
    response = await service.response()
    assert response.status is SignStatus.SUCCESS
    assert [result.correlation_id for result in response.results] == [f"c{n}" for n in range(5)]
    for content, result in zip(hashes, response.results, strict=True):
        assert result.signature
        report = await verify_hash_signature(result.signature, content, TrustAnchors.none())
        assert report.signatures[0].integrity == "passed"


async def test_whose_token_is_dead_may_cancel_and_the_service_gets_what_was_signed(service):
    browser = await service.post(ContentType.HASH, *(bytes([n]) * 32 for n in range(3)))
    service.mortal.signatures = 1
    await browser.submit("pin", **ENTERED)
    await browser.submit("cancel")
    assert browser.form("return")[0] == RETURN_URL
    response = await service.response(Language.RO)
    assert (response.status, response.message) == (SignStatus.FAILURE, "Utilizatorul a renunțat la semnare")
    assert [result.correlation_id for result in response.results] == ["c0"]


async def test_nothing_is_said_to_be_kept_where_nothing_was_signed(service):
    browser = await service.post(ContentType.HASH, b"1" * 32)
    service.mortal.signatures = 0
    await browser.submit("pin", **ENTERED)
    assert "Nothing was signed." in browser.page
