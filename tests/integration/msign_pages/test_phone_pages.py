"""Do the page that waits and the phone's page tell the same story, and can both be loaded again at any time?"""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import CookieJar
from aiohttp.test_utils import TestClient, TestServer
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12

from services.msign.instruments.mobile import Mobile
from services.msign.instruments.pins import PinnedTokens
from services.msign.instruments.stores import FileStore
from services.msign.instruments.tries import StoredTries
from services.msign.pages.app import create_web_app
from services.msign.pages.parts import Parts
from services.msign.pages.seal import Seal
from services.msign.pages.visits import StoredVisits
from services.msign.requests import RequestStore
from services.msign.signing.claims import StoredClaims
from shared.contract.models import ContentType, ExpectedSigner, SignContent, SignRequest, SignStatus
from shared.keys import Keyring
from shared.persistence.pool import open_pool
from tests.pages import RETURN_URL, Browser
from tests.pki import IDNP, TestPki, rsa_key
from tests.provider import AnyCertificate

PHONE, PIN = "37369000017", "1717"
OTHER_PHONE, OTHER_IDNP = "37369000099", "2000000000099"


class Service:
    """A request that waits for a phone, the page that shows it, and the phone."""

    def __init__(self, pool: Any, parts: Parts, page: Browser, phone: Browser) -> None:
        self.pool, self.requests, self.timestamper = pool, RequestStore(pool), parts.timestamper
        self.page, self.phone = page, phone
        self.request_id = ""

    async def post(self, count: int = 1, signer: ExpectedSigner | None = None) -> None:
        contents = tuple(SignContent(content=bytes([n]) * 32, correlation_id=f"c{n}") for n in range(count))
        request = SignRequest(
            content_type=ContentType.HASH, short_content_description="Cerere", contents=contents, expected_signer=signer
        )
        consumer = await self.pool.fetchval("SELECT id FROM consumers")
        self.request_id = await self.requests.create(consumer, request, datetime.now(UTC) + timedelta(days=1))

    async def call(self) -> None:
        """Enter, and let the phone ring."""
        form = {"ReturnUrl": RETURN_URL, "Instrument": "mobile", "lang": "en"}
        await self.page.post(f"/{self.request_id}", form)
        await self.page.submit("pin", MSISDN=PHONE, IDNP=IDNP)

    async def pick_up(self) -> Browser:
        return await self.phone.get(f"/phone/{PHONE}?lang=en")

    async def state(self) -> dict[str, Any]:
        async with self.page.client.get(f"/{self.request_id}/phone/state") as response:
            return await response.json()

    async def status(self) -> SignStatus:
        asked = await self.requests.summary(self.request_id)
        assert asked
        return asked.status


@pytest.fixture
async def service(msign_database_url, tmp_path):
    pki = TestPki.make()
    encryption = BestAvailableEncryption(PIN.encode())
    sim = pkcs12.serialize_key_and_certificates(
        b"sim", rsa_key("md-person"), pki.signer.certificate, pki.signer.chain, encryption
    )
    (tmp_path / f"mobile-{PHONE}.p12").write_bytes(sim)
    async with open_pool(msign_database_url) as pool:
        await pool.execute("INSERT INTO consumers (name) VALUES ('declaratii')")
        tries = StoredTries(pool)
        sims = PinnedTokens(FileStore(tmp_path), tries, AnyCertificate())
        parts = Parts(
            requests=RequestStore(pool),
            visits=StoredVisits(pool),
            claims=StoredClaims(pool),
            instruments={},
            timestamper=pki.timestamper,
            seal=Seal(Keyring("s" * 40)),
            mobile=Mobile(pool, sims, tries, {PHONE: IDNP, OTHER_PHONE: OTHER_IDNP}),
            people=({"instrument": "mobile", "name": "Ana", "idnp": IDNP, "pin": PIN, "msisdn": PHONE, "note": ""},),
        )
        server = TestServer(create_web_app(parts))
        async with (
            TestClient(server, cookie_jar=CookieJar(unsafe=True)) as page,
            TestClient(server, cookie_jar=CookieJar(unsafe=True)) as phone,
        ):
            made = Service(pool, parts, Browser(page), Browser(phone))
            await made.post()
            yield made


async def test_the_page_counts_down_from_what_the_phone_has_left_whatever_the_readers_clock_says(service):
    await service.call()
    seconds = int(service.page.page.split('data-seconds="')[1].partition('"')[0])
    assert 110 <= seconds <= 120
    assert f">{seconds // 60}:{seconds % 60:02d}<" in service.page.page
    await service.pool.execute("UPDATE phone_transactions SET expires_at = expires_at - interval '1 minute'")
    await service.page.reload()
    assert int(service.page.page.split('data-seconds="')[1].partition('"')[0]) <= seconds - 59


async def test_a_phone_rings_however_its_number_is_written(service):
    form = {"ReturnUrl": RETURN_URL, "Instrument": "mobile", "lang": "en"}
    await service.page.post(f"/{service.request_id}", form)
    await service.page.submit("pin", MSISDN="0 69 000-017", IDNP=f"{IDNP[:4]} {IDNP[4:]}")
    code = service.page.page.split('class="code"><strong>')[1].partition("<")[0]
    assert code in (await service.pick_up()).page


async def test_a_test_persons_phone_is_a_click_away_and_nobody_elses(service):
    link = f'href="/phone/{PHONE}?lang=en"'
    await service.call()
    assert link in service.page.page
    await service.page.submit("again")
    await service.page.submit("instruments")
    await service.page.submit("pin", MSISDN=OTHER_PHONE, IDNP=OTHER_IDNP)
    assert 'class="code"' in service.page.page
    assert "/phone/3" not in service.page.page


async def test_page_and_script_see_the_same_state_through_to_the_end(service):
    await service.call()
    assert await service.state() == {"state": "waiting", "signed": 0, "total": 1}
    assert 'data-state="waiting"' in service.page.page
    await (await service.pick_up()).submit("phone", PIN=PIN)
    assert "You have signed" in service.phone.page
    assert await service.state() == {"state": "Success", "signed": 1, "total": 1}
    await service.page.reload()
    assert service.page.address == f"/{service.request_id}/done"
    assert service.page.form("return")[0] == RETURN_URL


async def test_the_page_shows_each_document_as_the_phone_signs_it(service, monkeypatch):
    await service.post(count=3)
    await service.call()
    seen = []
    stamp = type(service.timestamper).stamp

    async def looking(self, *given):
        seen.append(await service.state())
        await service.page.reload()
        return await stamp(self, *given)

    monkeypatch.setattr("tests.pki.LocalTimestamper.stamp", looking)
    await (await service.pick_up()).submit("phone", PIN=PIN)
    assert seen == [{"state": "signing", "signed": n, "total": 3} for n in range(3)]
    assert "Signed: 2 of 3" in service.page.page
    assert service.page.page.count('class="signed"') == 2
    assert "data-seconds" not in service.page.page
    assert await service.status() is SignStatus.SUCCESS


async def test_reloading_the_phone_after_a_wrong_pin_costs_no_try(service):
    await service.call()
    phone = await service.pick_up()
    await phone.submit("phone", PIN="0000")
    for _ in range(3):
        assert "The PIN is wrong." in phone.page
        await phone.reload()
    await phone.submit("phone", PIN="0000")
    assert "1 try is left" in phone.page


@pytest.mark.parametrize(
    "said", ["nonsense", "wrong_pin&number=x", "wrong_pin&number=-1", "too_many_calls&number=" + "9" * 5000, "<script>"]
)
async def test_an_invented_answer_in_the_phones_address_breaks_nothing(service, said):
    await service.call()
    phone = await service.phone.get(f"/phone/{PHONE}?lang=en&said={said}")
    assert phone.status == 200
    assert phone.form("phone")


async def test_a_phone_stops_ringing_when_the_page_cancels(service):
    await service.call()
    assert "phone" in (await service.pick_up()).forms()
    await service.page.submit("cancel")
    assert await service.status() is SignStatus.FAILURE
    phone = await service.phone.reload()
    assert "There is nothing to sign" in phone.page
    async with phone.client.get(f"/phone/{PHONE}/state") as response:
        assert await response.json() == {"state": ""}


async def test_a_pin_that_comes_after_the_page_cancelled_is_too_late(service):
    await service.call()
    phone = await service.pick_up()
    action, fields = phone.form("phone")
    await service.page.submit("cancel")
    await phone.post(action, fields | {"PIN": PIN})
    assert "does not wait for a signature any more" in phone.page
    assert await service.status() is SignStatus.FAILURE


async def test_refusing_on_the_phone_leads_the_page_to_the_reason(service):
    await service.call()
    await (await service.pick_up()).submit("refuse")
    await service.page.reload()
    assert service.page.address == f"/{service.request_id}/done"
    assert service.page.form("return")[0] == RETURN_URL


async def test_somebody_else_than_expected_cannot_sign_on_the_phone(service):
    await service.call()
    await service.pool.execute(
        "UPDATE sign_requests SET expected_signer = $2 WHERE request_id = $1",
        service.request_id,
        {"id": "2000000000031", "delegator_type": "None", "delegator_id": None, "delegated_role_id": None},
    )
    phone = await service.pick_up()
    await phone.submit("phone", PIN=PIN)
    assert "Somebody else is expected to sign" in phone.page
    assert (await service.state())["state"] == "failed"
    await service.page.reload()
    assert "The phone did not sign" in service.page.page
    assert await service.status() is SignStatus.PENDING


async def test_the_language_can_be_changed_while_the_phone_rings(service):
    await service.call()
    await service.page.submit(f"/{service.request_id}/language", lang="ru")
    assert service.page.address == f"/{service.request_id}/phone"
    assert '<html lang="ru">' in service.page.page


async def test_without_a_call_the_page_that_waits_leads_to_the_instruments(service):
    await service.page.post(f"/{service.request_id}", {"ReturnUrl": RETURN_URL})
    await service.page.get(f"/{service.request_id}/phone")
    assert service.page.form("instruments")
    assert (await service.state())["state"] == "Pending"


async def test_a_phone_that_nobody_answers_is_told_on_the_page(service):
    await service.call()
    await service.pool.execute("UPDATE phone_transactions SET expires_at = now()")
    assert (await service.state())["state"] == "timed_out"
    await service.page.reload()
    assert "did not answer in time" in service.page.page
    assert await service.status() is SignStatus.PENDING
