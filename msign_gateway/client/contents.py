"""How does a system hand over what is too large for a message, fetch results that are, and ask where a job stands?

The gateway's internal HTTP API (architecture, "HTTP"), with the standard library alone: the base installation has
no HTTP client. Calls block; `asyncio.to_thread` is for callers with an event loop.
"""

import hashlib
import json
import time
from base64 import b64decode
from http import HTTPStatus
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen

from msign_gateway.client.line import pause_s
from msign_gateway.client.standing import JobView, read_job
from shared.errors import Malformed, Transient
from shared.messaging.events import ResultData

TIMEOUT_S = 60.0
"""How long the gateway may say nothing, or take nothing of a piece."""
PIECE_BYTES = 64 * 1024
TRIES = 5
NOT_FOUND = "not_found"


class ContentStore:
    """A system's contents and jobs at the gateway of that URL; the token says which system asks.

    What fails for a moment is tried again, `TRIES` times within a few seconds: storing twice is storing once.
    """

    def __init__(self, url: str, token: str) -> None:
        if not url.startswith(("http://", "https://")):
            raise Malformed(f"the gateway's address {url!r} does not begin with http:// or https://", field="url")
        self._url = url.rstrip("/")
        self._token = token

    def put(self, body: bytes) -> str:
        """Store a content; returns its reference, `sha256:<hex>`. Raises `Malformed` and `Transient`."""
        request = Request(f"{self._url}/contents", data=_pieces(body), method="PUT")  # noqa: S310 - the scheme is checked
        request.add_header("Content-Length", str(len(body)))
        return str(json.loads(self._ask(request))["ref"])

    def get(self, ref: str) -> bytes:
        """Return a content; it is what the reference says. Raises `Malformed` and `Transient`."""
        body = self._ask(Request(f"{self._url}/contents/{ref}"))  # noqa: S310 - the scheme is checked
        if ref != f"sha256:{hashlib.sha256(body).hexdigest()}":
            raise Transient(f"the gateway sent something else for {ref}")
        return body

    def job(self, *, command_id: str | None = None, job_id: str | None = None, wait_s: float = 0) -> JobView | None:
        """Return where the job stands that a command began, or that has this id; None if there is none.

        With `wait_s` the answer comes when the job changes, is there or has ended, after 30 s at the latest. Raises
        `Malformed` and `Transient`.
        """
        if (command_id is None) == (job_id is None):
            raise Malformed("a job is asked for by command_id or by job_id", field="command_id")
        path = "/jobs" if job_id is None else f"/jobs/{quote(job_id, safe='')}"
        asked = {"command_id": command_id, "wait_s": wait_s or None}
        query = urlencode({name: value for name, value in asked.items() if value is not None})
        try:
            return read_job(self._ask(Request(f"{self._url}{path}?{query}")))  # noqa: S310 - the scheme is checked
        except Malformed as error:
            if error.code == NOT_FOUND:
                return None
            raise

    def _ask(self, request: Request) -> bytes:
        request.add_header("Authorization", f"Bearer {self._token}")
        request.add_header("Content-Type", "application/octet-stream")
        for tries in range(TRIES - 1):
            try:
                return self._asked(request)
            except Transient:
                time.sleep(pause_s(tries))
        return self._asked(request)

    def _asked(self, request: Request) -> bytes:
        try:
            with urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310
                return bytes(answer.read())
        except HTTPError as error:
            said = f"the gateway at {self._url} answers {error.code}: {_reason(error)}"
            if error.code >= 500 or error.code == HTTPStatus.REQUEST_TIMEOUT:
                raise Transient(said) from error
            raise Malformed(said, code=NOT_FOUND if error.code == HTTPStatus.NOT_FOUND else "invalid") from error
        except (OSError, HTTPException) as error:
            raise Transient(f"the gateway at {self._url} cannot be reached: {error}") from error


def _pieces(body: bytes) -> list[Any]:
    """Cut a body without copying it: what is sent as one has to be taken as a whole within the time for a piece."""
    whole = memoryview(body)
    return [whole[start : start + PIECE_BYTES] for start in range(0, len(body), PIECE_BYTES)]


def signature_of(result: ResultData, store: ContentStore | None) -> bytes:
    """Return the signature of a result, and surely the one that the event speaks of (`sha256`).

    Raises `Malformed` where there is none, or none without a `store`; `Transient` for another one.
    """
    if result.signature is not None:
        signature = _decoded(result.signature)
    elif result.signature_ref is None:
        raise Malformed("the event has no signature for it", field="signature")
    elif store is None:
        raise Malformed(f"{result.signature_ref} has to be fetched: that needs the gateway's address and a token")
    else:
        signature = store.get(result.signature_ref)
    if result.sha256 is not None and hashlib.sha256(signature).hexdigest() != result.sha256:
        raise Transient("the signature is not the one that the event speaks of")
    return signature


def _decoded(signature: str) -> bytes:
    try:
        return b64decode(signature, validate=True)
    except ValueError:
        raise Transient("the event's signature is not base64") from None


def _reason(error: HTTPError) -> str:
    try:
        said = json.loads(error.read(10_000))["error"]
        return f"{said['field']} {said['message']}"
    except (ValueError, KeyError, TypeError, OSError):
        return str(error.reason)
