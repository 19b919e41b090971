"""Which headers protect the pages?

No `form-action`: browsers apply it to the redirects that follow the way back, which are the e-Service's own business.
"""

from aiohttp import web

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Referrer-Policy": "strict-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
}


async def protect(request: web.Request, response: web.StreamResponse) -> None:
    """Set the headers (a signal handler for `on_response_prepare`, so that error answers have them too).

    What an answer has already stays: it knows better. Assets are kept by the browser, which asks whether they changed.
    """
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    kept = "no-cache" if request.path.startswith("/assets/") else "no-store"
    response.headers.setdefault("Cache-Control", kept)
