"""Which way does one document go? Stored or sent inline, posted, accepted, the browser comes back, `ready`."""

import asyncio
import base64
from uuid import UUID

import aiohttp
import orjson

from benchmarks.documents.contenders import Doors, relay_state
from benchmarks.documents.materials import Document
from benchmarks.documents.stub import TITLE
from benchmarks.signing.load import READY, RETURN_URL, Load
from benchmarks.signing.stage import TOKEN
from benchmarks.signing.stub import CORRELATION_ID

AGAIN_S = 0.2
LONGEST_S = 120


async def carry(document: Document, doors: Doors, load: Load, http: aiohttp.ClientSession, *, inline: bool) -> None:
    """Let one document be signed, from its bytes to `ready`. Raises `RuntimeError` if it ends otherwise."""
    async with asyncio.timeout(LONGEST_S):
        content = await (_inline(document) if inline else _stored(document, doors.contents_url, http))
        command_id, accepted = await load.sign(_command(document, content))
        ready = load.event(READY, command_id)
        await come_back(orjson.loads(accepted)["data"], doors.return_url, http)
        status = orjson.loads(await ready)["data"]["status"]
    if status != "Success":
        raise RuntimeError(f"a document of {document.size} bytes ended with {status}")


async def _inline(document: Document) -> dict[str, str]:
    return {"content": base64.b64encode(document.path.read_bytes()).decode()}


async def _stored(document: Document, url: str, http: aiohttp.ClientSession) -> dict[str, str]:
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Length": str(document.size)}
    with document.path.open("rb") as file:
        async with http.put(url, data=file, headers=headers) as answer:
            if answer.status != 201:
                raise RuntimeError(f"a document was answered with {answer.status}")
            return {"content_ref": (await answer.json())["ref"]}


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
