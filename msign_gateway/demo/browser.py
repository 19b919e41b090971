"""How does a scripted user get along a page? Like a browser without scripts: fetch, fill in a form, send it, follow.

Knows HTML forms, cookies and redirects, and nothing about the pages but the names of the fields that a user sees.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import urljoin

import aiohttp
from lxml import html

from msign_gateway.demo.errors import DemoError

_TIMEOUT = aiohttp.ClientTimeout(total=60)


@dataclass(frozen=True, slots=True)
class Page:
    """What the browser shows: the address after all redirects, the status and the parsed document."""

    url: str
    status: int
    document: Any

    @property
    def title(self) -> str:
        """The page's heading, for messages."""
        headings = self.document.xpath("//h1")
        return " ".join(headings[0].text_content().split()) if headings else self.document.findtext(".//title") or ""

    @property
    def text(self) -> str:
        """All text of the page."""
        return " ".join(self.document.text_content().split())

    @property
    def alert(self) -> str:
        """What the page says went wrong, or nothing."""
        return " ".join(" ".join(one.text_content().split()) for one in self.document.xpath("//*[@role='alert']"))

    def form(self, name: str | None = None) -> Any:
        """Return the form whose id or whose action's last part is `name` (None: the only form there is)."""
        forms = self.document.forms
        if name is not None:
            forms = [one for one in forms if name in (one.get("id"), (one.action or "").rpartition("/")[2])]
        if len(forms) != 1:
            raise DemoError(f"{self.url} ({self.status}, {self.title!r}) has {len(forms)} forms {name or ''}")
        return forms[0]

    def has_form(self, name: str) -> bool:
        """Tell whether there is a form with that id."""
        return any(one.get("id") == name for one in self.document.forms)


class Browser:
    """One user's browser, with a cookie jar of its own."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> "Browser":
        jar = aiohttp.CookieJar(unsafe=True)  # cookies of 127.0.0.1 count, too
        self._session = aiohttp.ClientSession(cookie_jar=jar, timeout=_TIMEOUT)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session:
            await self._session.close()

    async def open(self, url: str) -> Page:
        """Follow a link."""
        return await self._go("GET", url, {})

    async def submit(self, page: Page, form: Any, filled: Mapping[str, str | Path] | None = None) -> Page:
        """Send a form of the page with what the user filled in (or the button that was pressed); a path is uploaded."""
        values = dict(form.form_values()) | dict(filled or {})
        return await self._go((form.method or "GET").upper(), urljoin(page.url, form.action or ""), values)

    async def _go(self, method: str, url: str, values: Mapping[str, str | Path]) -> Page:
        if self._session is None:
            raise DemoError("the browser is closed")
        data = _body(values) if method == "POST" else None
        params = None if method == "POST" else {name: str(value) for name, value in values.items()}
        try:
            async with self._session.request(method, url, data=data, params=params) as response:
                text = await response.text()
                return Page(str(response.url), response.status, html.document_fromstring(text or "<html></html>"))
        except (aiohttp.ClientError, TimeoutError) as error:
            raise DemoError(f"{method} {url.partition('?')[0]}: {error!r}") from error


def _body(values: Mapping[str, str | Path]) -> aiohttp.FormData:
    """Return a form's values as the browser sends them: files make it multipart/form-data."""
    form = aiohttp.FormData()
    for name, value in values.items():
        if isinstance(value, Path):
            form.add_field(name, value.read_bytes(), filename=value.name)
        else:
            form.add_field(name, value)
    return form
