"""How is a page opened, and what counts as something that went wrong in it?"""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    FileChooser,
    Page,
    Request,
    Response,
    async_playwright,
    expect,
)

SIZES = {"desktop": (1280, 800), "phone": (375, 720), "narrow": (320, 640)}
PATIENCE_MS = 60_000
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
LEFT = "net::ERR_ABORTED"
"""How a request ends whose page was left: no failure of anybody's."""


def _left_to_the_test(_: FileChooser) -> None:
    """Have files chosen by the test from the start: told later, the browser may hear it too late."""


@asynccontextmanager
async def launched(program: str) -> AsyncIterator[Browser]:
    """Run a Chromium until the block ends: `program` if it is installed, else `chromium`.

    `chromium-headless-shell` shows the same pages for a fifth of the processor time, as it draws no windows, in which
    `chromium` has things of its own: a viewer of PDF files.
    """
    expect.set_options(timeout=PATIENCE_MS)
    async with async_playwright() as playwright:
        found = shutil.which(program) or shutil.which("chromium")
        browser = await playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield browser
        await browser.close()


@dataclass
class Open:
    """Opens pages, each in a browser context of its own unless one is given.

    `problems` gets every error in a console (a violation of the CSP is one), exception in a script, request that failed
    and answer of 400 or more whose status is not among the `expected`.
    """

    browser: Browser
    problems: list[str] = field(default_factory=list)
    expected: set[int] = field(default_factory=set)
    _contexts: list[BrowserContext] = field(default_factory=list)

    async def __call__(
        self, size: str = "desktop", *, scripts: bool = True, colours: str = "light", **options: Any
    ) -> Page:
        width, height = SIZES[size]
        context = await self.browser.new_context(
            viewport={"width": width, "height": height},
            java_script_enabled=scripts,
            color_scheme="dark" if colours == "dark" else "light",
            **{"locale": "en-US", **options},
        )
        context.set_default_timeout(PATIENCE_MS)
        context.on("console", self._said)
        context.on("weberror", lambda thrown: self.problems.append(str(thrown.error)))
        context.on("requestfailed", self._failed)
        context.on("response", self._answered)
        self._contexts.append(context)
        page = await context.new_page()
        page.on("filechooser", _left_to_the_test)
        return page

    async def close(self) -> None:
        """Close every page."""
        for context in self._contexts:
            await context.close()

    def _said(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith("Failed to load resource"):  # `_answered` has these
            self.problems.append(message.text)

    def _failed(self, request: Request) -> None:
        if request.failure != LEFT:
            self.problems.append(f"{request.method} {request.url}: {request.failure}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.expected:
            self.problems.append(f"{response.request.method} {response.url}: {response.status}")
