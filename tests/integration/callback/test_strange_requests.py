"""What no browser sends, but somebody may: each is refused or harmless, and never read in two ways."""

import asyncio
import re
from urllib.parse import urlencode

import pytest

from tests.integration.callback.browsing import DECLINED, come_back, path_of


async def say(browser, text):
    """Send bytes as they are; returns the status of each answer, and everything that came back."""
    reader, writer = await asyncio.open_connection("127.0.0.1", browser.server.port)
    writer.write(text if isinstance(text, bytes) else text.replace("\n", "\r\n").encode())
    try:
        async with asyncio.timeout(5):
            told = await reader.read()
    except TimeoutError:
        pytest.fail("the connection stayed open")
    finally:
        writer.close()
    return [int(status) for status in re.findall(rb"HTTP/1\.[01] (\d+) ", told)], told.decode()


def head(*lines, method="POST", path="/return"):
    return "\n".join((f"{method} {path} HTTP/1.1", "Host: sign.example", "Connection: close", *lines, "", ""))


HIDDEN = "GET /assets/page.css HTTP/1.1\nHost: x\n\n"


@pytest.mark.parametrize(
    "lines",
    [
        ("Content-Length: 5", "Transfer-Encoding: chunked"),
        ("Content-Length: 5", "Content-Length: 6"),
        ("Content-Length: 5, 5",),
        ("Content-Length: +5",),
        ("Content-Length: 0x5",),
        ("Content-Length : 5",),
        ("Transfer-Encoding: chunked, identity",),
        ("Transfer-Encoding: xchunked",),
        ("Transfer-Encoding : chunked",),
        (" Content-Length: 5",),
        ("X: a\0b",),
        ("X: a\rb",),
    ],
)
async def test_a_body_whose_end_two_readers_could_see_in_two_places_is_refused(browser, lines):
    statuses, told = await say(browser, head(*lines) + "0\n\n" + HIDDEN)
    assert statuses == [400], told
    assert "Traceback" not in told


@pytest.mark.parametrize("size", ["5;" + "x" * 20_000, "g", "-1", "0x1", "fffffffffffffffff", ""])
async def test_a_chunk_of_no_size_is_refused(browser, size):
    statuses, told = await say(browser, head("Transfer-Encoding: chunked") + f"{size}\nhello\n0\n\n")
    assert statuses == [400], told


@pytest.mark.parametrize("line", ["Cookie: " + "a=b; " * 20_000, "\n".join(f"X{n}: y" for n in range(2000))])
async def test_headers_without_end_are_refused(browser, line):
    statuses, told = await say(browser, head(line, method="GET"))
    assert statuses in ([400], [431])
    assert "Traceback" not in told


@pytest.mark.parametrize("host", ["evil.example", "sign.example:1@evil.example", "[::1", "", "a b"])
async def test_no_page_believes_the_host_that_the_browser_names(browser, links, post, host):
    path = path_of(links.sign_url((await post()).job_id))
    page = await (await browser.get(path, headers={"Host": host, "X-Forwarded-Host": "evil.example"})).text()
    assert "evil.example" not in page
    assert 'name="ReturnUrl" value="https://sign.example/return"' in page


async def test_of_a_parameter_that_comes_twice_the_first_counts_whatever_its_case(browser, links, msign, post):
    job = await post()
    msign.response = DECLINED
    good = [("RequestID", job.request_id), ("RelayState", links.relay_state(job.job_id))]
    for bad in (("RelayState", "forged"), ("relaystate", "forged"), ("requestid", "0" * 32)):
        for method, where in (("POST", "data"), ("GET", "params")):
            before = await browser.request(method, "/return", allow_redirects=False, **{where: [bad, *good]})
            assert before.status == 400
            after = await browser.request(method, "/return", allow_redirects=False, **{where: [*good, bad]})
            assert after.status == 303


async def test_what_is_in_the_address_of_a_posted_form_does_not_count(browser, links, post):
    job = await post()
    query = urlencode({"RequestID": job.request_id, "RelayState": links.relay_state(job.job_id)})
    assert (await browser.post(f"/return?{query}", data={"a": "1"}, allow_redirects=False)).status == 400


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "XYZ"])
@pytest.mark.parametrize("path", ["/return", "/sign/1", "/assets/page.css"])
async def test_other_methods_do_nothing(browser, method, path):
    statuses, told = await say(browser, head("X-Secret: told", method=method, path=path))
    assert statuses[0] in {400, 404, 405}
    assert "told" not in told


@pytest.mark.parametrize(
    "path",
    [
        "//evil.example/return",
        "http://evil.example/return",
        "/return/",
        "/%2freturn",
        "/return%00",
        "/return;x=1",
        "/sign/..%2freturn",
        "/%ff",
        "/assets/..%5c..%5chandlers.py",
        "/assets//etc/passwd",
        "/assets/%2fetc%2fpasswd",
    ],
)
async def test_an_address_in_another_dress_leads_nowhere(browser, path):
    statuses, told = await say(browser, head(method="GET", path=path))
    assert statuses[0] in {400, 403, 404}
    assert "Location" not in told
    assert "import" not in told
    assert "root:" not in told


async def test_a_head_shows_what_a_get_would_and_collects_nothing(browser, links, msign, post):
    job = await post()
    shown = await browser.head(path_of(links.sign_url(job.job_id)))
    assert (shown.status, await shown.read()) == (200, b"")
    assert (await come_back(browser, links, job, method="HEAD")).status == 405
    assert msign.asked == 0


async def test_a_redirect_to_the_system_holds_no_second_header(browser, links, msign, post):
    job = await post(relay_state="a\r\nSet-Cookie: x=1\r\n\r\n<script>")
    msign.response = DECLINED
    response = await come_back(browser, links, job)
    assert "Set-Cookie" not in response.headers
    assert "%0D%0ASet-Cookie" in response.headers["Location"]
