"""Does every instrument sign through the pages alone, without a script, on real tokens, and how does each say no?"""

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pkcs11
import pytest
from aiohttp import CookieJar
from aiohttp.test_utils import TestClient, TestServer
from cryptography import x509

from msign_gateway.infrastructure.ports import free_ports
from msign_gateway.infrastructure.softhsm import find_module
from services.msign.consumers import Consumers
from services.msign.judging import Judges
from services.msign.mandates import StoredMandates
from services.msign.mandates.registry import Mandate
from services.msign.pages.app import create_web_app
from services.msign.pki.app import create_pki_app
from services.msign.pki.architecture import Architecture
from services.msign.pki.create import create
from services.msign.pki.people import PEOPLE, Flaw, Person
from services.msign.requests import RequestStore
from services.msign.responses import StoredResponse
from services.msign.web import WebSettings, parts_of
from shared.contract.models import (
    ContentType,
    DelegatorType,
    ExpectedSigner,
    Language,
    SignContent,
    SignRequest,
    SignStatus,
)
from shared.lifecycle import serve_http
from shared.persistence.pool import open_pool
from shared.signatures.fetching import HttpFetcher
from shared.signatures.trust import TrustAnchors
from shared.signatures.verify import Verifier
from tests.pages import RETURN_URL, Browser
from tests.verifying import verify_hash_signature

HASHES = (b"1" * 32, b"2" * 20, b"3" * 64)
INSTRUMENTS = ("moldsign", "nationalid", "securesign", "tax", "mobile")


def person(instrument: str, flaw: Flaw | None = None) -> Person:
    return next(one for one in PEOPLE if (one.instrument, one.flaw) == (instrument, flaw))


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    """The infrastructure's directory and port, SoftHSM with the tokens, and the infrastructure itself."""
    module, (port,) = find_module(), free_ports(1)
    assert module, "SoftHSM is not installed"
    pkcs11.unload(str(module))  # whoever loaded it before had other tokens
    directory = tmp_path_factory.mktemp("pki") / "pki"
    create(directory, pki_url=f"http://127.0.0.1:{port}", server_names=["127.0.0.1"], pkcs11_module=module)
    yield directory, port, module, Architecture.load(directory)
    pkcs11.unload(str(module))


class KeyFile(io.BytesIO):
    """What a form uploads as a file with a name."""

    def __init__(self, path: Path) -> None:
        super().__init__(path.read_bytes())
        self.name = path.name


class Provider:
    """The pages over a database, and the consumer's view of what became of its request."""

    def __init__(
        self, requests: RequestStore, mandates: StoredMandates, consumer_id: int, directory: Path, server: Any
    ) -> None:
        self.requests = requests
        self.mandates = mandates
        self.consumer_id = consumer_id
        self.directory = directory
        self.server = server
        self.clients: list[Any] = []
        self.request_id = ""

    def browser(self) -> Browser:
        self.clients.append(TestClient(self.server, cookie_jar=CookieJar(unsafe=True)))
        return Browser(self.clients[-1])

    async def post(self, hashes=HASHES, expected: str | ExpectedSigner | None = None) -> str:
        contents = tuple(SignContent(content=one, correlation_id=str(n)) for n, one in enumerate(hashes))
        signer = ExpectedSigner(id=expected) if isinstance(expected, str) else expected
        request = SignRequest(
            content_type=ContentType.HASH, short_content_description="Cerere", contents=contents, expected_signer=signer
        )
        self.request_id = await self.requests.create(self.consumer_id, request, datetime.now(UTC) + timedelta(days=1))
        return self.request_id

    async def enter(self, instrument: str, **parameters: str) -> Browser:
        form = {"ReturnUrl": RETURN_URL, "Instrument": instrument, "lang": "en", **parameters}
        return await self.browser().post(f"/{self.request_id}", form)

    async def response(self) -> StoredResponse:
        return await self.requests.response(self.request_id, self.consumer_id, Language.EN)

    def entered(self, who: Person, pin: str | None = None) -> dict[str, Any]:
        if who.instrument == "tax":
            return {"KeyFile": KeyFile(self.directory / who.token_file), "Password": pin or who.pin}
        if who.msisdn:
            return {"MSISDN": who.msisdn, "IDNP": who.idnp}
        return {"IDNP": who.idnp, "PIN": pin or who.pin}


@pytest.fixture
async def provider(pki, msign_database_url):
    directory, port, module, architecture = pki
    anchors = TrustAnchors.from_directory(directory / "trust")
    settings = WebSettings(
        ops_port=free_ports(1)[0],
        web_port=free_ports(1)[0],
        web_secret="a-secret-of-this-test-long-enough",
        pki_dir=directory,
        pki_port=port,
        pkcs11_module=module,
        trust_dir=directory / "trust",
    )
    async with (
        open_pool(msign_database_url) as pool,
        serve_http(create_pki_app(lambda: architecture), host="127.0.0.1", port=port),
        aiohttp.ClientSession() as session,
    ):
        certificate = x509.load_pem_x509_certificate((directory / "tls" / "consumer1.pem").read_bytes())
        await Consumers(pool).add("Declarații", certificate)
        consumer = await Consumers(pool).find(certificate)
        assert consumer
        requests = RequestStore(pool)
        judges = Judges(Verifier(anchors), HttpFetcher(session, timeout_s=60), at_once=1)
        parts = parts_of(settings, pool, requests, session, architecture, judges)
        server = TestServer(create_web_app(parts))
        await server.start_server()
        provider = Provider(requests, StoredMandates(pool), consumer.id, directory, server)
        yield provider
        for client in provider.clients:
            await client.close()
        await server.close()


async def on_the_phone(provider: Provider, who: Person, pin: str | None = None) -> Browser:
    phone = await provider.browser().get(f"/phone/{who.msisdn}?lang=en")
    return await phone.submit("phone", PIN=pin or who.pin)


async def signed_with(provider: Provider, who: Person) -> tuple[Browser, int]:
    """Sign as a person; returns the page at the end and how often the form was filled in."""
    page = await provider.enter(who.instrument)
    entries = 0
    while "pin" in page.forms():
        await page.submit("pin", **provider.entered(who))
        entries += 1
        assert entries <= len(HASHES), page.page
    if who.msisdn:
        await on_the_phone(provider, who)
        await page.get(f"/{provider.request_id}/phone")
    return page, entries


@pytest.mark.parametrize("instrument", INSTRUMENTS)
async def test_a_batch_is_signed_and_trusted(provider, instrument):
    await provider.post()
    who = person(instrument)
    page, entries = await signed_with(provider, who)
    assert page.form("return")[0] == RETURN_URL
    assert entries == (len(HASHES) if instrument == "nationalid" else 1)
    response = await provider.response()
    assert response.status is SignStatus.SUCCESS
    anchors = TrustAnchors.from_directory(provider.directory / "trust")
    for content, result in zip(HASHES, response.results, strict=True):
        assert result.signature
        report = await verify_hash_signature(result.signature, content, anchors)
        assert report.valid, report


@pytest.mark.parametrize("instrument", ["moldsign", "nationalid", "securesign"])
async def test_a_wrong_pin_says_how_many_tries_are_left_and_three_lock_the_token(provider, instrument):
    await provider.post()
    who = person(instrument)
    page = await provider.enter(instrument)
    await page.submit("pin", **provider.entered(who, "0000"))
    assert "2 tries are left" in page.page
    await page.submit("pin", **provider.entered(who, "0000"))
    await page.submit("pin", **provider.entered(who, "0000"))
    await page.submit("pin", **provider.entered(who))
    assert "locked" in page.page
    assert (await provider.response()).status is SignStatus.PENDING


async def test_a_key_file_with_a_wrong_password_or_no_key_in_it_is_refused(provider):
    await provider.post()
    page = await provider.enter("tax")
    await page.submit("pin", **provider.entered(person("tax"), "wrong"))
    assert "the password is wrong" in page.page
    await page.submit("pin", KeyFile=KeyFile(provider.directory / "people.json"), Password="x")
    assert "The file is not a key" in page.page


@pytest.mark.parametrize(
    ("instrument", "flaw", "words"),
    [("moldsign", Flaw.EXPIRED, "has expired"), ("nationalid", Flaw.REVOKED, "was revoked")],
)
async def test_a_bad_certificate_signs_nothing_and_says_why(provider, instrument, flaw, words):
    await provider.post()
    page = await provider.enter(instrument)
    await page.submit("pin", **provider.entered(person(instrument, flaw)))
    assert words in page.page
    assert await provider.requests.progress(provider.request_id) == (0, len(HASHES))


async def test_cancelling_between_two_pin_entries_fails_the_request_and_keeps_what_was_signed(provider):
    await provider.post()
    page = await provider.enter("nationalid")
    await page.submit("pin", **provider.entered(person("nationalid")))
    assert "Document 2 of 3" in page.page
    await page.submit("cancel")
    response = await provider.response()
    assert (response.status, len(response.results)) == (SignStatus.FAILURE, 1)


async def test_a_phone_with_number_and_expected_signer_given_rings_at_once_and_once(provider):
    who = person("mobile")
    await provider.post(expected=who.idnp)
    assert who.msisdn
    page = await provider.enter("mobile", MSISDN=who.msisdn)
    assert "Verification code" in page.page
    assert "pin" not in page.forms()
    await page.post(f"/{provider.request_id}", {"ReturnUrl": RETURN_URL, "Instrument": "mobile", "MSISDN": who.msisdn})
    phone = await provider.browser().get(f"/phone/{who.msisdn}/state")
    assert phone.page.count("-") == 4, "one call, known by its UUID"


async def test_a_code_is_the_same_on_page_and_phone(provider):
    await provider.post()
    who = person("mobile")
    page = await provider.enter("mobile")
    await page.submit("pin", **provider.entered(who))
    phone = await provider.browser().get(f"/phone/{who.msisdn}?lang=en")
    code = page.page.split('class="code"><strong>')[1][:4]
    assert code.isdigit()
    assert f"<strong>{code}</strong>" in phone.page
    assert "Cerere" in phone.page


async def test_refusing_on_the_phone_fails_the_request(provider):
    await provider.post()
    who = person("mobile")
    page = await provider.enter("mobile")
    await page.submit("pin", **provider.entered(who))
    phone = await provider.browser().get(f"/phone/{who.msisdn}?lang=en")
    await phone.submit("refuse")
    await page.get(f"/{provider.request_id}/phone")
    assert page.form("return")[0] == RETURN_URL
    response = await provider.response()
    assert (response.status, response.message) == (SignStatus.FAILURE, "The user declined to sign")


async def test_a_wrong_pin_on_the_phone_lets_it_ring_on(provider):
    await provider.post()
    who = person("mobile")
    page = await provider.enter("mobile")
    await page.submit("pin", **provider.entered(who))
    phone = await on_the_phone(provider, who, "0000")
    assert "2 tries are left" in phone.page
    await phone.submit("phone", PIN=who.pin)
    assert "You have signed" in phone.page


@pytest.mark.parametrize("changed", [{"MSISDN": "37360000000"}, {"IDNP": "2000000000031"}])
async def test_an_unknown_subscriber_is_told_so_whichever_part_is_wrong(provider, changed):
    await provider.post()
    page = await provider.enter("mobile")
    await page.submit("pin", **{**provider.entered(person("mobile")), **changed})
    assert "no subscriber" in page.page


async def test_somebody_else_than_the_expected_signer_is_not_called(provider):
    await provider.post(expected="2000000000024")
    page = await provider.enter("mobile")
    await page.submit("pin", **provider.entered(person("mobile")))
    assert "Somebody else is expected" in page.page


@pytest.mark.parametrize("instrument", ["moldsign", "mobile"])
async def test_who_signs_for_an_organisation_in_a_role_needs_the_mandate(provider, instrument):
    who, company, role = person(instrument), "1000000000017", 3
    expected = ExpectedSigner(
        id=who.idnp, delegator_type=DelegatorType.ORGANIZATION, delegator_id=company, delegated_role_id=role
    )
    await provider.post(expected=expected)
    page = await provider.enter(instrument)
    await page.submit("pin", **provider.entered(who))
    if who.msisdn:
        page = await on_the_phone(provider, who)
    assert "Somebody else is expected" in page.page
    assert (await provider.response()).status is SignStatus.PENDING
    mandate = Mandate(who=who.idnp, delegator_type=DelegatorType.ORGANIZATION, delegator_id=company, role_id=role)
    await provider.mandates.add(mandate)
    await signed_with(provider, who)
    assert (await provider.response()).status is SignStatus.SUCCESS


async def test_another_browser_cannot_follow_a_call(provider):
    await provider.post()
    page = await provider.enter("mobile")
    await page.submit("pin", **provider.entered(person("mobile")))
    stranger = await provider.browser().get(f"/{provider.request_id}/phone")
    assert stranger.status == 403
    assert (await stranger.get(f"/{provider.request_id}/phone/state")).status == 403


async def test_a_form_with_an_invented_call_is_too_late(provider):
    who = person("mobile")
    for form in ("sign", "refuse"):
        answer = await provider.browser().post(f"/phone/{who.msisdn}/{form}?lang=en", {"transaction": "x", "PIN": "1"})
        assert "does not wait" in answer.page
