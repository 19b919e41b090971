"""What does a browser without scripts do with the provider's pages?"""

import html.parser
from dataclasses import dataclass
from typing import Any

from aiohttp.test_utils import TestClient

REQUEST_ID = "0123456789abcdef0123456789abcdef"
RETURN_URL = "https://servicii.exemplu.md/return?a=1&b=2"


class Forms(html.parser.HTMLParser):
    """Reads the forms of a page: `forms[id] = (action, {name: value})`."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.forms: dict[str, Any] = {}
        self._fields: dict[str, str] | None = None
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if tag == "form":
            self._fields = {}
            self.forms[attributes.get("id") or attributes["action"] or ""] = (attributes["action"], self._fields)
        elif tag in {"input", "button"} and self._fields is not None and "name" in attributes:
            self._fields.setdefault(attributes["name"], attributes.get("value") or "")

    def handle_endtag(self, tag):
        if tag == "form":
            self._fields = None


@dataclass
class Browser:
    client: TestClient[Any, Any]
    page: str = ""
    status: int = 0
    headers: Any = None
    url: Any = None

    @property
    def address(self) -> str:
        """Path and query of the page that is shown."""
        return str(self.url.relative())

    async def get(self, path, **keywords):
        return await self._read(self.client.get(path, **keywords))

    async def reload(self):
        return await self.get(self.address)

    async def post(self, path: str, data: Any, **keywords: Any) -> "Browser":
        return await self._read(self.client.post(path, data=data, **keywords))

    async def enter(self, **parameters):
        return await self.post(f"/{REQUEST_ID}", {"ReturnUrl": RETURN_URL, **parameters})

    async def submit(self, form, **values):
        action, fields = self.form(form)
        return await self.post(action, fields | values)

    def forms(self) -> dict[str, Any]:
        return Forms(self.page).forms

    def form(self, name: str) -> Any:
        return Forms(self.page).forms[name]

    async def _read(self, call: Any) -> "Browser":
        async with call as response:
            self.page, self.status, self.headers = await response.text(), response.status, response.headers
            self.url = response.url
        return self
