"""What did the browser fill in? Everything stays in memory: an uploaded key must never touch a disk."""

from aiohttp import web

from shared.browser_forms import read_fields
from shared.errors import Malformed
from shared.pace import TooSlow

MAX_FORM_BYTES = 256 * 1024

Form = dict[str, str | bytes]

_READ = web.RequestKey("form", dict)


async def read_form(request: web.Request, *, limit: int = MAX_FORM_BYTES) -> Form:
    """Return the fields of a form by name, files as bytes; of a repeated name the first counts.

    Raises `HTTPRequestEntityTooLarge` beyond `limit` bytes, `HTTPBadRequest` for a body that is no form, and
    `HTTPRequestTimeout` for one that does not come.
    """
    if _READ not in request:
        request[_READ] = await _read(request, limit)
    found: Form = request[_READ]
    return found


async def read_texts(request: web.Request) -> dict[str, str]:
    """Return the fields that are no files."""
    return {name: value for name, value in (await read_form(request)).items() if isinstance(value, str)}


async def _read(request: web.Request, limit: int) -> Form:
    try:
        fields = await read_fields(request, most_bytes=limit)
    except Malformed as error:
        raise web.HTTPBadRequest(text="the form cannot be read\n") from error
    except TooSlow as error:
        raise web.HTTPRequestTimeout(text="the form does not come\n") from error
    return dict(reversed(fields))
