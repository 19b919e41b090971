"""Is what a browser came with kept in the database exactly, for that browser and request only?"""

import asyncio
from datetime import timedelta

import pytest

from services.msign.pages import visits as visits_module
from services.msign.pages.entry import Entry
from services.msign.pages.visits import Remark, StoredVisits
from shared.contract.models import Instrument, Language
from tests.provider import pool_with_requests

FIRST, SECOND = "a" * 32, "b" * 32
ENTRY = Entry(return_url="https://servicii.exemplu.md/r?a=1", relay_state="r")


@pytest.fixture
async def pool(msign_database_url):
    async with pool_with_requests(msign_database_url, FIRST, SECOND) as pool:
        yield pool


@pytest.fixture
def visits(pool):
    return StoredVisits(pool)


async def arrived(visits, browser="browser", request_id=FIRST, entry=ENTRY):
    ticket = await visits.begin(request_id, entry, Language.RU)
    assert await visits.arrive(request_id, ticket, browser)
    return await visits.find(request_id, browser)


@pytest.mark.parametrize(
    "entry",
    [
        ENTRY,
        Entry(return_url="https://x.md/", relay_state=None),
        Entry(return_url="https://x.md/", relay_state=""),
        Entry(return_url="https://x.md/", relay_state="\x00\r\n\u2028🖋\ufffe\"'\\<" + "я" * 1000),
        Entry(
            return_url="https://x.md/", instrument=Instrument.MOBILE, msisdn="37369000017", language=Language.EN
        ),
    ],
    ids=["plain", "no state", "empty state", "odd state", "all"],
)  # fmt: skip
async def test_what_the_service_asked_for_is_kept_exactly(visits, entry):
    visit = await arrived(visits, entry=entry)
    assert (visit.entry, visit.language, visit.remark) == (entry, Language.RU, None)


async def test_a_visit_is_its_browsers_and_its_requests_only(visits):
    await arrived(visits)
    for request_id, browser in ((FIRST, "other"), (SECOND, "browser"), (FIRST, "")):
        assert await visits.find(request_id, browser) is None


async def test_a_ticket_is_good_once(visits):
    ticket = await visits.begin(FIRST, ENTRY, Language.RO)
    outcomes = await asyncio.gather(*(visits.arrive(FIRST, ticket, f"browser-{n}") for n in range(5)))
    assert sorted(outcomes) == [False] * 4 + [True]


@pytest.mark.parametrize("request_id", [SECOND, "c" * 32])
async def test_a_ticket_is_good_for_its_request_only(visits, request_id):
    ticket = await visits.begin(FIRST, ENTRY, Language.RO)
    assert not await visits.arrive(request_id, ticket, "browser")
    assert not await visits.arrive(FIRST, "invented", "browser")


async def test_a_ticket_that_nobody_used_is_soon_too_old(visits, monkeypatch):
    ticket = await visits.begin(FIRST, ENTRY, Language.RO)
    monkeypatch.setattr(visits_module, "TICKET_TTL", timedelta(0))
    assert not await visits.arrive(FIRST, ticket, "browser")


async def test_no_cookie_passes_for_a_ticket_and_tickets_that_nobody_used_are_forgotten(visits, pool, monkeypatch):
    ticket = await visits.begin(FIRST, ENTRY, Language.RO)
    assert await visits.find(FIRST, ticket) is None
    await arrived(visits)
    monkeypatch.setattr(visits_module, "TICKET_TTL", timedelta(0))
    await visits.begin(FIRST, ENTRY, Language.RO)
    assert await pool.fetchval("SELECT count(*) FROM visits") == 2, "the visit, and the ticket that was given now"


async def test_coming_again_brings_what_was_asked_last_and_forgets_what_was_said(visits):
    await visits.say(await arrived(visits), Remark(key="wrong_pin", number=2))
    newer = Entry(return_url="https://x.md/again")
    assert (await arrived(visits, entry=newer)).remark is None
    assert (await visits.find(FIRST, "browser")).entry == newer


async def test_what_was_said_stays_until_something_else_is(visits):
    visit = await arrived(visits)
    remark = Remark(key="wrong_pin", number=2, entered={"IDNP": "2000000000017"})
    await visits.say(visit, remark)
    assert (await visits.find(FIRST, "browser")).remark == remark
    await visits.speak(visit, Language.EN)
    spoken = await visits.find(FIRST, "browser")
    assert (spoken.language, spoken.remark) == (Language.EN, remark)
    await visits.say(visit, None)
    assert (await visits.find(FIRST, "browser")).remark is None


async def test_no_cookie_stands_in_the_database(visits, pool):
    ticket = await visits.begin(SECOND, ENTRY, Language.RO)
    await arrived(visits, browser="the cookie's value")
    rows = str([dict(row) for row in await pool.fetch("SELECT * FROM visits")])
    assert "the cookie's value" not in rows
    assert ticket not in rows


async def test_visits_go_with_their_request(visits, pool):
    await arrived(visits)
    await pool.execute("DELETE FROM sign_requests WHERE request_id = $1", FIRST)
    assert await pool.fetchval("SELECT count(*) FROM visits") == 0
