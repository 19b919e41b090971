"""What is served on the web port? The Sign Page, a home page, the verification page and their assets."""

from collections.abc import Awaitable, Callable

import structlog
from aiohttp import web

from services.msign.pages.forms import MAX_FORM_BYTES
from services.msign.pages.headers import protect
from services.msign.pages.parts import Parts
from services.msign.pages.render import HERE, Renderer
from services.msign.pages.routes import sign_page_routes
from services.msign.pages.steps import StopHere
from services.msign.pages.texts import BROKEN, TOO_LARGE, UNKNOWN, UNREADABLE
from services.msign.pages.wishes import wished
from services.msign.public.home import HomePage
from services.msign.public.verify import VerifyPage, add_verify_page

log = structlog.get_logger(__name__)

HELPFUL = {404: UNKNOWN, 413: TOO_LARGE}
"""What a page says to a status that aiohttp answers by itself."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def create_web_app(parts: Parts) -> web.Application:
    """Return the application of the web port."""
    app = web.Application(client_max_size=MAX_FORM_BYTES, middlewares=[helpful])
    app.on_response_prepare.append(protect)
    app.router.add_static("/assets/", HERE / "assets")
    add_verify_page(app, VerifyPage(parts.verifier, parts.verdicts))
    app.add_routes([web.get("/", HomePage(parts.offered, parts.published).show), *sign_page_routes(parts)])
    return app


@web.middleware
async def helpful(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn what stops a step into its page, and an address that there is not into a page that says so."""
    try:
        return await handler(request)
    except StopHere as stop:
        return stop.response
    except web.HTTPException as error:
        if error.status < 400:
            raise
        notice = HELPFUL.get(error.status, UNREADABLE)
        page = Renderer().notice(wished(request), notice, status=error.status)
        page.headers.update({name: value for name, value in error.headers.items() if name == "Allow"})
        return page
    except Exception as error:
        log.exception("page_failed", path_length=len(request.path), error=type(error).__name__)
        return Renderer().notice(wished(request), BROKEN, status=500)
