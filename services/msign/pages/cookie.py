"""How is a browser known from one page to the next?"""

import secrets

from aiohttp import web

COOKIE = "msign_session"


def browser_of(request: web.Request) -> str:
    """Return the browser's cookie value, "" when it has none."""
    return request.cookies.get(COOKIE, "")


def set_browser(response: web.StreamResponse, browser: str, *, secure: bool) -> None:
    """Give the browser its cookie; `secure` keeps it off plain connections.

    Lax: it does not come with a form that another site posts, so a browser is known again by the page that the entry
    leads it to.
    """
    response.set_cookie(COOKIE, browser, httponly=True, samesite="Lax", secure=secure, path="/")


def new_browser() -> str:
    """Return a fresh cookie value."""
    return secrets.token_urlsafe(24)
