"""Forms as browsers send them, and as nobody should."""

import asyncio
import gzip
import time

import pytest
from aiohttp import test_utils, web

from shared import pace
from shared.browser_forms import read_fields
from shared.errors import Malformed
from shared.pace import TooSlow

MOST = 64 * 1024
URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=x"


@pytest.fixture
async def form():
    """A server that answers with what it read, or why not."""

    async def read(request):
        try:
            fields = await read_fields(request, most_bytes=MOST)
        except (Malformed, TooSlow) as error:
            return web.json_response({"error": type(error).__name__}, status=400)
        return web.json_response([[name, value if isinstance(value, str) else list(value)] for name, value in fields])

    app = web.Application()
    app.add_routes([web.route("*", "/", read)])
    async with test_utils.TestClient(test_utils.TestServer(app)) as client:
        yield client


def part(name, value, more=""):
    return f'--x\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n{value}\r\n'


async def read(form, body, content_type, **headers):
    response = await form.post("/", data=body, headers={"Content-Type": content_type} | headers)
    return response.status, await response.json() if response.content_type == "application/json" else None


@pytest.mark.parametrize(
    ("body", "content_type", "fields"),
    [
        ("a=1&b=&a=2&c=%C8%99+x%20y", URLENCODED, [["a", "1"], ["b", ""], ["a", "2"], ["c", "ș x y"]]),
        ("a=%FF", URLENCODED, [["a", "\ufffd"]]),
        (b"a=\xff&\x00=%00", URLENCODED, [["a", "\ufffd"], ["\x00", "\x00"]]),
        (part("a", "1") + part("a", "ș") + "--x--", MULTIPART, [["a", "1"], ["a", "ș"]]),
        (part("a", "k", '; filename="k.p12"') + "--x--", MULTIPART, [["a", [107]]]),
        ("a=1", "application/json", []),
        ("", URLENCODED, []),
    ],
)
async def test_the_fields_come_in_their_order(form, body, content_type, fields):
    assert await read(form, body, content_type) == (200, fields)


@pytest.mark.parametrize("codec", ["punycode", "idna", "utf-7", "unicode_escape", "utf-16", "hex", "nonsense"])
async def test_no_codec_that_the_form_names_is_used(form, codec):
    begun = time.process_time()
    slow = "-" + "bcd9a" * 10_000
    assert await read(form, f"a={slow}", f"{URLENCODED}; charset={codec}") == (200, [["a", slow]])
    named = part("a", slow).replace("\r\n\r\n", f"\r\nContent-Type: text/plain; charset={codec}\r\n\r\n", 1)
    assert await read(form, named + "--x--", MULTIPART) == (200, [["a", slow]])
    assert time.process_time() - begun < 2, "punycode alone takes seconds for this"


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"nothing", "multipart/form-data"),
        (b"nothing", MULTIPART),
        (b"--x\r\nContent-Type: multipart/mixed; boundary=y\r\n\r\n--y\r\n\r\n--y--\r\n--x--", MULTIPART),
        (b"&".join([b"a=1"] * 1001), URLENCODED),
    ],
)
async def test_what_is_no_form_is_malformed(form, body, content_type):
    assert await read(form, body, content_type) == (400, {"error": "Malformed"})


@pytest.mark.parametrize(
    ("body", "content_type", "headers"),
    [
        (b"a=" + b"x" * MOST, URLENCODED, {}),
        (part("a", "x" * MOST), MULTIPART, {}),
        (part("a", "") * 300, MULTIPART, {}),
        (gzip.compress(b"a=" + b"x" * 50_000_000), URLENCODED, {"Content-Encoding": "gzip"}),
        (gzip.compress(part("a", "x" * 50_000_000).encode()), MULTIPART, {"Content-Encoding": "gzip"}),
    ],
    ids=["one field", "one part", "countless empty parts", "packed field", "packed part"],
)
async def test_more_than_there_may_be_is_413_also_when_it_was_packed(form, body, content_type, headers):
    assert (await read(form, body, content_type, **headers))[0] == 413


async def test_a_form_that_is_too_large_for_what_it_says_is_not_read(form):
    response = await form.post("/", data=b"a=1", headers={"Content-Type": URLENCODED, "Content-Length": "3"})
    assert response.status == 200
    too_large = await form.post("/", data=_endless(), headers={"Content-Type": URLENCODED, "Content-Length": "70000"})
    assert too_large.status == 413


async def _endless():
    yield b"a"
    await asyncio.Event().wait()


@pytest.mark.parametrize("content_type", [URLENCODED, MULTIPART])
async def test_a_form_that_does_not_come_is_not_waited_for(form, content_type, monkeypatch):
    monkeypatch.setattr(pace, "LONGEST_PAUSE_S", 0.1)
    assert await read(form, _endless(), content_type) == (400, {"error": "TooSlow"})


async def test_only_what_is_posted_is_a_form(form):
    response = await form.get("/", data=b"a=1", headers={"Content-Type": URLENCODED})
    assert await response.json() == []
