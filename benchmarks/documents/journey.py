"""Which way does one document go? Stored or sent inline, posted, accepted, the browser comes back, `ready`."""

import asyncio
import base64
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

import aiohttp
import orjson

from benchmarks.documents.contenders import Doors, relay_state
from benchmarks.documents.materials import Document
from benchmarks.documents.stub import TITLE
from benchmarks.documents.upload import Uploads, open_uploads
from benchmarks.signing.load import READY, RETURN_URL, Load
from benchmarks.signing.stub import CORRELATION_ID

AGAIN_S = 0.2
LONGEST_S = 120


@dataclass(frozen=True, slots=True)
class Way:
    """What all documents of a run have in common: who hears of them, and by what they and the browsers come in."""

    load: Load
    uploads: Uploads
    http: aiohttp.ClientSession
    return_url: str
    inline: bool


@asynccontextmanager
async def open_way(doors: Doors, load: Load, *, inline: bool) -> AsyncIterator[Way]:
    """Yield the way to a contender's doors."""
    with open_uploads(doors.contents_url) as uploads:
        async with aiohttp.ClientSession() as http:
            yield Way(load, uploads, http, doors.return_url, inline)


async def carry_all(documents: Sequence[Document], way: Way, at_once: int) -> None:
    """Let documents be signed, so many at a time."""
    places = asyncio.Semaphore(at_once)

    async def placed(document: Document) -> None:
        async with places:
            await carry(document, way)

    async with asyncio.TaskGroup() as group:
        for document in documents:
            group.create_task(placed(document))


async def carry(document: Document, way: Way) -> None:
    """Let one document be signed, from its bytes to `ready`. Raises `RuntimeError` if it ends otherwise."""
    async with asyncio.timeout(LONGEST_S):
        content = _inline(document) if way.inline else {"content_ref": await way.uploads.put(document)}
        command_id, accepted = await way.load.sign(_command(document, content))
        ready = way.load.event(READY, command_id)
        await come_back(orjson.loads(accepted)["data"], way.return_url, way.http)
        status = orjson.loads(await ready)["data"]["status"]
    if status != "Success":
        raise RuntimeError(f"a document of {document.size} bytes ended with {status}")


def _inline(document: Document) -> dict[str, str]:
    return {"content": base64.b64encode(document.path.read_bytes()).decode()}


def _command(document: Document, content: dict[str, str]) -> dict[str, object]:
    return {
        "content_type": "Pdf",
        "short_description": TITLE.format(number=document.number),
        "contents": [content | {"correlation_id": CORRELATION_ID}],
        "return_url": RETURN_URL,
    }


async def come_back(said: dict[str, str], url: str, http: aiohttp.ClientSession) -> None:
    """Post as the browser does that MSign sends back, until it is sent on."""
    form = {"RequestID": said["request_id"], "RelayState": relay_state(UUID(said["job_id"]))}
    while True:
        async with http.post(url, data=form, allow_redirects=False) as answer:
            if answer.status == 303:
                return
            if answer.status != 503:
                raise RuntimeError(f"a browser that came back was answered with {answer.status}")
        await asyncio.sleep(AGAIN_S)
