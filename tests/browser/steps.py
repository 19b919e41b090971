"""What does a person do between the e-Service and the way back? The steps of the test cases (contract section 3)."""

from typing import Any

from playwright.async_api import Page, expect

from shared.contract.models import (
    ContentType,
    SignContent,
    SignRequest,
    SignStatus,
    VerificationContent,
    VerificationRequest,
)
from tests.browser.e_service import EService
from tests.browser.opening import Open
from tests.documents import pdf_file

INSTRUMENTS = ("mobile", "moldsign", "nationalid", "securesign", "tax")
LANGUAGES = ("ro", "ru", "en")
DECLINED = {
    "ro": "Utilizatorul a renunțat la semnare",
    "ru": "Пользователь отказался",
    "en": "The user declined to sign",
}


def digests(count: int = 1, **changes: Any) -> SignRequest:
    contents = tuple(SignContent(content=bytes([n]) * 32, correlation_id=str(n)) for n in range(count))
    kind = ContentType.HASH
    return SignRequest(content_type=kind, short_content_description="Declarație", contents=contents, **changes)


def pdfs(*names: str) -> SignRequest:
    contents = tuple(
        SignContent(content=pdf_file(name), name=name, correlation_id=str(number))
        for number, name in enumerate(names or ("Declarație.pdf",))
    )
    return SignRequest(content_type=ContentType.PDF, short_content_description="Declarație", contents=contents)


async def enter(e_service: EService, page: Page, request: SignRequest, **parameters: str) -> str:
    """Go from the e-Service to the Sign Page; returns the RequestID."""
    start = await e_service.ask(request, **parameters)
    await page.goto(start)
    await page.click("text=Sign")
    await page.wait_for_selector("#pin, #instruments")
    return start.rpartition("/")[2]


async def fill(e_service: EService, page: Page, person: dict[str, Any], secret: str | None = None) -> None:
    """Fill in the instrument's form and send it; `secret` stands for the PIN or password."""
    secret = person["pin"] if secret is None else secret
    if person["instrument"] == "tax":
        await page.set_input_files("#pin [name=KeyFile]", e_service.msign.pki / person["key_file"])
        await page.fill("#pin [name=Password]", secret)
    elif person["instrument"] == "mobile":
        await page.fill("#pin [name=MSISDN]", person["msisdn"])
        await page.fill("#pin [name=IDNP]", person["idnp"])
    else:
        await page.fill("#pin [name=IDNP]", person["idnp"])
        await page.fill("#pin [name=PIN]", secret)
    await page.click("#pin button.primary")


async def pick_up(e_service: EService, phone: Page, person: dict[str, Any], language: str = "en") -> None:
    """Open the phone that rings."""
    await phone.goto(f"{e_service.msign.sign_page}/phone/{person['msisdn']}?lang={language}")
    await phone.wait_for_selector("#phone")


async def confirm(phone: Page, person: dict[str, Any], pin: str | None = None) -> None:
    """Enter the PIN on the phone."""
    await phone.fill("#phone [name=PIN]", person["pin"] if pin is None else pin)
    await phone.click("#phone button")


async def sign(
    e_service: EService, open_page: Open, page: Page, instrument: str, *, language: str = "en", scripts: bool = True
) -> None:
    """Sign with the form that is shown, on the phone too if it is one."""
    person = e_service.msign.person(instrument)
    await fill(e_service, page, person)
    if instrument == "mobile":
        code = await page.locator(".code").inner_text()
        phone = await open_page("phone", scripts=scripts)
        await pick_up(e_service, phone, person, language)
        await expect(phone.locator(".code")).to_have_text(code)
        await confirm(phone, person)


async def back_with(page: Page, status: SignStatus) -> None:
    """Wait until the e-Service shows the outcome."""
    await expect(page.locator("#outcome")).to_have_text(status.value)


async def assert_valid(e_service: EService, request_id: str, request: SignRequest) -> None:
    """Every content has a signature, and the API finds each valid."""
    response = await e_service.outcome(request_id)
    assert response.status is SignStatus.SUCCESS
    assert len(response.results) == len(request.contents)
    is_hash = request.content_type is ContentType.HASH
    contents = tuple(
        VerificationContent(
            signature=result.signature, content=asked.content if is_hash else None, correlation_id=str(number)
        )
        for number, (asked, result) in enumerate(zip(request.contents, response.results, strict=True))
        if result.signature
    )
    verdict = await e_service.client.verify_signatures(
        VerificationRequest(signed_content_type=request.content_type, contents=contents)
    )
    assert [one.signatures_valid for one in verdict.results] == [True] * len(request.contents), verdict.results


async def signed(e_service: EService, page: Page, request: SignRequest, instrument: str = "moldsign") -> bytes:
    """Sign a request of one content on the Sign Page; returns the signature."""
    request_id = await enter(e_service, page, request, Instrument=instrument, lang="en")
    await fill(e_service, page, e_service.msign.person(instrument))
    await back_with(page, SignStatus.SUCCESS)
    (result,) = (await e_service.outcome(request_id)).results
    assert result.signature
    return result.signature


async def verify(page: Page, signature: bytes, digest: bytes | None = None) -> None:
    """Upload a signed file on the verification page that is shown, for a hash with its digest."""
    name, kind = ("semnat.pdf", "application/pdf") if digest is None else ("semnat.xml", "text/xml")
    await page.set_input_files("#File", {"name": name, "mimeType": kind, "buffer": signature})
    if digest is not None:
        if not await page.is_visible("#Hash"):
            await page.click("summary")
        await page.fill("#Hash", digest.hex())
    await page.click("#verify button")
