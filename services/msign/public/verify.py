"""How does the verification page answer? `GET /verify` shows the form, `POST /verify` the verdict; nothing is kept."""

import asyncio
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.msign.pages.forms import read_form
from services.msign.pages.render import HERE as PAGES
from services.msign.pages.wishes import wished
from services.msign.public.texts import text
from services.msign.public.upload import MAX_UPLOAD_BYTES, BadUpload, Throttle, Upload, read_upload
from services.msign.public.view import outcome_of, signature_view
from shared.contract.models import Language
from shared.errors import Malformed
from shared.signatures.trust import TrustAnchors
from shared.signatures.verdict import NoSignature, Report
from shared.signatures.verify import verify_hash_signature, verify_pdf

log = structlog.get_logger(__name__)

CALLS_PER_MINUTE = 60
AT_ONCE = 4
VERIFYING_AT_ONCE = 2


class VerifyPage:
    """The page, for the signatures that lead to `anchors`."""

    def __init__(self, anchors: TrustAnchors, throttle: Throttle | None = None) -> None:
        self._anchors = anchors
        self._throttle = throttle or Throttle(CALLS_PER_MINUTE, 60, AT_ONCE)
        self._turn = asyncio.Semaphore(VERIFYING_AT_ONCE)
        self._environment = Environment(
            loader=FileSystemLoader([Path(__file__).parent / "templates", PAGES / "templates"]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    async def form(self, request: web.Request) -> web.Response:
        """Show the empty form."""
        return self._page("verify.html", wished(request), error="")

    async def verify(self, request: web.Request) -> web.Response:
        """Judge what was uploaded; what cannot be judged shows the form again with the reason."""
        language = wished(request)
        if not self._throttle.begin():
            return self._page("verify.html", language, status=429, error="verify_busy")
        try:
            report = await self._report(read_upload(await read_form(request, limit=MAX_UPLOAD_BYTES)))
        except BadUpload as bad:
            return self._page("verify.html", language, status=400, error=bad.key)
        except web.HTTPRequestEntityTooLarge:
            return self._page("verify.html", language, status=413, error="too_large")
        except NoSignature:
            return self._page("verify.html", language, status=422, error="no_signature")
        except Malformed:
            return self._page("verify.html", language, status=422, error="unreadable")
        finally:
            self._throttle.end()
        outcome = outcome_of(report)
        log.info("verified_on_page", outcome=outcome, signatures=len(report.signatures))
        signatures = [signature_view(one) for one in report.signatures]
        return self._page("verdict.html", language, outcome=outcome, signatures=signatures)

    async def _report(self, upload: Upload) -> Report:
        async with self._turn:
            if upload.is_pdf:
                return await verify_pdf(upload.signed, self._anchors)
            return await verify_hash_signature(upload.signed, upload.content, self._anchors)

    def _page(self, template: str, language: Language, *, status: int = 200, **values: Any) -> web.Response:
        html = self._environment.get_template(template).render(
            language=language.value, t=partial(text, language), **values
        )
        return web.Response(text=html, content_type="text/html", charset="utf-8", status=status)


def add_verify_page(app: web.Application, anchors: TrustAnchors) -> None:
    """Serve the page at `/verify`."""
    page = VerifyPage(anchors)
    app.add_routes([web.get("/verify", page.form), web.post("/verify", page.verify)])
