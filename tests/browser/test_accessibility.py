"""Does axe-core find serious violations on any kind of page, in light and dark, at both sizes?

Screenshots of every kind are kept in `artifacts/screenshots/`.
"""

import subprocess
from pathlib import Path

import pytest
from playwright.async_api import Page

from tests.browser.test_sign_page import INSTRUMENTS, digests, enter, fill, owner

pytestmark = pytest.mark.asyncio(loop_scope="session")

HERE = Path(__file__).parent
SCREENSHOTS = HERE.parent.parent / "artifacts" / "screenshots"
LOOKS = [(size, colours) for size in ("desktop", "phone") for colours in ("light", "dark")]


@pytest.fixture(scope="module")
def axe() -> str:
    """The source of axe-core, installed when it is missing."""
    source = HERE / "node_modules" / "axe-core" / "axe.min.js"
    if not source.exists():
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--silent"], cwd=HERE, check=True)
    return source.read_text(encoding="utf-8")


async def look(page: Page, axe: str, name: str) -> None:
    """Keep a screenshot, and refuse serious and critical violations."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    await page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)
    await page.evaluate(axe)
    found = await page.evaluate("async () => (await axe.run()).violations")
    grave = [
        (one["id"], [node["html"] for node in one["nodes"]])
        for one in found
        if one["impact"] in {"serious", "critical"}
    ]
    assert grave == [], name


@pytest.mark.parametrize(("size", "colours"), LOOKS)
async def test_no_page_has_a_grave_violation(e_service, open_page, axe, size, colours):
    page = await open_page(size, colours=colours)
    await page.goto(f"{e_service.sign_page}/?lang=ro")
    await look(page, axe, f"home-{size}-{colours}")
    await enter(e_service, page, digests(2), lang="ro")
    await look(page, axe, f"choose-{size}-{colours}")
    for instrument in INSTRUMENTS:
        await page.click(f"#instruments [value={instrument}]")
        await page.wait_for_selector("#pin")
        await look(page, axe, f"{instrument}-{size}-{colours}")
        await page.click("#again button")
        await page.wait_for_selector("#instruments")
    await page.click("#instruments [value=tax]")
    await fill(e_service, page, owner(e_service, "tax"), "gresita")
    await page.wait_for_selector("[role=alert]")
    await look(page, axe, f"refused-{size}-{colours}")
    await page.click("#cancel button")
    await page.wait_for_selector("#return")
    await look(page, axe, f"failed-{size}-{colours}")
