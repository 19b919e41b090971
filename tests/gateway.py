"""What gateway tests say and ask: commands, an MSign that answers what the test says, what stands in the outbox."""

import asyncio
import base64
import hashlib
import itertools
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import asyncpg
import orjson

from shared.contract.client import Documents
from shared.contract.models import SignRequest, SignResponse, SignStatus
from shared.messaging.intake import Delivery

RETURN_URL = "https://declaratii.example/back?step=2"
DIGEST = hashlib.sha256(b"a declaration").digest()
KEY = "k" * 32


@dataclass
class FakeMSign:
    """Answers like MSign; an exception put in place of an answer is raised."""

    posted: list[SignRequest] = field(default_factory=list)
    post_answers: list[str | Exception] = field(default_factory=list)
    response: SignResponse | Exception = field(default_factory=lambda: SignResponse(status=SignStatus.PENDING))
    asked: int = 0

    async def post_sign_request(self, request: SignRequest, documents: Documents | None = None) -> str:
        self.posted.append(await with_documents(request, documents))
        answer = self.post_answers.pop(0) if self.post_answers else uuid.uuid4().hex
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def get_sign_response(self, request_id: str, language: str) -> SignResponse:
        self.asked += 1
        if isinstance(self.response, Exception):
            raise self.response
        return self.response


async def with_documents(request: Any, documents: Documents | None) -> Any:
    """The request with the bytes in it that would be read while it is sent."""
    contents = list(request.contents)
    name = "content" if isinstance(request, SignRequest) else "signature"
    for place, document in (documents or {}).items():
        body = b"".join([piece async for piece in document.pieces()])
        assert len(body) == document.size
        contents[place] = replace(contents[place], **{name: body})
    return replace(request, contents=tuple(contents))


def sign_data(**changes: Any) -> dict[str, Any]:
    """The data of a good sign command, with changes."""
    return {
        "content_type": "Hash",
        "short_description": "Declarație",
        "contents": [{"content": base64.b64encode(DIGEST).decode(), "correlation_id": "1"}],
        "return_url": RETURN_URL,
        "relay_state": "basket 7",
    } | changes


def delivery(data: object, *, system: str = "declaratii", **changes: Any) -> Delivery:
    """A sign command as the broker delivers it; `changes` go to the envelope."""
    envelope = {
        "specversion": "1.0",
        "id": str(uuid.uuid4()),
        "source": f"/systems/{system}",
        "type": "msign.sign.request.v1",
        "time": datetime.now(UTC).isoformat(),
        "data": data,
    } | changes
    return Delivery(orjson.dumps(envelope), f"sign.request.{system}", system, None)


async def events_of(pool: asyncpg.Pool) -> list[dict[str, Any]]:
    """Every event in the outbox, oldest first."""
    rows = await pool.fetch("SELECT body FROM events ORDER BY created_at, sequence")
    return [orjson.loads(row["body"]) for row in rows]


async def only_job(pool: asyncpg.Pool) -> asyncpg.Record:
    """The one job that there is."""
    (row,) = await pool.fetch("SELECT * FROM jobs")
    return row


async def eventually(condition: Callable[[], Awaitable[object]], *, within_s: float = 60) -> None:
    """Wait until `condition` holds; for what tells nobody that it happened."""
    async with asyncio.timeout(within_s):
        for _ in itertools.count():
            if await condition():
                return
            await asyncio.sleep(0.05)
