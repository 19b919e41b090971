"""Does every trouble get a page that says what to do, in the reader's language?"""

from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import aiohttp
import pytest

from services.msign.instruments.instrument import Refusal, Refused
from services.msign.pki.people import PEOPLE
from shared.contract.models import ContentType, Instrument, SignContent, SignRequest, SignStatus
from shared.errors import Transient
from tests.pages import REQUEST_ID, RETURN_URL
from tests.provider import summary_of

ANA = PEOPLE[0]
RIGHT = {"IDNP": ANA.idnp, "PIN": ANA.pin}


class Refusing:
    """MoldSign as it is, but it refuses."""

    def __init__(self, instrument, error):
        self.name, self.fields, self.pin_per_document = instrument.name, instrument.fields, False
        self.error = error

    @asynccontextmanager
    async def open(self, form):
        raise self.error
        yield


@pytest.fixture
async def at_pin(serve, parts):
    """Opens MoldSign's form; the instrument answers with an error."""
    moldsign = parts.instruments[Instrument.MOLDSIGN]

    @asynccontextmanager
    async def opened(error, lang="en"):
        instruments = {**parts.instruments, Instrument.MOLDSIGN: Refusing(moldsign, error)}
        async with serve(replace(parts, instruments=instruments)) as open_browser:
            yield await open_browser().enter(Instrument="moldsign", lang=lang)

    return opened


@pytest.mark.parametrize(
    ("seconds", "lang", "words"),
    [
        (1, "en", "Try again in 1 minute."),
        (60, "en", "Try again in 1 minute."),
        (61, "en", "Try again in 2 minutes."),
        (600, "ro", "peste 10 minute."),
        (600, "ru", "через 10 минут."),
    ],
)
async def test_who_has_to_wait_is_told_for_how_many_minutes(at_pin, seconds, lang, words):
    async with at_pin(Refused(Refusal.TOO_MANY_TRIES, wait=timedelta(seconds=seconds)), lang) as browser:
        await browser.submit("pin", **RIGHT)
        assert words in browser.page


@pytest.mark.parametrize("why", Refusal)
async def test_each_refusal_leaves_the_form_with_what_was_entered(at_pin, requests, why):
    async with at_pin(Refused(why, tries_left=1, wait=timedelta(minutes=1))) as browser:
        await browser.submit("pin", **RIGHT)
        assert 'role="alert"' in browser.page
        assert browser.form("pin")[1]["IDNP"] == ANA.idnp
        assert ANA.pin not in browser.form("pin")[1].values()
    assert requests.finishes == 0


async def test_a_token_that_does_not_answer_decides_nothing(at_pin, requests):
    async with at_pin(Transient("the module failed")) as browser:
        await browser.submit("pin", **RIGHT)
        assert "does not answer" in browser.page
    assert requests.finishes == 0


@pytest.mark.parametrize("page", ["", "/choose", "/sign", "/phone", "/done", "/progress", "/documents/1"])
async def test_any_page_of_an_unknown_request_says_that_there_is_none(browser, page):
    await browser.enter()
    await browser.get(f"/{'f' * 32}{page}", params={"lang": "en"})
    assert browser.status == 404
    assert "Request not found" in browser.page


@pytest.mark.parametrize("page", ["/choose", "/sign?Instrument=moldsign", "/phone", "/done", "/documents/1"])
async def test_any_page_of_an_expired_request_says_so_in_the_language_of_the_visit(browser, requests, page):
    await browser.enter(lang="ru")
    requests.put(status=SignStatus.EXPIRED)
    await browser.get(f"/{REQUEST_ID}{page}")
    assert browser.status == 410
    assert '<html lang="ru">' in browser.page


@pytest.mark.parametrize("status", [SignStatus.SUCCESS, SignStatus.FAILURE])
@pytest.mark.parametrize("page", ["/choose", "/sign?Instrument=moldsign", "/documents/1"])
async def test_a_page_of_a_decided_request_says_how_it_ended_and_leads_back(browser, requests, page, status):
    await browser.enter(lang="en")
    requests.put(status=status, reason="declined")
    await browser.get(f"/{REQUEST_ID}{page}")
    assert "already finished" in browser.page
    assert browser.form("return")[0] == RETURN_URL


@pytest.mark.parametrize("form", ["sign", "instrument", "cancel", "choose"])
async def test_a_form_of_a_decided_request_leads_to_how_it_ended(browser, requests, form):
    await browser.enter(lang="en", Instrument="moldsign")
    fields = browser.form("pin")[1]
    requests.put(status=SignStatus.SUCCESS)
    await browser.post(f"/{REQUEST_ID}/{form}", fields | RIGHT)
    assert "already finished" in browser.page
    assert requests.finishes == 0


async def test_a_link_with_a_language_changes_it_for_good(browser):
    await browser.enter(lang="en")
    await browser.get(f"/{REQUEST_ID}/choose?lang=ru")
    assert '<html lang="ru">' in browser.page
    await browser.get(f"/{REQUEST_ID}/choose")
    assert '<html lang="ru">' in browser.page


async def test_a_file_that_is_far_too_large_gets_a_page_that_helps(browser):
    await browser.enter(lang="en", Instrument="tax")
    form = aiohttp.FormData(browser.form("pin")[1])
    form.add_field("KeyFile", b"x" * 300_000, filename="key.p12")
    await browser.post(f"/{REQUEST_ID}/sign?lang=en", form)
    assert browser.status == 413
    assert "choose the file with your key" in browser.page


async def test_a_body_that_is_no_form_gets_a_page_that_helps(browser):
    await browser.enter()
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    await browser.post(f"/{REQUEST_ID}/sign?lang=en", b"nonsense", headers=kind)
    assert browser.status == 400
    assert "cannot be read" in browser.page
    await browser.client.post(f"/{REQUEST_ID}/sign", data=b"--x\r\n\r\n", headers=kind)


async def test_a_wrong_method_gets_a_page_too(browser):
    async with browser.client.put(f"/{REQUEST_ID}/sign?lang=en") as response:
        assert response.status == 405
        assert "POST" in response.headers["Allow"]
        assert response.content_type == "text/html"


async def test_very_long_descriptions_and_names_in_any_script_are_shown_whole(browser, requests):
    description, name = "Ș" * 512, "عقد الإيجار 📄 " + "🏛️" * 100
    document = replace(requests.one.documents[0], name=name)
    requests.put(content_description=description, documents=(document,))
    await browser.enter()
    assert description in browser.page
    assert f"<bdi>{name}</bdi>" in browser.page


async def test_five_hundred_documents_stand_on_one_page_that_is_not_heavy(browser, requests):
    contents = tuple(SignContent(content=bytes([n % 256]) * 32, correlation_id=str(n)) for n in range(500))
    request = SignRequest(content_type=ContentType.HASH, short_content_description="Multe", contents=contents)
    requests.contents = contents
    requests.asked[REQUEST_ID] = summary_of(request, request_id=REQUEST_ID)
    await browser.enter(lang="en", Instrument="moldsign")
    assert browser.page.count("<bdi>") == 500
    assert len(browser.page.encode()) < 500 * 1024
    await browser.submit("pin", **RIGHT)
    assert len(requests.signed) == 500
    assert requests.one.status is SignStatus.SUCCESS
