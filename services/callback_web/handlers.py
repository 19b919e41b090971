"""What does the browser see of us? The way to the Sign Page (steps 5 and 6), and the way back (9 and 10).

Whatever a browser brings is checked against what we signed ourselves; what is forged or foreign gets one and the same
page, which tells nothing. The pages that post to the Sign Page carry no `form-action`: browsers apply it to the
redirects that follow.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from uuid import UUID

import asyncpg
import structlog
from aiohttp import web
from jinja2 import Environment, FileSystemLoader, select_autoescape
from opentelemetry.trace import SpanKind

from services.callback_web.returning import Returning, Settled
from services.callback_web.texts import texts_for
from shared.browser_forms import read_fields
from shared.contract import forms
from shared.contract.models import SignStatus
from shared.errors import Malformed
from shared.pace import TooSlow
from shared.persistence import jobs
from shared.persistence.job import Job
from shared.persistence.pool import DATABASE_ERRORS
from shared.signing.links import Links
from shared.signing.states import Kind, State
from shared.telemetry import metrics
from shared.telemetry.steps import step

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

HERE = Path(__file__).parent
LARGEST_FORM_BYTES = 64 * 1024
LONGEST_REQUEST_ID = 128
RETRY_AFTER_S = 10
LONGEST_ANSWER_S = 2.9
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}

log = structlog.get_logger(__name__)


class Pages:
    """The handlers of the public port."""

    def __init__(self, pool: asyncpg.Pool, links: Links, returning: Returning, *, frontend_url: str) -> None:
        self._pool = pool
        self._links = links
        self._returning = returning
        self._frontend_url = frontend_url.rstrip("/")
        metrics.begin(metrics.RETURNS, ("settled", "pending", "refused"))
        self._templates = Environment(
            loader=FileSystemLoader(HERE / "templates"), autoescape=select_autoescape(default=True)
        )

    async def sign(self, request: web.Request) -> web.Response:
        """`GET /sign/{job_id}?t=…`: a page that posts the user on to the Sign Page."""
        async with asyncio.timeout(LONGEST_ANSWER_S):
            job = await self._linked_job(request)
        if job is None:
            return self._page("message.html", request.query.get("lang"), status=404, about="unknown")
        with step(job, "open sign link", kind=SpanKind.SERVER):
            return self._start(job)

    def _start(self, job: Job) -> web.Response:
        language = job.command.get("language")
        if (about := unavailable(job)) is not None:
            return self._page("message.html", language, status=410, about=about)
        return self._page(
            "sign.html", language, action=f"{self._frontend_url}/{job.request_id}", fields=self._form(job)
        )

    async def come_back(self, request: web.Request) -> web.Response:
        """`POST /return` and `GET /return`: collect, then on to the system's return URL.

        The user is answered within `LONGEST_ANSWER_S` seconds, whatever hangs behind us.
        """
        try:
            pairs = await posted(request) if request.method == "POST" else request.query.items()
        except web.HTTPRequestEntityTooLarge:
            metrics.RETURNS.labels("refused").inc()
            raise
        async with asyncio.timeout(LONGEST_ANSWER_S):
            return await self._answer(request, pairs)

    async def _answer(self, request: web.Request, pairs: Iterable[tuple[str, object]]) -> web.Response:
        settled = await self._settled(pairs)
        if settled is None:
            metrics.RETURNS.labels("refused").inc()
            return self._page("message.html", request.query.get("lang"), status=400, about="unknown")
        pending = settled.status is SignStatus.PENDING
        metrics.RETURNS.labels("pending" if pending else "settled").inc()
        return web.Response(status=303, headers=HEADERS | {"Location": settled.address})

    async def _linked_job(self, request: web.Request) -> Job | None:
        try:
            job_id = UUID(request.match_info["job_id"])
        except ValueError:
            return None
        if not self._links.opens(job_id, request.query.get("t", "")):
            return None
        job = await jobs.get(self._pool, job_id)
        return job if job is not None and job.kind is Kind.SIGN else None

    async def _settled(self, pairs: Iterable[tuple[str, object]]) -> Settled | None:
        """Settle the job whose RelayState and RequestID the browser brings; None unless both are ours."""
        form = forms.read_form((name, value) for name, value in pairs if isinstance(value, str))
        job_id = self._links.job_of(form.get(forms.RELAY_STATE, ""))
        request_id = form.get(forms.REQUEST_ID, "")
        told = len(request_id) <= LONGEST_REQUEST_ID and request_id.isascii() and request_id.isprintable()
        settled = await self._returning.settle(job_id, request_id) if job_id is not None and told else None
        if settled is None:
            log.info("return_refused", known_relay_state=job_id is not None)
        return settled

    def _form(self, job: Job) -> dict[str, str]:
        command = job.command
        fields = {
            forms.RETURN_URL: self._links.return_url,
            forms.RELAY_STATE: self._links.relay_state(job.job_id),
            forms.LANG: command["language"],
            forms.INSTRUMENT: command["instrument"],
            forms.MSISDN: command["msisdn"],
        }
        return {name: value for name, value in fields.items() if value}

    def later(self, request: web.Request, *, status: int = 503) -> web.Response:
        """Return the page that asks to try again: something of ours is away, or wrong."""
        page = self._page("message.html", request.query.get("lang"), status=status, about="later")
        page.headers["Retry-After"] = str(RETRY_AFTER_S)
        return page

    def _page(self, template: str, language: str | None, *, status: int = 200, **values: object) -> web.Response:
        lang, texts = texts_for(language)
        body = self._templates.get_template(template).render(lang=lang, texts=texts, **values)
        return web.Response(text=body, status=status, content_type="text/html", headers=HEADERS)


def unavailable(job: Job) -> str | None:
    """Return why the user cannot sign now, or None."""
    if job.final and job.state is not State.EXPIRED:
        return "finished"
    if job.state is State.EXPIRED or job.seen_at >= job.expires_at:
        return "expired"
    return None if job.state is State.AWAITING_SIGNER else "finished"


async def posted(request: web.Request) -> Iterable[tuple[str, object]]:
    """Return the parameters of a posted form; none if it cannot be read. Raises 413 for one that is too large."""
    try:
        return await read_fields(request, most_bytes=LARGEST_FORM_BYTES)
    except (Malformed, TooSlow) as error:
        log.info("form_unreadable", error=type(error).__name__)
        return ()


def create_app(pages: Pages) -> web.Application:
    """Return the public application."""

    @web.middleware
    async def harden(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except web.HTTPException as error:
            error.headers.update(HEADERS)
            raise
        except DATABASE_ERRORS as error:
            log.warning("request_interrupted", error=type(error).__name__)
            return pages.later(request)
        except Exception as error:
            log.exception("page_failed", error=type(error).__name__)
            return pages.later(request, status=500)

    app = web.Application(middlewares=[harden])
    app.add_routes(
        [
            web.get("/sign/{job_id}", pages.sign),
            web.get("/return", pages.come_back, allow_head=False),
            web.post("/return", pages.come_back),
            web.static("/assets", HERE / "assets"),
        ]
    )
    return app
