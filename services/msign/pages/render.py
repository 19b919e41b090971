"""How does a page become HTML in the reader's language?"""

from functools import partial
from pathlib import Path
from typing import Any

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.msign.pages.texts import size_text, text
from services.msign.pages.view import Back
from shared.contract.models import Language, SignStatus

HERE = Path(__file__).parent


class Renderer:
    """The templates; every value is escaped."""

    def __init__(self) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def page(self, template: str, language: Language, *, status: int = 200, **values: Any) -> web.Response:
        """Return a page; `t` looks up its texts, `size` writes sizes."""
        html = self._environment.get_template(template).render(
            language=language.value, t=partial(text, language), size=partial(size_text, language), **values
        )
        return web.Response(text=html, content_type="text/html", charset="utf-8", status=status)

    def message(
        self,
        language: Language,
        title: str,
        body: str,
        *,
        status: int = 200,
        kind: str = "bad",
        back: Back | None = None,
    ) -> web.Response:
        """Return a page that says one thing (`title` and `body` are text keys), with a way back if there is one."""
        return self.page(
            "done.html", language, status=status, kind=kind, automatic=False, back=back,
            title=text(language, title), message=text(language, body), label=text(language, "ok"),
        )  # fmt: skip

    def signed(self, language: Language, back: Back) -> web.Response:
        """Return the page that takes the browser back to the e-Service by itself."""
        return self.page(
            "done.html", language, kind="good", automatic=True, back=back, title=text(language, "done_title"),
            message=text(language, "done_text"), label=text(language, "continue"),
        )  # fmt: skip

    def ended(self, language: Language, status: SignStatus, back: Back) -> web.Response:
        """Return the page for a request that is not pending any more."""
        if status is SignStatus.EXPIRED:
            return self.message(language, "expired_title", "expired_text", status=410)
        good = status is SignStatus.SUCCESS
        body = "finished_success" if good else "finished_failure"
        return self.message(language, "finished_title", body, kind="good" if good else "bad", back=back)
