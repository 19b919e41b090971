"""Is whoever runs into trouble told what is wrong, beside the field that it is about, and able to go on?"""

import pytest
from playwright.async_api import Page, expect

from services.msign.instruments.instrument import Refusal
from services.msign.pages.texts import COMPLAINTS
from shared.contract.models import ExpectedSigner, SignStatus
from tests.browser.steps import assert_valid, back_with, confirm, digests, enter, fill, pick_up, sign

pytestmark = pytest.mark.asyncio(loop_scope="session")

TOKENS = ("moldsign", "nationalid", "securesign")
SIGNER_MISMATCH = "signer_mismatch"


async def told(page: Page, key: str) -> None:
    """The page complains in English, marks the fields concerned and no others, and says what to do."""
    complaint = COMPLAINTS[key]
    await expect(page.locator("[role=alert]")).to_contain_text(complaint.wrong.one)
    marked = page.locator("[aria-invalid=true]")
    names = [await field.get_attribute("name") for field in await marked.all()]
    fields = await page.locator("#pin input:not([type=hidden])").all()
    on_page = {await field.get_attribute("name") for field in fields}
    assert names == [name for name in complaint.fields if name in on_page]
    for field in await marked.all():
        described = await field.get_attribute("aria-describedby")
        assert described
        await expect(page.locator(f"#{described}")).to_be_visible()


async def switch_to(page: Page, instrument: str) -> None:
    """Choose another instrument from where one is."""
    await page.click("#again button")
    await page.click(f"#instruments [value={instrument}]")
    await page.wait_for_selector("#pin")


@pytest.mark.parametrize("instrument", TOKENS)
async def test_three_wrong_pins_lock_the_token_and_another_instrument_signs(e_service, open_page, instrument):
    page, person, request = await open_page("phone"), e_service.msign.person(instrument), digests()
    request_id = await enter(e_service, page, request, Instrument=instrument, lang="en")
    for left in ("2 tries are left", "1 try is left"):
        await fill(e_service, page, person, "0000")
        await expect(page.locator("#objection")).to_contain_text(left)
        await told(page, Refusal.WRONG_PIN)
    await fill(e_service, page, person, "0000")
    await told(page, Refusal.LOCKED)
    await fill(e_service, page, person)
    await told(page, Refusal.LOCKED)
    await switch_to(page, "tax")
    await sign(e_service, open_page, page, "tax")
    await back_with(page, SignStatus.SUCCESS)
    await assert_valid(e_service, request_id, request)


async def test_a_wrong_pin_keeps_the_personal_number_but_never_the_pin(e_service, open_page):
    page, person = await open_page(), e_service.msign.person("moldsign")
    await enter(e_service, page, digests(), Instrument="moldsign", lang="en")
    await fill(e_service, page, person, "0000")
    await told(page, Refusal.WRONG_PIN)
    assert await page.input_value("[name=IDNP]") == person["idnp"]
    assert await page.input_value("[name=PIN]") == ""
    await page.fill("[name=PIN]", person["pin"])
    await page.click("#pin button.primary")
    await back_with(page, SignStatus.SUCCESS)


async def test_a_stranger_has_no_token(e_service, open_page):
    page = await open_page()
    await enter(e_service, page, digests(), Instrument="securesign", lang="en")
    await fill(e_service, page, e_service.msign.person("securesign") | {"idnp": "2000000000000"})
    await told(page, Refusal.UNKNOWN_TOKEN)


@pytest.mark.parametrize(
    ("instrument", "flaw", "refusal"),
    [
        ("moldsign", "certificate expired", Refusal.CERTIFICATE_EXPIRED),
        ("nationalid", "certificate revoked", Refusal.CERTIFICATE_REVOKED),
    ],
)
async def test_a_bad_certificate_signs_nothing(e_service, open_page, instrument, flaw, refusal):
    page = await open_page()
    request_id = await enter(e_service, page, digests(), Instrument=instrument, lang="en")
    await fill(e_service, page, e_service.msign.person(instrument, flaw))
    await told(page, refusal)
    assert (await e_service.outcome(request_id)).status is SignStatus.PENDING


async def test_somebody_else_than_the_expected_signer_may_not_sign(e_service, open_page):
    page, ana = await open_page(), e_service.msign.person("moldsign")
    request = digests(expected_signer=ExpectedSigner(id="2000000000024"))
    request_id = await enter(e_service, page, request, Instrument="moldsign", lang="en")
    await fill(e_service, page, ana)
    await told(page, SIGNER_MISMATCH)
    assert (await e_service.outcome(request_id)).status is SignStatus.PENDING
    await fill(e_service, page, ana | {"idnp": "2000000000024", "pin": "2345"})
    await back_with(page, SignStatus.SUCCESS)


@pytest.mark.parametrize("wrong", ["password", "file"])
async def test_a_key_file_that_does_not_open_is_asked_for_again(e_service, open_page, wrong):
    page, person = await open_page(), e_service.msign.person("tax")
    await enter(e_service, page, digests(), Instrument="tax", lang="en")
    if wrong == "password":
        await fill(e_service, page, person, "gresita")
    else:
        await fill(e_service, page, person | {"key_file": "people.json"})
    await told(page, Refusal.KEY_FILE_UNREADABLE)
    await fill(e_service, page, person)
    await back_with(page, SignStatus.SUCCESS)


async def test_a_wrong_pin_on_the_phone_lets_it_ring_on(e_service, open_page):
    page, phone, person = await open_page(), await open_page("phone"), e_service.msign.person("mobile")
    await enter(e_service, page, digests(), Instrument="mobile", lang="en")
    await fill(e_service, page, person)
    await pick_up(e_service, phone, person)
    await confirm(phone, person, "0000")
    await expect(phone.locator("#objection")).to_contain_text("2 tries are left")
    await confirm(phone, person)
    await back_with(page, SignStatus.SUCCESS)


async def test_a_locked_sim_ends_the_call_on_both_sides(e_service, open_page):
    page, phone, person = await open_page(), await open_page("phone"), e_service.msign.person("mobile")
    request_id = await enter(e_service, page, digests(), Instrument="mobile", lang="en")
    await fill(e_service, page, person)
    await pick_up(e_service, phone, person)
    for left in ("2 tries are left", "1 try is left"):
        await confirm(phone, person, "0000")
        await expect(phone.locator("#objection")).to_contain_text(left)
    await confirm(phone, person, "0000")
    await expect(phone.locator("[role=alert]")).to_contain_text(COMPLAINTS[Refusal.LOCKED].wrong.one)
    await expect(page.locator("[role=alert]")).to_contain_text(COMPLAINTS[Refusal.LOCKED].wrong.one)
    await switch_to(page, "mobile")
    await fill(e_service, page, person)
    await told(page, Refusal.LOCKED)
    assert (await e_service.outcome(request_id)).status is SignStatus.PENDING


async def test_an_expired_sim_signs_nothing(e_service, open_page):
    page, phone = await open_page(), await open_page("phone")
    person = e_service.msign.person("mobile", "certificate expired")
    await enter(e_service, page, digests(), Instrument="mobile", lang="en")
    await fill(e_service, page, person)
    await pick_up(e_service, phone, person)
    await confirm(phone, person)
    for shown in (page, phone):
        await expect(shown.locator("[role=alert]")).to_contain_text(COMPLAINTS[Refusal.CERTIFICATE_EXPIRED].wrong.one)


@pytest.mark.parametrize("changed", [{"msisdn": "37360000000"}, {"idnp": "2000000000024"}])
async def test_an_unknown_subscriber_is_told_so_whichever_part_is_wrong(e_service, open_page, changed):
    page = await open_page()
    await enter(e_service, page, digests(), Instrument="mobile", lang="en")
    await fill(e_service, page, e_service.msign.person("mobile") | changed)
    await told(page, Refusal.UNKNOWN_SUBSCRIBER)


async def test_a_phone_that_does_not_answer_can_be_called_again(e_service, open_page):
    page, phone, person = await open_page(), await open_page("phone"), e_service.msign.person("mobile")
    await enter(e_service, page, digests(), Instrument="mobile", lang="en")
    await fill(e_service, page, person)
    await pick_up(e_service, phone, person)
    await e_service.msign.time_out_calls()
    await expect(page.locator("[role=alert]")).to_contain_text("did not answer")
    await expect(phone.locator("#phone")).to_have_count(0)
    await switch_to(page, "mobile")
    await sign(e_service, open_page, page, "mobile")
    await back_with(page, SignStatus.SUCCESS)


async def test_too_many_wrong_entries_have_to_wait(e_service, open_page):
    page, person = await open_page(), e_service.msign.person("tax")
    request_id = await enter(e_service, page, digests(), Instrument="tax", lang="en")
    await e_service.msign.pool.execute(
        "INSERT INTO wrong_entries (request_id) SELECT $1 FROM generate_series(1, 10)", request_id
    )
    await fill(e_service, page, person)
    await told(page, Refusal.TOO_MANY_TRIES)


@pytest.mark.parametrize("step", ["#instruments [value=moldsign]", "#cancel button"])
async def test_a_browser_that_keeps_no_cookies_is_told_so(e_service, open_page, step):
    open_page.expected.add(403)
    page = await open_page()
    request_id = await enter(e_service, page, digests(), lang="en")
    await page.context.clear_cookies()
    await page.click(step)
    await expect(page.locator("main")).to_contain_text("cookies")
    assert (await e_service.outcome(request_id)).status is SignStatus.PENDING


async def test_a_form_of_another_browser_is_not_taken(e_service, open_page):
    open_page.expected.add(403)
    mine, theirs = await open_page(), await open_page()
    request_id = await enter(e_service, mine, digests(), Instrument="moldsign", lang="en")
    await enter(e_service, theirs, digests(), lang="en")
    form = await mine.eval_on_selector("#cancel", "form => form.outerHTML")
    await theirs.eval_on_selector("#cancel", "(form, other) => { form.outerHTML = other; }", form)
    await theirs.click("#cancel button")
    await expect(theirs.locator("#return")).to_have_count(0)
    assert (await e_service.outcome(request_id)).status is SignStatus.PENDING


async def test_a_request_that_expires_under_the_users_hands_says_so(e_service, open_page):
    open_page.expected.add(410)
    page = await open_page()
    request_id = await enter(e_service, page, digests(), Instrument="moldsign", lang="en")
    await e_service.msign.expire(request_id)
    await fill(e_service, page, e_service.msign.person("moldsign"))
    await expect(page.locator("h1")).to_have_text("This request has expired")
    assert (await e_service.outcome(request_id)).status is SignStatus.EXPIRED
    assert all(one["RequestID"] != request_id for one in e_service.came_back)


@pytest.mark.parametrize("path", ["0" * 32, "nothing", "0" * 32 + "/sign"])
async def test_an_address_of_nothing_gets_a_page_that_helps(e_service, open_page, path):
    open_page.expected |= {400, 403, 404}
    page = await open_page()
    await page.goto(f"{e_service.msign.sign_page}/{path}?lang=en")
    await expect(page.locator("h1")).to_be_visible()
    await expect(page.locator("main [role=status]")).to_contain_text("go back to the service", ignore_case=True)
