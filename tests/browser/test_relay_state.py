"""Does RelayState come back byte for byte, whatever it says?

One thing browsers change themselves, in whatever form they send: a line break becomes CR LF (HTML, "Constructing the
entry list"). So does it here on the way to the Sign Page already.
"""

import pytest

from shared.contract.models import SignStatus
from tests.browser.steps import back_with, digests, enter, sign

pytestmark = pytest.mark.asyncio(loop_scope="session")

STATES = {
    "nothing": "",
    "blanks": "  \t ",
    "markup": "<script>alert(1)</script>&amp;&lt;\"'`",
    "urlencoded": "a=1&b=%D0%AF+%2B%25",
    "lines": "one\r\ntwo\r\n\r\n",
    "unusual": "\u00a0\u2028\u2029\u200f\u202e\ufeff\u0001\u007f\ufffd",
    "composed": "é e\u0301 Ș S\u0326 ﬁ Ω",
    "scripts": "Ștefan Мария عقد 契約 𝔘 👩🏽‍⚖️",
    "2 KiB of ASCII": "x" * 2048,
    "2 KiB of Cyrillic": "я" * 1024,
    "2 KiB of emoji": "🖋" * 512,
    "2 KiB to be escaped": "&" * 2048,
}


@pytest.mark.parametrize("state", STATES.values(), ids=STATES)
async def test_what_was_given_comes_back_after_a_failure(e_service, open_page, state):
    page = await open_page(scripts=False)
    request_id = await enter(e_service, page, digests(), Instrument="moldsign", RelayState=state)
    await page.click("#cancel button")
    await page.click("#return button")
    await back_with(page, SignStatus.FAILURE)
    assert e_service.came_back[-1] == {"RequestID": request_id, "RelayState": state}


async def test_everything_at_once_comes_back_after_signing(e_service, open_page):
    page, state = await open_page(), "".join(STATES[name] for name in ("markup", "unusual", "composed", "scripts"))
    request_id = await enter(e_service, page, digests(), lang="en", RelayState=state)
    await page.click("#instruments [value=nationalid]")
    await sign(e_service, open_page, page, "nationalid")
    await back_with(page, SignStatus.SUCCESS)
    assert e_service.came_back[-1] == {"RequestID": request_id, "RelayState": state}


async def test_what_was_not_given_does_not_come_back(e_service, open_page):
    page = await open_page()
    request_id = await enter(e_service, page, digests(), Instrument="tax")
    await page.click("#cancel button")
    await page.click("#return button")
    await back_with(page, SignStatus.FAILURE)
    assert e_service.came_back[-1] == {"RequestID": request_id}
