"""Is a page fit for everybody? Judged in every look that a reader may choose, and kept as a screenshot in each.

In light and dark and at both sizes axe-core must find nothing serious. Nothing may need scrolling sideways: not at 320
pixels, which is 1280 at a zoom of 400 % (WCAG 1.4.10), nor with text of twice the size (WCAG 1.4.4).
"""

import fcntl
import subprocess
from pathlib import Path
from typing import Literal

from playwright.async_api import Page

from tests.browser.opening import SIZES

HERE = Path(__file__).parent
SCREENSHOTS = HERE.parents[1] / "artifacts" / "screenshots"
AXE = HERE / "node_modules" / "axe-core" / "axe.min.js"
GRAVE = {"serious", "critical"}
ALL: dict[str, object] = {}
COLOURS: dict[str, object] = {"runOnly": ["color-contrast"]}
ENLARGE = "size => { document.documentElement.style.fontSize = size; }"
TOO_WIDE = """() => {
  const wide = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= wide) return [];
  const beyond = (one) => one.getBoundingClientRect().right > wide;
  return [...document.querySelectorAll("body *")].filter(beyond).map((one) => one.outerHTML.slice(0, 120));
}"""


def axe_source() -> str:
    """The source of axe-core, installed from the lock file where it is missing: once, whoever else looks for it."""
    with (HERE / "package.json").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if not AXE.exists():
            install = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            subprocess.run(install, cwd=HERE, check=True, capture_output=True)
        return AXE.read_text(encoding="utf-8")


class Judge:
    """Looks at pages; `seen` are the names of those that it has found good."""

    def __init__(self) -> None:
        self._axe = axe_source()
        self.seen: list[str] = []
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)

    async def look(self, page: Page, name: str) -> None:
        """Judge the page that is shown; it is shown light and at its own size again afterwards."""
        before = page.viewport_size
        await page.evaluate(self._axe)
        for size in ("desktop", "phone"):
            await self._resize(page, size)
            for colours in ("light", "dark"):
                await self._colour(page, colours)
                await page.screenshot(path=SCREENSHOTS / f"{name}-{size}-{colours}.png", full_page=True)
                grave = await self._violations(page, ALL if colours == "light" else COLOURS)
                assert not grave, f"{name}, {size}, {colours}: {grave}"
        await self._colour(page, "light")
        await self._stays_within(page, name)
        if before:
            await page.set_viewport_size(before)
        self.seen.append(name)

    async def _violations(self, page: Page, rules: dict[str, object]) -> list[tuple[str, list[str]]]:
        found = await page.evaluate("async (rules) => (await axe.run(rules)).violations", rules)
        return [(one["id"], [node["html"] for node in one["nodes"]]) for one in found if one["impact"] in GRAVE]

    async def _stays_within(self, page: Page, name: str) -> None:
        for size, text in (("narrow", "100%"), ("phone", "200%"), ("desktop", "200%")):
            await self._resize(page, size)
            await page.evaluate(ENLARGE, text)
            beyond = await page.evaluate(TOO_WIDE)
            assert not beyond, f"{name}, {size}, text of {text}: {beyond}"
        await page.evaluate(ENLARGE, "")

    async def _colour(self, page: Page, colours: str) -> None:
        """Without motion, as colours that change slowly are none to judge."""
        scheme: Literal["dark", "light"] = "dark" if colours == "dark" else "light"
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")

    async def _resize(self, page: Page, size: str) -> None:
        width, height = SIZES[size]
        await page.set_viewport_size({"width": width, "height": height})
