"""How does the verification page answer? `GET /verify` shows the form, `POST /verify` the verdict; nothing is kept."""

import asyncio
from pathlib import Path
from typing import Any

import structlog
from aiohttp import web

from services.msign.pages.forms import read_form, read_texts
from services.msign.pages.render import Renderer
from services.msign.pages.texts import Complaint
from services.msign.pages.wishes import wished
from services.msign.public.texts import NO_SIGNATURE, TOO_BUSY, TOO_COMPLEX, TOO_LARGE, UNREADABLE, VERDICT_GONE
from services.msign.public.upload import MAX_UPLOAD_BYTES, BadUpload, Throttle, Upload, read_upload
from services.msign.public.verdicts import VerdictSeal
from services.msign.public.view import VerdictView, checked_now, verdict_view
from shared.contract.models import Language
from shared.errors import Malformed
from shared.signatures.verdict import NoSignature, Report
from shared.signatures.verify import Verifier

log = structlog.get_logger(__name__)

CALLS_PER_MINUTE = 60
AT_ONCE = 4
VERIFYING_AT_ONCE = 2
_TOO_COSTLY = "too_costly"
"""The code of `TooCostly` in a report."""


class VerifyPage:
    """The page, for what `verifier` judges."""

    def __init__(self, verifier: Verifier, seal: VerdictSeal, throttle: Throttle | None = None) -> None:
        self._verifier = verifier
        self._seal = seal
        self._throttle = throttle or Throttle(CALLS_PER_MINUTE, 60, AT_ONCE)
        self._turn = asyncio.Semaphore(VERIFYING_AT_ONCE)
        self._renderer = Renderer(Path(__file__).parent / "templates")

    async def form(self, request: web.Request) -> web.Response:
        """Show the empty form."""
        return self._ask(wished(request))

    async def verify(self, request: web.Request) -> web.Response:
        """Judge what was uploaded; what cannot be judged shows the form again with the reason."""
        language = wished(request)
        if not self._throttle.begin():
            return self._ask(language, TOO_BUSY, status=429)
        try:
            verdict = await self._verdict(request)
        except BadUpload as bad:
            return self._ask(language, bad.complaint, status=bad.status)
        finally:
            self._throttle.end()
        log.info("verified_on_page", outcome=verdict.outcome, signatures=len(verdict.signatures))
        return self._tell(language, verdict)

    async def tell_again(self, request: web.Request) -> web.Response:
        """Show a verdict in another language, as the page has it sealed; the files are not needed again."""
        form = await read_texts(request)
        language = Language(form["lang"]) if form.get("lang") in set(Language) else wished(request)
        try:
            return self._tell(language, self._seal.open(form.get("verdict", "")))
        except Malformed:
            return self._ask(language, VERDICT_GONE, status=400)

    async def _verdict(self, request: web.Request) -> VerdictView:
        """Return the verdict on what was uploaded; raises `BadUpload`."""
        try:
            upload = read_upload(await read_form(request, limit=MAX_UPLOAD_BYTES))
            async with self._turn:
                report = await self._judged(upload)
        except web.HTTPRequestEntityTooLarge as error:
            raise BadUpload(TOO_LARGE, status=413) from error
        except NoSignature as error:
            raise BadUpload(NO_SIGNATURE, status=422) from error
        except Malformed as error:
            raise BadUpload(UNREADABLE, status=422) from error
        if any(problem.code == _TOO_COSTLY for problem in report.problems):
            raise BadUpload(TOO_COMPLEX, status=422)
        return verdict_view(report, await asyncio.to_thread(checked_now, upload.signed))

    async def _judged(self, upload: Upload) -> Report:
        if upload.is_pdf:
            return await self._verifier.pdf(upload.signed)
        return await self._verifier.hash_signature(upload.signed, upload.content)

    def _tell(self, language: Language, verdict: VerdictView) -> web.Response:
        return self._page("verdict.html", language, verdict=verdict, sealed=self._seal.seal(verdict))

    def _ask(self, language: Language, complaint: Complaint | None = None, *, status: int = 200) -> web.Response:
        return self._page("verify.html", language, status=status, complaint=complaint)

    def _page(self, template: str, language: Language, **values: Any) -> web.Response:
        """Return a page that the browser may keep: whoever comes back to it is not asked to send the file again."""
        page = self._renderer.page(template, language, **values)
        page.headers["Cache-Control"] = "private, no-cache"
        return page


def add_verify_page(app: web.Application, page: VerifyPage) -> None:
    """Serve the page at `/verify`."""
    app.add_routes(
        [
            web.get("/verify", page.form),
            web.post("/verify", page.verify),
            web.post("/verify/verdict", page.tell_again),
            web.get("/verify/verdict", page.form),
        ]
    )
