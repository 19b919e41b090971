"""What did the browser fill in? Everything stays in memory: an uploaded key must never touch a disk.

aiohttp's own `Request.post` would spill files into the temporary directory.
"""

from aiohttp import BodyPartReader, web

MAX_FORM_BYTES = 256 * 1024
PART_BYTES = 256
"""What a part costs besides its value, so that a form of countless empty parts ends too."""

Form = dict[str, str | bytes]

_READ = web.RequestKey("form", dict)


async def read_form(request: web.Request, *, limit: int = MAX_FORM_BYTES) -> Form:
    """Return the fields of a form by name, files as bytes; of a repeated name the first counts.

    Raises `HTTPRequestEntityTooLarge` beyond `limit` and `HTTPBadRequest` for a body that is no form.
    """
    if _READ not in request:
        multipart = request.content_type == "multipart/form-data"
        request[_READ] = await _multipart(request, limit) if multipart else await _plain(request)
    found: Form = request[_READ]
    return found


async def read_texts(request: web.Request) -> dict[str, str]:
    """Return the fields that are no files."""
    return {name: value for name, value in (await read_form(request)).items() if isinstance(value, str)}


async def _plain(request: web.Request) -> Form:
    form: Form = {}
    for name, value in (await request.post()).items():
        if isinstance(value, str):
            form.setdefault(name, value)
    return form


async def _multipart(request: web.Request, limit: int) -> Form:
    form: Form = {}
    left = limit
    try:
        reader = await request.multipart()
        while (part := await reader.next()) is not None:
            if not isinstance(part, BodyPartReader):
                raise web.HTTPBadRequest(text="a form holds no further forms\n")
            value = await _part(part, left, limit)
            left -= len(value) + PART_BYTES
            form.setdefault(part.name or "", value if part.filename is not None else value.decode(errors="replace"))
    except ValueError as error:
        raise web.HTTPBadRequest(text="the form cannot be read\n") from error
    return form


async def _part(part: BodyPartReader, left: int, limit: int) -> bytes:
    data = bytearray()
    if left < 0:
        raise web.HTTPRequestEntityTooLarge(max_size=limit, actual_size=limit - left)
    while chunk := await part.read_chunk():
        data += chunk
        if len(data) > left:
            raise web.HTTPRequestEntityTooLarge(max_size=limit, actual_size=len(data))
    return bytes(data)
