"""Can the documents be read before they are signed, by whoever is to sign them and nobody else?"""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import ClientError

from services.msign.pages import documents
from shared.contract.models import ContentType, SignContent, SignRequest, SignStatus
from tests.documents import pdf_file
from tests.pages import REQUEST_ID
from tests.provider import summary_of

PDFS = (pdf_file("first"), pdf_file("second"))
NAMES = ("Declarația „2026” / <b>.pdf", None)


@pytest.fixture(autouse=True)
def pdf_request(requests):
    contents = tuple(SignContent(content=one, name=name) for one, name in zip(PDFS, NAMES, strict=True))
    request = SignRequest(content_type=ContentType.PDF, short_content_description="Acte", contents=contents)
    requests.contents = contents
    requests.asked[REQUEST_ID] = summary_of(request, request_id=REQUEST_ID)


async def read(browser: Any, address: str) -> Any:
    response = await browser.client.get(address, headers={"Accept-Language": "en"})
    return response.status, response.headers, await response.read()


async def links(browser: Any) -> list[str]:
    """The addresses of the documents on the page."""
    await browser.enter(lang="en")
    return [part.partition('"')[0].replace("&amp;", "&") for part in browser.page.split('class="view" href="')[1:]]


async def test_each_document_opens_by_its_link_as_it_was_posted(browser):
    addresses = await links(browser)
    assert len(addresses) == 2
    for address, pdf in zip(addresses, PDFS, strict=True):
        status, headers, body = await read(browser, address)
        assert (status, body) == (200, pdf)
        assert headers["Content-Type"] == "application/pdf"
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in headers["Content-Security-Policy"]


async def test_a_document_is_shown_in_the_browser_and_saved_under_its_name(browser):
    first, second = await links(browser)
    _, headers, _ = await read(browser, first)
    disposition = headers["Content-Disposition"]
    assert disposition.startswith('inline; filename="Declaratia 2026 _ _b_.pdf"')
    assert disposition.endswith("filename*=UTF-8''Declara%C8%9Bia%20%E2%80%9E2026%E2%80%9D%20_%20_b_.pdf")
    _, headers, _ = await read(browser, second)
    assert 'filename="document-2.pdf"' in headers["Content-Disposition"]


async def test_a_link_opens_nothing_in_another_browser(open_browser):
    address = (await links(open_browser()))[0]
    other = open_browser()
    assert (await read(other, address))[0] == 403
    await other.enter(lang="en")
    status, _, body = await read(other, address)
    assert status == 403
    assert b"Documents open only from the page" in body


@pytest.mark.parametrize("token", ["", "?token=", "?token=x.y.z"])
async def test_without_the_links_seal_nothing_opens(browser, token):
    await browser.enter(lang="en")
    assert (await read(browser, f"/{REQUEST_ID}/documents/1{token}"))[0] == 403


async def test_a_link_that_is_too_old_says_what_to_do(browser, monkeypatch):
    address = (await links(browser))[0]
    monkeypatch.setattr("services.msign.pages.seal.LINK_TTL_S", -1)
    status, _, body = await read(browser, address)
    assert status == 410
    assert b"This link is too old" in body


async def test_a_document_is_read_piece_by_piece(browser, requests, monkeypatch):
    async def content(*_):
        pytest.fail("it is read as a whole")

    address, starts = (await links(browser))[0], []

    async def noted(request_id, position, start):
        starts.append(start)
        return PDFS[position][start : start + 400]

    monkeypatch.setattr(requests, "piece", noted)
    monkeypatch.setattr(requests, "content", content)
    assert (await read(browser, address))[2] == PDFS[0]
    assert starts == list(range(0, len(PDFS[0]), 400))


async def test_a_document_that_goes_away_while_it_is_read_is_broken_off(browser, requests, monkeypatch):
    address = (await links(browser))[0]

    async def gone(request_id, position, start):
        return None if start else PDFS[0][:100]

    monkeypatch.setattr(requests, "piece", gone)
    with pytest.raises(ClientError):
        await read(browser, address)


@pytest.fixture
def impatient(monkeypatch):
    """Nobody waits long for a turn."""
    monkeypatch.setattr(documents, "WAIT_S", 0.05)


async def test_only_so_many_documents_of_a_request_are_on_their_way_at_once(impatient, browser, requests, monkeypatch):
    address, go_on = (await links(browser))[0], asyncio.Event()

    async def slow(request_id, position, start):
        await go_on.wait()
        return PDFS[position][start:]

    monkeypatch.setattr(requests, "piece", slow)
    reading = [asyncio.create_task(read(browser, address)) for _ in range(documents.READERS_OF_ONE)]
    await asyncio.sleep(0.3)
    status, _, body = await read(browser, address)
    assert status == 503
    assert b"Try again in a few minutes" in body
    go_on.set()
    assert {answer[0] for answer in await asyncio.gather(*reading)} == {200}
    assert (await read(browser, address))[0] == 200


@pytest.mark.parametrize("number", ["0", "3", "999999"])
async def test_a_document_that_there_is_not_gets_a_page_that_helps(browser, number):
    address = (await links(browser))[0].replace("documents/1", f"documents/{number}")
    status, _, body = await read(browser, address)
    assert status == 404
    assert b"Document not found" in body


async def test_a_digest_cannot_be_viewed(browser, requests):
    address = (await links(browser))[0]
    requests.put(content_type=ContentType.HASH)
    assert (await read(browser, address))[0] == 404
    assert await links(browser) == []


@pytest.mark.parametrize(("status", "expected"), [(SignStatus.EXPIRED, 410), (SignStatus.SUCCESS, 200)])
async def test_once_the_request_is_decided_its_page_stands_instead_of_the_document(browser, requests, status, expected):
    address = (await links(browser))[0]
    requests.put(status=status)
    answered, headers, _ = await read(browser, address)
    assert answered == expected
    assert headers["Content-Type"].startswith("text/html")


async def test_a_document_that_left_the_database_meanwhile_is_not_found(browser, requests):
    address = (await links(browser))[0]
    requests.contents = ()
    assert (await read(browser, address))[0] == 404


async def test_names_that_would_deceive_the_eye_are_seen_as_they_are(browser, requests):
    document = replace(requests.one.documents[0], name="contract\u202efdp.exe")
    requests.put(documents=(document, replace(document, name="\u2066\u2069 \n")))
    await browser.enter(lang="en")
    assert "\u202e" not in browser.page
    assert "<bdi>contract\ufffdfdp.exe</bdi>" in browser.page
