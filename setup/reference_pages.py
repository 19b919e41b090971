#!/usr/bin/env python3
"""What can be typed, sent and asked? Writes docs/reference/: command line, messages, HTTP API, the Python client.

`.venv/bin/python setup/reference_pages.py`; a test compares the pages with the code.
"""

import inspect
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from typer.main import get_command

from msign_gateway.cli import app
from msign_gateway.client import (
    ConnectionLost,
    ContentStore,
    Ended,
    GatewayClient,
    NotAnswered,
    NotTaken,
    Refused,
    Rejected,
    Unreachable,
    Unroutable,
)
from msign_gateway.openapi import openapi
from msign_gateway.schemas import ASYNCAPI, MESSAGES, VERSION, Message, schema

PLACE = Path(__file__).parent.parent / "docs" / "reference"
MADE = "<!-- Made by setup/reference_pages.py from the code. Do not edit. -->"
WAYS = (("Commands", True, "Systems publish them to"), ("Events", False, "The gateway publishes them to"))


def pages() -> dict[str, str]:
    """Return every page, by the name of its file."""
    made = {"cli.md": command_line(), "messages.md": messages(), "http.md": http(), "client.md": client()}
    return {name: text.rstrip() + "\n" for name, text in made.items()}


def command_line() -> str:
    """Return the page of the command line: each command's help, arguments and options."""
    group: Any = get_command(app)
    lines = ["# Command line", "", MADE, "", _prose(group.help), ""]
    for name, command in sorted(_commands("msign-gateway", group)):
        lines += [f"## `{name}`", "", _prose(command.help), ""]
        rows = [_option(one) for one in command.params if not one.hidden and one.name != "help"]
        if rows:
            lines += ["| option | what it is | |", "|---|---|---|", *rows, ""]
    return "\n".join(lines)


def _commands(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    for part, child in getattr(command, "commands", {}).items():
        if hasattr(child, "commands"):
            yield from _commands(f"{name} {part}", child)
        else:
            yield f"{name} {part}", child


def _option(one: Any) -> str:
    names = ", ".join(f"`{name}`" for name in (*one.opts, *one.secondary_opts))
    if one.param_type_name == "argument":
        names = f"`{one.name.upper()}`" + (" …" if one.nargs == -1 else "")
    facts = ["required"] if one.required else []
    if one.default not in (None, False, (), []) and not callable(one.default):
        facts.append(f"default `{getattr(one.default, 'value', one.default)}`")
    if one.envvar:
        facts.append(f"or `{one.envvar}`")
    return f"| {names} | {_prose(one.help or '').replace('|', '&#124;')} | {', '.join(facts)} |"


def _prose(text: str) -> str:
    """Return help as Markdown: click's mark for lines that are not to be wrapped begins a block of text."""
    parts = []
    for part in text.split("\n\n"):
        plain = part.removeprefix("\b\n")
        parts.append(f"```text\n{plain}\n```" if plain != part else part)
    return "\n\n".join(parts).replace("<", "&lt;") if "```" not in text else "\n\n".join(parts)


def messages() -> str:
    """Return the page of the messages: what each holds, field by field."""
    lines = ["# Messages", "", MADE, ""]
    lines += [
        "All messages are [CloudEvents 1.0](https://cloudevents.io) in structured JSON, with the content type",
        "`application/cloudevents+json`. This page shows the `data` of each. For programs there are a JSON Schema of",
        "each whole message and an",
        f"[AsyncAPI 3 document](../messages/{ASYNCAPI}); `msign-gateway schemas` writes them, too.",
        "",
    ]
    for title, is_command, said in WAYS:
        exchange = "msign.commands" if is_command else "msign.events"
        lines += [f"## {title}", "", f"{said} the topic exchange `{exchange}`.", ""]
        for message in MESSAGES:
            if message.is_command is is_command:
                lines += _message(message)
    return "\n".join(lines)


def _message(message: Message) -> Iterator[str]:
    yield from (f"### `{message.kind}`", "", message.summary, "")
    yield f"Routing key `{message.channel}.<system>`; [JSON Schema](../messages/{message.file})."
    yield ""
    parts = schema(message)["$defs"]
    todo = [message.data.__name__]
    for name in todo:
        part = parts[name]
        if name != message.data.__name__:
            yield from (f"#### {name.removesuffix('Data')}", "", part.get("description", ""), "")
        yield from ("| field | type | needed | what it is |", "|---|---|---|---|")
        for field, said in part["properties"].items():
            required = "yes" if field in part.get("required", []) else ""
            yield f"| `{field}` | {_type(said, parts)} | {required} | {said.get('description', '')} |"
        yield ""
        todo += [one for one in _inner(part, parts) if one not in todo]


def _inner(part: Any, parts: dict[str, Any]) -> Iterator[str]:
    """The names of the objects that a part speaks of."""
    if isinstance(part, dict):
        name = str(part.get("$ref", "")).rpartition("/")[2]
        if "properties" in parts.get(name, {}):
            yield name
        part = list(part.values())
    if isinstance(part, list):
        for one in part:
            yield from _inner(one, parts)


def _type(said: dict[str, Any], parts: dict[str, Any]) -> str:
    if "$ref" in said:
        name = said["$ref"].rpartition("/")[2]
        return _type(parts[name], parts) if "enum" in parts[name] else name.removesuffix("Data")
    if "anyOf" in said:
        return " or ".join(_type(one, parts) for one in said["anyOf"])
    if "const" in said:
        return f"`{said['const']}`"
    if "enum" in said:
        return " · ".join(f"`{one}`" for one in said["enum"])
    if said.get("type") == "array":
        return f"list of {_type(said['items'], parts)}"
    limits = []
    if "maxLength" in said:
        limits.append(f"{said.get('minLength', 0)} to {said['maxLength']} characters")
    limits += [f"`{said['pattern']}`"] if "pattern" in said else []
    limits += [f"default `{json.dumps(said['default'])}`"] if said.get("default") not in (None, "") else []
    kind = {"date-time": "RFC 3339 time"}.get(said.get("format", ""), said.get("type", "anything"))
    kind = "base64" if said.get("contentEncoding") == "base64" else kind
    return f"{kind}, {', '.join(limits)}" if limits else kind


def http() -> str:
    """Return the page of the internal HTTP API."""
    document = openapi(VERSION)
    lines = ["# HTTP API", "", MADE, "", document["info"]["description"], ""]
    lines += ["Each request needs the header `Authorization: Bearer <token>`; a wrong one is answered with 401.", ""]
    lines += ["For programs there is an [OpenAPI 3.1 document](../messages/openapi.json).", ""]
    for path, item in document["paths"].items():
        for method, operation in item.items():
            lines += [
                f"## `{method.upper()} {path}`",
                "",
                f"{operation['summary']}. {operation.get('description', '')}",
            ]
            lines[-1] = lines[-1].strip()
            lines += ["", *_parameters(operation), "| answer | when | body |", "|---|---|---|"]
            lines += [_answer(status, answer) for status, answer in operation["responses"].items()]
            lines.append("")
    return "\n".join(lines)


def _parameters(operation: dict[str, Any]) -> list[str]:
    rows = [f"| `{one['name']}` | {one['in']} | {one['description']} |" for one in operation.get("parameters", [])]
    return ["| parameter | in | what it is |", "|---|---|---|", *rows, ""] if rows else []


def _answer(status: str, answer: dict[str, Any]) -> str:
    ((kind, content),) = answer["content"].items()
    body = content["schema"]["$ref"].rpartition("/")[2] if content else ""
    return f"| {status} | {answer['description']} | `{kind}`{f', {body}' if body else ''} |"


def client() -> str:
    """Return the page of the client: what it can do, and what can go wrong."""
    lines = ["# Client for Python", "", MADE, "", "`from msign_gateway.client import GatewayClient, …`", ""]
    for kind in (GatewayClient, ContentStore):
        lines += [f"## `{kind.__name__}`", "", inspect.getdoc(kind) or "", ""]
        for name, one in vars(kind).items():
            if not name.startswith("_") and inspect.getdoc(one):
                lines += [f"### `{name}`", "", "```text", _signature(name, one), "```", "", _doc(one), ""]
    lines += ["## Errors", "", "`Transient` may work later, under the same command id; `Malformed` never will.", ""]
    lines += ["| error | is a | what |", "|---|---|---|"]
    for one in _ERRORS:
        parents = ", ".join(f"`{parent.__name__}`" for parent in one.__bases__)
        lines.append(f"| `{one.__name__}` | {parents} | {' '.join(_doc(one).split())} |")
    return "\n".join(lines)


_ERRORS = (NotTaken, Unroutable, Refused, Unreachable, NotAnswered, Rejected, Ended, ConnectionLost)


def _signature(name: str, one: Any) -> str:
    function = one.__func__ if isinstance(one, classmethod) else one
    parameters = [each for each in inspect.signature(function).parameters.values() if each.name not in {"self", "cls"}]
    given = [each.name if each.default is each.empty else f"{each.name}={each.default!r}" for each in parameters]
    named = [each.kind is each.KEYWORD_ONLY for each in parameters]
    if True in named:
        given.insert(named.index(True), "*")
    call = f"{name}({', '.join(given)})"
    if isinstance(one, classmethod):
        return f"async with GatewayClient.{call} as gateway: ..."
    if inspect.isasyncgenfunction(function):
        return f"async for event in gateway.{call}: ..."
    return f"await gateway.{call}" if inspect.iscoroutinefunction(function) else f"store.{call}"


def _doc(thing: Any) -> str:
    return inspect.getdoc(thing) or ""


if __name__ == "__main__":
    PLACE.mkdir(exist_ok=True)
    for file, text in pages().items():
        (PLACE / file).write_text(text, encoding="utf-8")
