"""Is every page in one language that can be changed, and does a complaint stand where it belongs?"""

import re
from html.parser import HTMLParser

import pytest
from aiohttp import FormData

from services.msign.pages.texts import COMPLAINTS, FIELDS, INSTRUMENTS
from services.msign.pki.people import PEOPLE
from shared.contract.models import Instrument, SignStatus
from tests.pages import REQUEST_ID

ANA = PEOPLE[0]
NAMES = ("Română", "Русский", "English")


class Elements(HTMLParser):
    """The elements of a page: tag and attributes, in order."""

    def __init__(self, page):
        super().__init__()
        self.all = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.all.append((tag, dict(attrs)))

    def of(self, *tags):
        return [attributes for tag, attributes in self.all if tag in tags]


async def at_choice(browser):
    await browser.enter(lang="ro")


async def at_pin(browser):
    await browser.enter(Instrument="moldsign", lang="ro")


async def at_key_file(browser):
    await browser.enter(Instrument="tax", lang="ro")


async def at_wrong_pin(browser):
    await at_pin(browser)
    await browser.submit("pin", IDNP=ANA.idnp, PIN="0000")


async def at_the_end(browser):
    await at_choice(browser)
    await browser.submit("cancel")


async def at_bad_entry(browser):
    await browser.enter(ReturnUrl="ftp://a.md/", lang="ro")


async def at_unknown_request(browser):
    await browser.get(f"/{'f' * 32}?lang=ro")


async def at_home(browser):
    await browser.get("/?lang=ro")


async def at_verification(browser):
    await browser.get("/verify?lang=ro")


PAGES = [
    at_choice, at_pin, at_key_file, at_wrong_pin, at_the_end, at_bad_entry, at_unknown_request, at_home, at_verification
]  # fmt: skip
"""Ways to each kind of page."""


def heading(browser):
    return re.findall("<h1>(.*?)</h1>", browser.page)


async def switched(browser, language):
    """Change the language as the page offers it: by a link, or by its form."""
    elements = Elements(browser.page)
    links = [one["href"] for one in elements.of("a") if one.get("hreflang") == language]
    if links:
        address = links[0] if links[0].startswith("/") else browser.address.partition("?")[0] + links[0]
        return await browser.get(address)
    at = next(n for n, (tag, one) in enumerate(elements.all) if tag == "form" and one.get("class") == "languages")
    form = elements.all[at][1]["action"]
    fields = {}
    for tag, one in elements.all[at + 1 :]:
        if tag != "input":
            break
        fields[one["name"]] = one["value"]
    address = browser.address.partition("?")[0] if form == "?" else form
    return await browser.post(address, fields | {"lang": language})


@pytest.mark.parametrize("page", PAGES)
async def test_every_page_can_be_read_in_every_language_and_back(browser, page):
    await page(browser)
    assert '<html lang="ro">' in browser.page
    title = heading(browser)
    for language in ("ru", "en", "ro"):
        assert all(f">{name}<" in browser.page for name in NAMES)
        await switched(browser, language)
        assert f'<html lang="{language}">' in browser.page
    assert heading(browser) == title


@pytest.mark.parametrize("page", PAGES)
async def test_every_page_has_one_heading_one_main_part_and_labels(browser, page):
    await page(browser)
    elements = Elements(browser.page)
    assert [len(elements.of(tag)) for tag in ("h1", "main", "header", "footer", "title")] == [1] * 5
    labels = {one["for"] for one in elements.of("label")}
    shown = [one for one in elements.of("input") if one.get("type") != "hidden"]
    assert {one["id"] for one in shown} <= labels
    ids = [one["id"] for _, one in elements.all if "id" in one]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("page", PAGES)
async def test_no_page_carries_its_own_style_or_script(browser, page):
    await page(browser)
    elements = Elements(browser.page)
    assert not elements.of("style")
    assert all(one.get("src", "").startswith("/assets/") for one in elements.of("script"))
    assert not [name for _, one in elements.all for name in one if name == "style" or name.startswith("on")]


async def test_a_wrong_pin_is_told_first_in_a_box_that_takes_the_focus_and_again_beside_its_field(browser):
    await at_wrong_pin(browser)
    elements = Elements(browser.page)
    (box,) = [one for one in elements.of("div") if one.get("id") == "error"]
    assert (box["role"], box["tabindex"], "autofocus" in box) == ("alert", "-1", True)
    assert {"href": "#PIN"} in elements.of("a")
    fields = {one["id"]: one for one in elements.of("input") if "id" in one}
    assert fields["PIN"]["aria-invalid"] == "true"
    assert fields["PIN"]["aria-describedby"] in {one.get("id") for one in elements.of("p")}
    assert "aria-invalid" not in fields["IDNP"]
    assert fields["IDNP"]["value"] == ANA.idnp
    assert "<title>Eroare: " in browser.page
    assert browser.page.count("au rămas 2 încercări") == 2


async def test_a_complaint_about_two_fields_marks_both(browser):
    await at_key_file(browser)
    await browser.submit("pin", KeyFile="", Password="no")
    fields = {one["id"]: one for one in Elements(browser.page).of("input") if "id" in one}
    assert fields["KeyFile"]["aria-describedby"] == fields["Password"]["aria-describedby"] == "objection"


async def test_a_complaint_about_a_field_that_the_form_lacks_leads_nowhere(browser, expecting, pki_dir):
    expecting("2000000000099")
    await at_key_file(browser)
    key = next(person for person in PEOPLE if person.instrument == Instrument.TAX)
    action, fields = browser.form("pin")
    form = FormData({name: fields[name] for name in ("state", "Instrument")} | {"Password": key.pin})
    form.add_field("KeyFile", (pki_dir / key.token_file).read_bytes(), filename="key.p12")
    await browser.post(action, form)
    assert "Se așteaptă semnătura altei persoane." in browser.page
    assert 'href="#' not in browser.page.replace('href="#main"', "")


async def test_a_complaint_about_no_field_marks_none(browser, claims):
    await at_pin(browser)
    claims.held.add(REQUEST_ID)
    await browser.submit("pin", IDNP=ANA.idnp, PIN=ANA.pin)
    assert "într-o altă filă" in browser.page
    assert "aria-invalid" not in browser.page


async def test_a_finished_request_says_so_in_the_language_that_is_asked_for(browser, requests):
    await at_pin(browser)
    requests.put(status=SignStatus.SUCCESS)
    await browser.get(f"/{REQUEST_ID}/choose?lang=ru")
    assert '<html lang="ru">' in browser.page
    assert "Документы были подписаны ранее." in browser.page


async def test_assets_are_kept_by_the_browser_until_they_change(browser):
    await browser.get("/assets/msign.css")
    kept = browser.headers
    assert (browser.status, kept["Cache-Control"]) == (200, "no-cache")
    await browser.get("/assets/msign.css", headers={"If-None-Match": kept["ETag"]})
    assert browser.status == 304


def test_every_complaint_says_what_to_do_next():
    assert {key for key, one in COMPLAINTS.items() if one.then is None} == {"too_late", "signing_failed"}
    assert {name for one in COMPLAINTS.values() for name in one.fields} <= set(FIELDS)


def test_every_instrument_of_the_contract_has_its_words():
    assert set(INSTRUMENTS) == set(Instrument) - {Instrument.MOBISIGN}
