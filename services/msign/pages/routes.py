"""Which address of the Sign Page leads where?"""

from collections.abc import Awaitable, Callable

from aiohttp import web

from services.msign.pages.calling import Calling
from services.msign.pages.choosing import Choosing
from services.msign.pages.documents import Documents
from services.msign.pages.ending import Ending
from services.msign.pages.entering import Entering
from services.msign.pages.parts import Parts
from services.msign.pages.phone import MSISDN, PhonePages
from services.msign.pages.progress import Progress
from services.msign.pages.render import Renderer
from services.msign.pages.screens import Screens
from services.msign.pages.signing import Signing
from services.msign.pages.steps import REQUEST_ID, Steps

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def sign_page_routes(parts: Parts) -> list[web.RouteDef]:
    """Return the routes of a request's pages, and of the phones that sign."""
    renderer = Renderer()
    steps, screens = Steps(parts, renderer), Screens(parts, renderer)
    calling = Calling(parts, renderer, steps, screens)
    entering, choosing = Entering(parts, renderer, steps, screens, calling), Choosing(parts, steps, screens)
    signing, ending = Signing(parts, steps, screens, calling), Ending(parts, renderer, steps)
    pages: dict[str, Handler] = {
        "": entering.enter,
        "/arrive": entering.arrive,
        "/choose": choosing.show,
        "/sign": signing.show,
        "/phone": calling.show,
        "/phone/state": calling.state,
        "/done": ending.done,
        "/progress": Progress(parts, steps).show,
        "/documents/{number:[0-9]{1,6}}": Documents(parts, renderer, steps).show,
        "/language": choosing.show,
        "/instrument": choosing.show,
        "/cancel": choosing.show,
    }
    forms: dict[str, Handler] = {
        "": entering.enter,
        "/choose": choosing.again,
        "/language": choosing.speak,
        "/instrument": choosing.take,
        "/sign": signing.take,
        "/cancel": ending.cancel,
    }
    phones = phone_routes(PhonePages(parts, parts.mobile, renderer)) if parts.mobile else []
    return [
        *(web.get(f"/{REQUEST_ID}{path}", handler) for path, handler in pages.items()),
        *(web.post(f"/{REQUEST_ID}{path}", handler) for path, handler in forms.items()),
        *phones,
    ]


def phone_routes(phones: PhonePages) -> list[web.RouteDef]:
    """Return the routes of the phones' own pages."""
    return [
        web.get(f"/phone/{MSISDN}", phones.show),
        web.get(f"/phone/{MSISDN}/state", phones.state),
        web.post(f"/phone/{MSISDN}/sign", phones.sign),
        web.post(f"/phone/{MSISDN}/refuse", phones.refuse),
    ]
