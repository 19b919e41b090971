"""What do the messages look like to a program that is not ours? JSON Schemas and an AsyncAPI 3 document.

They are generated from the models that the services themselves use, so that they cannot say anything else. The OpenAPI
document of the internal HTTP API (`msign_gateway.openapi`) goes with them.
"""

from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel

from msign_gateway.openapi import OPENAPI, openapi
from shared.messaging import commands, events
from shared.messaging.envelope import CONTENT_TYPE, SYSTEM_NAME, Command, Event
from shared.messaging.topology import COMMANDS, EVENTS

DIALECT = "https://json-schema.org/draft/2020-12/schema"
ASYNCAPI = "asyncapi.json"
VERSION = "1.0.0"
"""Of the messages together: the second number grows with new fields, the first with new types that replace old ones."""

_BINDING = "0.3.0"


@dataclass(frozen=True, slots=True)
class Message:
    """One kind of message: its CloudEvents type, the model of its data, and what it means in a sentence."""

    kind: str
    data: type[BaseModel]
    summary: str

    @property
    def is_command(self) -> bool:
        """Whether systems send it to us; otherwise we send it to them."""
        return self.kind in {commands.SIGN_REQUEST, commands.VERIFICATION_REQUEST}

    @property
    def channel(self) -> str:
        """The routing key without the system: `sign.request`."""
        return self.kind.removeprefix("msign.").removesuffix(".v1")

    @property
    def file(self) -> str:
        """The name of the file with its schema."""
        return f"{self.kind}.json"


MESSAGES = (
    Message(commands.SIGN_REQUEST, commands.SignRequestData, "Let a user sign these contents."),
    Message(commands.VERIFICATION_REQUEST, commands.VerificationRequestData, "Say whether these signatures are valid."),
    Message(events.ACCEPTED, events.AcceptedData, "MSign has the request; the user signs at `sign_url`."),
    Message(events.SIGN_REJECTED, events.RejectedData, "The sign command cannot be carried out. Final."),
    Message(events.READY, events.ReadyData, "The signatures, or why there are none. Final."),
    Message(events.VERIFIED, events.CompletedData, "The verdicts on the signatures. Final."),
    Message(events.VERIFICATION_REJECTED, events.RejectedData, "The verification cannot be carried out. Final."),
)


def documents() -> dict[str, dict[str, Any]]:
    """Return every document by the name of its file: a schema for each message, AsyncAPI and OpenAPI."""
    return {message.file: schema(message) for message in MESSAGES} | {ASYNCAPI: asyncapi(), OPENAPI: openapi(VERSION)}


def schema(message: Message) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a whole message, envelope and data.

    It says what can be said without looking at the contents: lengths of digests, unique ids and registered origins
    are judged by the gateway.
    """
    mode: Literal["validation", "serialization"] = "validation" if message.is_command else "serialization"
    envelope = (Command if message.is_command else Event).model_json_schema(mode=mode)
    data = message.data.model_json_schema(mode=mode)
    parts = envelope.pop("$defs", {}) | data.pop("$defs", {}) | {message.data.__name__: data}
    envelope["properties"] |= {
        "type": {"const": message.kind},
        "data": {"$ref": f"#/$defs/{message.data.__name__}"},
    }
    heading = {"$schema": DIALECT, "$id": f"urn:msign-gateway:schema:{message.kind}", "title": message.kind}
    return heading | {"description": message.summary} | _without_heading(envelope) | {"$defs": parts}


def asyncapi() -> dict[str, Any]:
    """Return the AsyncAPI 3.0 document, written from the gateway's side: it receives commands and sends events."""
    return {
        "asyncapi": "3.0.0",
        "id": "urn:msign-gateway",
        "info": {
            "title": "MSign gateway",
            "version": VERSION,
            "description": "Signing and verification through MSign. Each command ends in exactly one final event.",
        },
        "defaultContentType": CONTENT_TYPE,
        "channels": {message.channel: _channel(message) for message in MESSAGES},
        "operations": {message.channel: _operation(message) for message in MESSAGES},
        "components": {"messages": {message.kind: _message(message) for message in MESSAGES}},
    }


def _channel(message: Message) -> dict[str, Any]:
    exchange = {"name": COMMANDS if message.is_command else EVENTS, "type": "topic", "durable": True}
    return {
        "address": f"{message.channel}.{{system}}",
        "summary": message.summary,
        "parameters": {"system": {"description": f"The broker user's name, {SYSTEM_NAME}"}},
        "messages": {message.kind: {"$ref": f"#/components/messages/{message.kind}"}},
        "bindings": {
            "amqp": {"is": "routingKey", "exchange": exchange | {"autoDelete": False}, "bindingVersion": _BINDING}
        },
    }


def _operation(message: Message) -> dict[str, Any]:
    binding = {"deliveryMode": 2, "mandatory": message.is_command, "bindingVersion": _BINDING}
    # AsyncAPI counts these fields as the sender's: a receiver does not deliver.
    bindings = {} if message.is_command else {"bindings": {"amqp": binding}}
    return {
        "action": "receive" if message.is_command else "send",
        "channel": {"$ref": f"#/channels/{message.channel}"},
        "summary": message.summary,
        "messages": [{"$ref": f"#/channels/{message.channel}/messages/{message.kind}"}],
    } | bindings


def _message(message: Message) -> dict[str, Any]:
    command_id = "/id" if message.is_command else "/data/command_id"
    return {
        "name": message.kind,
        "title": message.data.__doc__,
        "summary": message.summary,
        "contentType": CONTENT_TYPE,
        "correlationId": {"description": "The command's id", "location": f"$message.payload#{command_id}"},
        "payload": {
            "schemaFormat": "application/schema+json;version=draft-2020-12",
            "schema": {"$ref": f"./{message.file}"},
        },
    }


def _without_heading(envelope: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in envelope.items() if name not in {"title", "description"}}
