"""Does the home page lead to a verification page that is really served, as protected as the others?"""


async def test_the_home_page_leads_to_the_verification_page(browser):
    await browser.get("/?lang=en")
    assert 'href="/verify?lang=en"' in browser.page
    await browser.get("/verify?lang=en")
    assert (browser.status, "verify" in browser.forms()) == (200, True)
    assert "default-src 'none'" in browser.headers["Content-Security-Policy"]


async def test_a_form_without_a_file_is_asked_for_one(browser):
    await browser.post("/verify?lang=en", {"Hash": ""})
    assert (browser.status, "There is no signed file." in browser.page) == (400, True)
