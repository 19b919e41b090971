"""How do our services call MSign's three operations? (contract section 1)

`envelope` writes them, `transport` carries them, zeep's message objects, made from the shipped WSDL, read the answers.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import zeep.exceptions
from lxml import etree

from shared.contract import envelope, wsdl
from shared.contract.codec import read_sign_response, read_verification_response
from shared.contract.envelope import Document
from shared.contract.faults import MSignFault, read_fault
from shared.contract.models import Language, SignRequest, SignResponse, VerificationRequest, VerificationResponse
from shared.contract.safe_xml import read_xml
from shared.contract.transport import Answer, SoapTransport, watched_context
from shared.errors import Malformed, Transient
from shared.telemetry.soap import soap_call
from shared.telemetry.tracing import trace_headers

THREAD_ABOVE_BYTES = 64 * 1024
MAX_ANSWER_BYTES = 256 * 1024 * 1024

Documents = Mapping[int, Document]
Result = TypeVar("Result")


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
        return await self._call("PostSignRequest", {"request": request}, _request_id, documents)

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
        self, name: str, parameters: dict[str, Any], read: Callable[[Any], Result], documents: Documents | None = None
    ) -> Result:
        with soap_call(name):
            message = envelope.write(name, parameters, documents)
            headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{wsdl.soap_action(name)}"'}
            answer = await self._transport.post(message, headers | (trace_headers() if self._traced else {}))
            return await _run(len(answer.body), lambda: _result(name, answer, read))


async def _run(size: int, work: Callable[[], Result]) -> Result:
    return await asyncio.to_thread(work) if size > THREAD_ABOVE_BYTES else work()


def _result(name: str, answer: Answer, read: Callable[[Any], Result]) -> Result:
    try:
        root = read_xml(answer.body, charset=answer.charset)
        body = root.find(f"{{{wsdl.ENVELOPE}}}Body")
        if body is None:
            raise Transient("MSign's answer is not a SOAP 1.1 envelope")
        if (fault := read_fault(body)) is not None:
            raise fault
        return read(_reply(name, body))
    except MSignFault:
        raise
    except Malformed as error:
        # What is malformed here is the answer, not our request.
        raise Transient(f"MSign's answer cannot be read: {error}") from error
    except (zeep.exceptions.Error, ValueError, AttributeError, TypeError) as error:
        raise Transient(f"MSign's answer to {name} does not match the contract") from error


def _reply(name: str, body: etree._Element) -> Any:
    wrapper = body.find(f"{{{wsdl.NAMESPACE}}}{name}Response")
    if wrapper is None:
        raise Transient(f"MSign's answer holds no {name}Response")
    value = getattr(wsdl.element(f"{name}Response").parse(wrapper, wsdl.document().types), f"{name}Result")
    if value is None:
        raise Transient(f"MSign's {name}Result is empty")
    return value


def _request_id(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("the RequestID is empty")
    return value.strip()
