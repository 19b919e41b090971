from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import test_utils, web

from msign_gateway.demo.browser import Browser, Page
from msign_gateway.demo.errors import DemoError

FORMS = """<h1>A  page</h1><p role="alert">Not
<b>good</b></p>
<form id="upload" method="post" action="/take"><input type="hidden" name="state" value="s">
<input type="file" name="KeyFile"><input name="Password"></form>
<form id="search" action="/take"><input name="q" value="ș&amp;"></form>"""


def told_of(value: str | bytearray | bytes | web.FileField) -> str:
    return f"{value.filename}:{value.file.read().decode()}" if isinstance(value, web.FileField) else str(value)


@pytest.fixture
async def page() -> AsyncIterator[tuple[Browser, Page]]:
    """A browser before a page with forms, whose server answers with what it got."""

    async def show(_: web.Request) -> web.Response:
        return web.Response(text=FORMS, content_type="text/html")

    async def take(request: web.Request) -> web.Response:
        fields = await request.post() if request.method == "POST" else request.query
        told = [f"{name}={told_of(value)}" for name, value in fields.items()]
        return web.Response(text=f"<h1>{request.content_type}</h1>" + " ".join(told), content_type="text/html")

    app = web.Application()
    app.add_routes([web.get("/", show), web.get("/take", take), web.post("/take", take)])
    async with test_utils.TestServer(app) as server, Browser() as browser:
        yield browser, await browser.open(str(server.make_url("/")))


async def test_a_form_goes_out_with_its_hidden_fields_and_what_was_filled_in(page):
    browser, shown = page
    answer = await browser.submit(shown, shown.form("upload"), {"Password": "secret ș"})
    assert (answer.title, answer.text) == (
        "application/x-www-form-urlencoded",
        "application/x-www-form-urlencodedstate=s Password=secret ș",
    )


async def test_a_path_is_uploaded_as_a_file(page, tmp_path: Path):
    (tmp_path / "key.p12").write_bytes(b"bytes of a key")
    browser, shown = page
    filled = {"KeyFile": tmp_path / "key.p12", "Password": "secret"}
    answer = await browser.submit(shown, shown.form("upload"), filled)
    assert answer.text == "multipart/form-datastate=s KeyFile=key.p12:bytes of a key Password=secret"


async def test_a_form_without_a_method_is_a_query(page):
    browser, shown = page
    assert (await browser.submit(shown, shown.form("search"))).url.endswith("/take?q=%C8%99%26")


async def test_a_page_tells_its_heading_and_what_went_wrong(page):
    _, shown = page
    assert (shown.title, shown.alert) == ("A page", "Not good")


async def test_a_form_that_is_not_there_is_said_with_the_page(page):
    _, shown = page
    with pytest.raises(DemoError, match=r"\(200, 'A page'\) has 0 forms pin"):
        shown.form("pin")
