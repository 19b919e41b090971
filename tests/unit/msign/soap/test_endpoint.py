"""What does the endpoint do when its caller does not wait for the answer?"""

import asyncio
from typing import Any

from lxml import etree
from structlog.testing import capture_logs

from msign_gateway.infrastructure.ports import free_ports
from services.msign.consumers import Consumer
from services.msign.soap.endpoint import PATH, Endpoint, create_api_app
from shared.contract import wsdl
from shared.contract.models import SignResponse, SignStatus
from shared.lifecycle import serve_http


class Slow:
    """An MSign that answers when it may."""

    def __init__(self):
        self.asked, self.may_answer = asyncio.Event(), asyncio.Event()

    async def get_sign_response(self, consumer, request_id, language):
        self.asked.set()
        await self.may_answer.wait()
        return SignResponse(status=SignStatus.PENDING)


def http_call():
    message = wsdl.operation("GetSignResponse").input.serialize(requestID="0" * 32, language="en")
    body = etree.tostring(message.content)
    headers = {"Host": "msign.test", "Content-Type": "text/xml", "Content-Length": str(len(body))} | message.headers
    lines = [f"POST {PATH} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def test_a_caller_that_hung_up_is_noted_and_is_no_failure():
    msign: Any = Slow()
    nobody: Any = None
    app = create_api_app(Endpoint(msign, nobody, everybody=Consumer(id=1, name="tests")), max_body_bytes=10_000)
    left, port = asyncio.Event(), free_ports(1)[0]

    class Noting(asyncio.Protocol):
        def connection_lost(self, _):
            left.set()

    with capture_logs() as lines:
        async with serve_http(app, host="127.0.0.1", port=port):
            transport, _ = await asyncio.get_running_loop().create_connection(Noting, "127.0.0.1", port)
            transport.write(http_call())
            await msign.asked.wait()
            transport.abort()
            await left.wait()
            await asyncio.sleep(0.05)  # the server's end reads the end of the connection by itself
            msign.may_answer.set()
    assert [(line["event"], line["log_level"]) for line in lines] == [("caller_hung_up", "info")]
