"""How does a page become HTML in the reader's language?"""

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.msign.locale.words import words
from services.msign.pages.texts import ALREADY_FAILED, ALREADY_SIGNED, EXPIRED, FIELDS, INSTRUMENTS, SIGNED, Notice
from services.msign.pages.view import Back
from shared.contract.models import Language, SignStatus

HERE = Path(__file__).parent
LANGUAGES = ((Language.RO, "Română"), (Language.RU, "Русский"), (Language.EN, "English"))
"""As each language calls itself, whatever the page's own language."""


@cache
def environment(language: Language, folders: tuple[Path, ...]) -> Environment:
    """Return the templates of some folders in one language; every value is escaped.

    Besides gettext's functions, `say` says a `Text`, and `size`, `day` and `moment` write values for people.
    """
    spoken = words(language)
    made = Environment(
        loader=FileSystemLoader(folders),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    made.install_gettext_translations(spoken.translations, newstyle=True)  # type: ignore[attr-defined]
    made.globals |= {
        "language": language.value, "LANGUAGES": LANGUAGES, "INSTRUMENTS": INSTRUMENTS, "FIELDS": FIELDS,
        "say": spoken.say, "size": spoken.size, "day": spoken.day, "moment": spoken.moment,
    }  # fmt: skip
    return made


class Renderer:
    """The pages' own templates, and those of further folders; raises at the start if a catalogue cannot be read."""

    def __init__(self, *folders: Path) -> None:
        self._folders = (*folders, HERE / "templates")
        for language in Language:
            environment(language, self._folders)

    def page(self, template: str, language: Language, *, status: int = 200, **values: Any) -> web.Response:
        """Return a page."""
        html = environment(language, self._folders).get_template(template).render(**values)
        return web.Response(text=html, content_type="text/html", charset="utf-8", status=status)

    def notice(
        self,
        language: Language,
        notice: Notice,
        *,
        status: int = 200,
        good: bool = False,
        back: Back | None = None,
        fields: Iterable[tuple[str, str]] = (),
    ) -> web.Response:
        """Return a page that says one thing, with a way back if there is one.

        Its language can be changed by asking for the same address again, for the answer to a form with its `fields`.
        """
        given = [(name, value) for name, value in fields if name.lower() != "lang"]
        return self._notice(language, notice, status, good=good, automatic=False, back=back, fields=given)

    def signed(self, language: Language, back: Back) -> web.Response:
        """Return the page that takes the browser back to the e-Service by itself."""
        return self._notice(language, SIGNED, good=True, automatic=True, back=back, fields=())

    def ended(self, language: Language, status: SignStatus, back: Back) -> web.Response:
        """Return the page for a request that is not pending any more."""
        if status is SignStatus.EXPIRED:
            return self.notice(language, EXPIRED, status=410)
        if status is SignStatus.SUCCESS:
            return self.notice(language, ALREADY_SIGNED, good=True, back=back)
        return self.notice(language, ALREADY_FAILED, back=back)

    def _notice(self, language: Language, notice: Notice, status: int = 200, **values: Any) -> web.Response:
        return self.page("notice.html", language, status=status, notice=notice, **values)
