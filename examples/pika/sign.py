"""Have a PDF file signed and the signature verified, with pika alone: the wire format is enough.

    pip install -r requirements.txt
    python sign.py act.pdf

Reads `DECLARATII_AMQP_URL`, `DECLARATII_TOKEN`, `SIGN_GATEWAY_URL` and `RETURN_URL`, as `.demo/endpoints.env` has them.
"""

import base64
import json
import os
import sys
import urllib.request
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pika

SYSTEM = "declaratii"
INLINE_BYTES = 4 * 1024 * 1024

READY = "msign.sign_response.ready.v1"
ACCEPTED = "msign.sign_request.accepted.v1"
VERIFIED = "msign.verification.completed.v1"
REJECTED = {"msign.sign_request.rejected.v1", "msign.verification.rejected.v1"}


class Gateway:
    """The system's end: commands go to an exchange, events come to a queue of its own, large contents go over HTTP."""

    def __init__(self, amqp_url: str, http_url: str, token: str) -> None:
        self.http_url = http_url
        self.token = token
        connection = pika.BlockingConnection(pika.URLParameters(amqp_url))
        self.commands = connection.channel()
        self.commands.confirm_delivery()
        self.events = connection.channel()
        self.queue = f"{SYSTEM}.pika-example"
        self.events.queue_declare(self.queue, durable=True, arguments={"x-queue-type": "quorum"})
        self.events.queue_bind(self.queue, "msign.events", f"*.*.{SYSTEM}")

    def publish(self, kind: str, routing_key: str, data: dict[str, Any]) -> str:
        """Publish a command, confirmed and mandatory; a repetition under the same id would change nothing."""
        command_id = str(uuid.uuid4())
        command = {
            "specversion": "1.0",
            "id": command_id,
            "source": f"/systems/{SYSTEM}",
            "type": kind,
            "time": datetime.now(UTC).isoformat(),
            "data": data,
        }
        properties = pika.BasicProperties(
            content_type="application/cloudevents+json",
            delivery_mode=pika.DeliveryMode.Persistent,
            message_id=command_id,
            type=kind,
            user_id=SYSTEM,  # the broker checks it, and the gateway asks for it
        )
        body = json.dumps(command).encode()
        self.commands.basic_publish("msign.commands", routing_key, body, properties, mandatory=True)
        return command_id

    def wait(self, command_id: str, kind: str) -> dict[str, Any]:
        """Return the data of the command's event of that type."""
        for method, _, body in self.events.consume(self.queue):
            event = json.loads(body)
            self.events.basic_ack(method.delivery_tag)
            if event["data"]["command_id"] != command_id:
                continue
            if event["type"] in REJECTED:
                raise SystemExit(f"rejected: {event['data']['errors']}")
            if event["type"] == kind:
                self.events.cancel()
                return event["data"]
        raise SystemExit("the queue ended")

    def content(self, body: bytes, name: str) -> dict[str, str]:
        """Return a content inline, or stored and by reference where it is too large for a message."""
        if len(body) <= INLINE_BYTES:
            return {name: base64.b64encode(body).decode()}
        return {f"{name}_ref": json.loads(self.ask("PUT", "/contents", body))["ref"]}

    def ask(self, method: str, path: str, body: bytes | None = None) -> bytes:
        """Call the gateway's internal HTTP API."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/octet-stream"}
        request = urllib.request.Request(self.http_url + path, body, headers, method=method)
        with urllib.request.urlopen(request) as response:
            return response.read()


def main(file: Path) -> None:
    """Sign, save, verify."""
    gateway = Gateway(*(os.environ[name] for name in ("DECLARATII_AMQP_URL", "SIGN_GATEWAY_URL", "DECLARATII_TOKEN")))
    job = {
        "content_type": "Pdf",
        "short_description": file.name[:90],
        "contents": [gateway.content(file.read_bytes(), "content")],
        "return_url": os.environ["RETURN_URL"],
    }
    command_id = gateway.publish("msign.sign.request.v1", f"sign.request.{SYSTEM}", job)
    print("Open", gateway.wait(command_id, ACCEPTED)["sign_url"], flush=True)
    outcome = gateway.wait(command_id, READY)
    if outcome["status"] != "Success":
        raise SystemExit(f"{outcome['status']}: {outcome['reason_code']}")
    (result,) = outcome["results"]
    inline = result["signature"]
    signature = base64.b64decode(inline) if inline else gateway.ask("GET", f"/contents/{result['signature_ref']}")
    signed = file.with_suffix(".signed.pdf")
    signed.write_bytes(signature)
    print("Signed", signed)
    question = {"content_type": "Pdf", "contents": [gateway.content(signature, "signature")]}
    command_id = gateway.publish("msign.verification.request.v1", f"verification.request.{SYSTEM}", question)
    (verdict,) = gateway.wait(command_id, VERIFIED)["results"]
    print("Valid" if verdict["valid"] else "NOT VALID", signed, verdict["message"])


main(Path(sys.argv[1]))
