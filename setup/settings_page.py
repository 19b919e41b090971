#!/usr/bin/env python3
"""Which settings are there? Prints docs/operations/configure.md, from the classes that read them.

`.venv/bin/python setup/settings_page.py > docs/operations/configure.md`; a test compares the page with the code.
"""

import sys
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

sys.path.insert(0, str(Path(__file__).parent.parent))

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from services.callback_web.settings import Settings as CallbackWeb
from services.msign.settings import MSignSettings
from services.sign_gateway.settings import Settings as SignGateway
from services.verifier.settings import Settings as Verifier
from shared.signing.settings import GatewaySettings

SERVICES: dict[str, type[BaseSettings]] = {
    "sign_gateway": SignGateway,
    "callback_web": CallbackWeb,
    "verifier": Verifier,
    "msign": MSignSettings,
}
SECRET = {"amqp_url", "database_url", "link_secret", "msign_database_url", "web_secret"}
"""Never in a log; better given as files."""
FOLLOWED = SECRET
"""Read again when their `_FILE` changes."""
WATCHED = {
    "amqp_ca_bundle", "amqp_client_cert", "amqp_client_key",
    "database_ca_bundle", "database_client_cert", "database_client_key",
    "msign_ca_bundle", "msign_client_cert", "msign_client_key",
    "systems_file", "api_cert", "api_key", "consumers_ca", "pki_dir",
}  # fmt: skip
"""Files that are read again when they change."""
TYPES = {"int": "whole number", "float": "number", "bool": "`true` or `false`", "str": "text", "Path": "path"}

HEAD = """\
# Configure

<!-- Made by setup/settings_page.py from the code. Do not edit. -->

A service reads each setting from the environment variable of its name, or from the file that `<NAME>_FILE` names: the
way for secrets that are mounted as files. If both are set, the variable counts. A setting that is missing or wrong
stops the start with one readable line for each and exit code 2; its value is never printed.

With `msign-gateway serve all`, a service's name in front gives a setting to it alone: `VERIFIER_OPS_PORT=9002`.

In the tables, *secret* is what must not be seen: give it as a file. *Live* is what takes effect without a restart when
its file changes: for a secret that is the file of `<NAME>_FILE`. How each is changed in a running system is in
[Rotate](rotate.md); what they protect is in [Security](../security.md).
"""
FOOT = """
## The registry of systems

`SYSTEMS_FILE` is written by `msign-gateway systems`, and can be edited by hand. The same file serves every replica of
sign_gateway and verifier.

## What every service reads besides

| variable | |
|---|---|
| `OTEL_*` | the settings of OpenTelemetry's SDK, if traces are exported: see [Telemetry](telemetry.md) |
| `TZ` | nothing depends on it: times are UTC |
"""


def page() -> str:
    """Return the whole page."""
    shared = GatewaySettings.model_fields
    parts = [section("Every gateway service", shared)]
    for name, settings in SERVICES.items():
        own = {key: field for key, field in settings.model_fields.items() if name == "msign" or key not in shared}
        parts.append(section(name, own))
    return HEAD + "".join(parts) + FOOT


def section(title: str, fields: dict[str, FieldInfo]) -> str:
    """Return a heading and its table."""
    rows = ["| name | type | default | meaning | secret | live |", "|---|---|---|---|---|---|"]
    return "\n".join(["", f"## {title}", "", *rows, *map(_row, fields, fields.values())]) + "\n"


def _row(name: str, field: FieldInfo) -> str:
    secret, live = name in SECRET, name in FOLLOWED | WATCHED
    meaning = " ".join((field.description or "").split())
    return f"| `{name.upper()}` | {_type(field)} | {_default(field)} | {meaning} | {_yes(secret)} | {_yes(live)} |"


def _yes(fact: bool) -> str:
    return "yes" if fact else ""


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "*required*"
    if field.default is None:
        return ""
    return f"`{str(field.default).lower() if isinstance(field.default, bool) else field.default}`"


def _type(field: FieldInfo) -> str:
    names = dict.fromkeys(_names(field.annotation))
    limits = ", ".join(_limits(field))
    return " or ".join(names) + (f", {limits}" if limits else "")


def _names(annotation: Any) -> Iterator[str]:
    origin = get_origin(annotation)
    if origin in (Union, UnionType):
        for one in get_args(annotation):
            if one is not type(None):
                yield from _names(one)
    elif origin is Literal:
        yield " ".join(f"`{one}`" for one in get_args(annotation))
    elif hasattr(annotation, "__metadata__"):
        yield from _names(annotation.__origin__)
    elif isinstance(annotation, type) and issubclass(annotation, StrEnum):
        yield " ".join(f"`{one}`" for one in annotation)
    else:
        yield TYPES[annotation.__name__]


def _limits(field: FieldInfo) -> Iterator[str]:
    words = {"ge": "at least", "gt": "more than", "le": "at most"}
    for limit in field.metadata:
        for name, word in words.items():
            if (value := getattr(limit, name, None)) is not None:
                yield f"{word} {value}"


if __name__ == "__main__":
    sys.stdout.write(page())
