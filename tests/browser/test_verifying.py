"""TC_FUNCT_05 and 06: is a good signature clearly valid, and clearly invalid once anything was altered?

Both by upload at `/verify` and through the API, with signatures that were made on the Sign Page.
"""

import re

import pytest
from playwright.async_api import expect

from shared.contract.models import ContentType, VerificationContent, VerificationRequest
from tests.browser.steps import LANGUAGES, digests, pdfs, signed, verify
from tests.documents import with_annotation, with_page_replaced

pytestmark = pytest.mark.asyncio(loop_scope="session")

DIGEST, OTHER = bytes(32), b"1" * 32
MESSAGES = {
    "ro": ("Semnătura este validă", "Semnătura nu este validă"),
    "ru": ("Подпись действительна", "Подпись недействительна"),
    "en": ("The signature is valid", "The signature is not valid"),
}
SIZES = dict(zip(LANGUAGES, ("desktop", "phone", "phone"), strict=True))


def with_another_digest(signature: bytes) -> bytes:
    """The same XAdES signature, but its references say something else."""
    return re.sub(rb"(DigestValue>)[A-Za-z0-9+/]{4}", rb"\1AAAA", signature, count=1)


async def say_both(e_service, page, language, signature, digest, *, valid):
    """The page and the API must agree, in the reader's language."""
    await page.goto(f"{e_service.msign.sign_page}/verify?lang={language}")
    await verify(page, signature, digest)
    await expect(page.locator("[data-outcome]")).to_have_attribute("data-outcome", "valid" if valid else "invalid")
    assert await page.get_attribute("html", "lang") == language
    verdict = await e_service.client.verify_signatures(
        VerificationRequest(
            signed_content_type=ContentType.PDF if digest is None else ContentType.HASH,
            contents=(VerificationContent(signature=signature, content=digest),),
            language=language,
        )
    )
    (result,) = verdict.results
    assert result.signatures_valid is valid
    assert result.message.startswith(MESSAGES[language][0 if valid else 1])


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_signed_hash(e_service, open_page, language):
    page = await open_page(SIZES[language])
    signature = await signed(e_service, page, digests())
    await say_both(e_service, page, language, signature, DIGEST, valid=True)
    await expect(page.locator("main")).to_contain_text(e_service.msign.person("moldsign")["name"])
    await say_both(e_service, page, language, signature, OTHER, valid=False)
    await say_both(e_service, page, language, with_another_digest(signature), DIGEST, valid=False)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_signed_pdf(e_service, open_page, language):
    page = await open_page(SIZES[language])
    signature = await signed(e_service, page, pdfs(), "tax")
    await say_both(e_service, page, language, signature, None, valid=True)
    await expect(page.locator("main")).to_contain_text(e_service.msign.person("tax")["name"])
    for alter in (with_page_replaced, with_annotation):
        await say_both(e_service, page, language, alter(signature), None, valid=False)


async def test_the_page_verifies_without_scripts(e_service, open_page):
    page = await open_page("phone", scripts=False)
    signature = await signed(e_service, await open_page(), digests())
    await page.goto(f"{e_service.msign.sign_page}/verify?lang=en")
    await verify(page, signature, DIGEST)
    await expect(page.locator("[data-outcome]")).to_have_attribute("data-outcome", "valid")


async def test_one_can_come_back_to_a_verdict(e_service, open_page):
    page = await open_page()
    signature = await signed(e_service, page, pdfs())
    await page.goto(f"{e_service.msign.sign_page}/verify?lang=en")
    await verify(page, signature)
    await page.click(".languages [value=ru]")
    await expect(page.locator("html[lang=ru] [data-outcome=valid]")).to_be_visible()
    await page.click("header a[href^='/']")
    await expect(page.locator("[data-outcome]")).to_have_count(0)
    await page.go_back()
    await expect(page.locator("html[lang=ru] [data-outcome=valid]")).to_be_visible()
    await page.reload()
    await expect(page.locator("html[lang=ru] [data-outcome=valid]")).to_be_visible()
