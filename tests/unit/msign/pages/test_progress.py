"""Does a browser see how far its own request has come, and nobody else's?"""

import json
from dataclasses import replace

from services.msign.pki.people import PEOPLE
from shared.contract.models import SignStatus
from tests.pages import REQUEST_ID
from tests.pki import LocalTimestamper

RIGHT = {"IDNP": PEOPLE[0].idnp, "PIN": PEOPLE[0].pin}


async def progress(browser):
    await browser.get(f"/{REQUEST_ID}/progress")
    return json.loads(browser.page)


async def test_it_tells_the_status_and_how_many_documents_are_signed(browser, requests):
    await browser.enter(Instrument="moldsign")
    requests.put(documents=requests.one.documents * 3)
    assert await progress(browser) == {"state": "Pending", "signed": 0, "total": 3}
    assert browser.headers["Cache-Control"] == "no-store"
    requests.put(documents=requests.one.documents[:1])
    await browser.enter(Instrument="moldsign")
    await browser.submit("pin", **RIGHT)
    assert await progress(browser) == {"state": "Success", "signed": 1, "total": 1}


async def test_a_stranger_sees_nothing(open_browser):
    await open_browser().enter()
    stranger = await open_browser().get(f"/{REQUEST_ID}/progress")
    assert stranger.status == 403
    assert "Pending" not in stranger.page


async def test_progress_can_be_asked_for_while_the_form_is_awaited(browser, open_browser, requests, monkeypatch):
    """The form's answer waits for a timestamp that is given only when the progress was seen."""
    seen = []
    requests.put(documents=requests.one.documents * 2)
    requests.contents *= 2
    await browser.enter(Instrument="moldsign")
    action, fields = browser.form("pin")
    stamp = LocalTimestamper.stamp

    async def looking(self, *given):
        async with browser.client.get(f"/{REQUEST_ID}/progress") as response:
            seen.append((await response.json())["signed"])
        return await stamp(self, *given)

    monkeypatch.setattr("tests.pki.LocalTimestamper.stamp", looking)
    await browser.post(action, fields | RIGHT)
    assert seen == [0, 1]
    assert requests.one.status is SignStatus.SUCCESS


async def test_a_document_that_is_signed_already_is_marked_on_the_form(browser, requests):
    documents = requests.one.documents
    requests.put(documents=(documents[0], replace(documents[0], name="Al doilea")))
    requests.contents *= 2
    holder = next(one for one in PEOPLE if one.instrument == "nationalid" and not one.flaw)
    await browser.enter(Instrument="nationalid", lang="en")
    assert 'class="signed"' not in browser.page
    await browser.submit("pin", IDNP=holder.idnp, PIN=holder.pin)
    assert browser.page.count('class="signed"') == 1
