"""How do our services call MSign's three operations? (contract section 1)

`envelope` writes them, `transport` carries them, `answers` reads what comes back.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from shared.contract import envelope, wsdl
from shared.contract.answers import (
    Read,
    Result,
    read_answer,
    read_request_id,
    read_sign_response,
    read_verification_response,
)
from shared.contract.arriving import Arrived
from shared.contract.envelope import Document
from shared.contract.models import Language, SignRequest, SignResponse, VerificationRequest, VerificationResponse
from shared.contract.transport import SoapTransport, watched_context
from shared.errors import Transient
from shared.telemetry.soap import soap_call
from shared.telemetry.tracing import trace_headers

MAX_ANSWER_BYTES = 256 * 1024 * 1024

Documents = Mapping[int, Document]


class MSignClient:
    """MSign's API. Every call may raise `MSignFault`, `ProviderDown`, `AmbiguousCall`, or `Transient`."""

    def __init__(self, transport: SoapTransport, *, traced: bool = False) -> None:
        self._transport = transport
        self._traced = traced

    @classmethod
    @asynccontextmanager
    async def connect(
        cls,
        *,
        url: str,
        client_cert: Path | str | None = None,
        client_key: Path | str | None = None,
        ca_bundle: Path | str | None = None,
        timeout_s: float = 30,
        connect_s: float = 10,
        max_answer_bytes: int = MAX_ANSWER_BYTES,
        traced: bool = False,
    ) -> AsyncIterator["MSignClient"]:
        """Yield a client of the endpoint `url` (ending in `/MSign.svc`); PEM files for mutual TLS.

        Nothing is sent yet. Files that change are read again for the next call. Without certificate files only a
        plain-HTTP development endpoint can be called. With `traced`, MSign gets to know our trace (`traceparent`).
        """
        context = None
        if client_cert and client_key and ca_bundle:
            context = watched_context(
                client_cert=Path(client_cert), client_key=Path(client_key), ca_bundle=Path(ca_bundle)
            )
        wsdl.document()
        async with SoapTransport.open(
            url, context=context, timeout_s=timeout_s, connect_s=connect_s, max_answer_bytes=max_answer_bytes
        ) as transport:
            yield cls(transport, traced=traced)

    async def post_sign_request(self, request: SignRequest, documents: Documents | None = None) -> str:
        """Post a request; returns its RequestID. Not idempotent: see `AmbiguousCall`.

        `documents` are those of its contents, by their places, that are read only while they are sent.
        """
        return await self._call("PostSignRequest", {"request": request}, read_request_id, documents)

    async def get_sign_response(self, request_id: str, language: str = Language.RO) -> SignResponse:
        """Return the state of a request and, once it is final, its signatures."""
        parameters = {"requestID": request_id, "language": str(language)}
        return await self._call("GetSignResponse", parameters, read_sign_response)

    async def verify_signatures(
        self, request: VerificationRequest, documents: Documents | None = None
    ) -> VerificationResponse:
        """Return the verdicts on a batch of signatures, in the order of its contents; `documents` are signatures."""
        return await self._call("VerifySignatures", {"request": request}, read_verification_response, documents)

    async def _call(
        self, name: str, parameters: dict[str, Any], read: Read[Result], documents: Documents | None = None
    ) -> Result:
        with soap_call(name):
            message = envelope.write(name, parameters, documents)
            headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{wsdl.soap_action(name)}"'}
            answer = await self._transport.post(message, headers | (trace_headers() if self._traced else {}))
            return _read(name, answer, read)


def _read(name: str, answer: Arrived, read: Read[Result]) -> Result:
    try:
        return read_answer(name, answer.root, answer.spools, read)
    except ValueError as error:
        raise Transient(f"MSign's answer to {name} does not match the contract") from error
