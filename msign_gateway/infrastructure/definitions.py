"""Which users, permissions, exchanges, queues and policies does the broker need for a list of systems?

The ready-made definitions (architecture, "Messages"): importing them sets a broker up; the services then find every
exchange and queue exactly as they would declare it themselves. One broker user per system, of the system's name.
"""

import base64
import hashlib
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.errors import Malformed
from shared.messaging.envelope import SYSTEM_NAME
from shared.messaging.topology import COMMAND_QUEUES, COMMANDS, DEAD, EVENTS, CommandQueue

SERVICES = ("sign_gateway", "callback_web", "verifier")
OPERATOR = "operator"
RESERVED = frozenset({"msign", "amq", "verifier", "guest", OPERATOR, "administrator"})

SUBSCRIBER_QUEUE_BYTES = 512 * 1024 * 1024
DEAD_LETTER_DAYS = 7
"""As long as a command's id is remembered: a letter that is replayed later could be carried out a second time."""


@dataclass(frozen=True, slots=True)
class Passwords:
    """The secrets of the broker's users, by user name."""

    systems: Mapping[str, str]
    services: Mapping[str, str] = field(default_factory=dict)
    operator: str | None = None

    @classmethod
    def fresh(cls, systems: Iterable[str]) -> "Passwords":
        """Make up a password for each system, each service and the operator."""
        return cls(
            {name: secrets.token_urlsafe(24) for name in systems},
            {name: secrets.token_urlsafe(24) for name in SERVICES},
            secrets.token_urlsafe(24),
        )


def definitions(vhost: str, passwords: Passwords) -> dict[str, Any]:
    """Return the definitions for one virtual host, as the management API and `load_definitions` take them.

    Raises `Malformed` for system names that break the pattern, are reserved, or whose queues others could touch.
    """
    check_systems(passwords.systems)
    users = [_user(name, password) for name, password in passwords.systems.items()]
    users += [_user(name, password) for name, password in passwords.services.items()]
    permissions = [_system_permissions(vhost, name) for name in passwords.systems]
    permissions += [_service_permissions(vhost, name) for name in passwords.services]
    if passwords.operator is not None:
        users.append(_user(OPERATOR, passwords.operator, tags="impersonator"))
        permissions.append(_operator_permissions(vhost))
    return {
        "vhosts": [{"name": vhost}],
        "users": users,
        "permissions": permissions,
        "topic_permissions": [rule for name in passwords.systems for rule in _topic_permissions(vhost, name)],
        "policies": [_subscriber_policy(vhost), _dead_letter_policy(vhost)],
        "exchanges": [_exchange(vhost, name) for name in (COMMANDS, EVENTS, DEAD)],
        "queues": [queue for service in COMMAND_QUEUES for queue in _queues(vhost, service)],
        "bindings": [binding for service in COMMAND_QUEUES for binding in _bindings(vhost, service)],
    }


def check_systems(names: Iterable[str]) -> None:
    """Refuse, with `Malformed`, names that could not be kept apart by the permissions' patterns."""
    known = sorted(names)
    for name in known:
        if not re.fullmatch(SYSTEM_NAME, name):
            raise Malformed(f"system {name!r}: the name must match {SYSTEM_NAME}", field="systems")
        if name in RESERVED:
            raise Malformed(f"system {name!r}: the name is reserved", field="systems")
    for shorter in known:
        for longer in known:
            if longer.startswith(f"{shorter}-"):
                reason = f"{shorter!r} may use every queue named {shorter}-…, so {longer!r} would not be alone"
                raise Malformed(f"systems: {reason}", field="systems")


def password_hash(password: str, salt: bytes | None = None) -> str:
    """Return RabbitMQ's form of a password: base64(salt + SHA-256(salt + password))."""
    salt = salt or secrets.token_bytes(4)
    return base64.b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()


def _user(name: str, password: str, tags: str = "") -> dict[str, Any]:
    return {
        "name": name,
        "password_hash": password_hash(password),
        "hashing_algorithm": "rabbit_password_hashing_sha256",
        "tags": tags,
    }


def _system_permissions(vhost: str, system: str) -> dict[str, str]:
    own = rf"amq\.gen.*|{system}[._-].*"
    return {
        "user": system,
        "vhost": vhost,
        "configure": f"^({own})$",
        "write": rf"^(msign\.commands|{own})$",
        "read": rf"^(msign\.events|{own})$",
    }


def _topic_permissions(vhost: str, system: str) -> list[dict[str, str]]:
    commands = rf"^(sign|verification)\.request\.{system}$"
    events = rf"^[^.#]+\.[^.#]+\.{system}$"
    return [
        {"user": system, "vhost": vhost, "exchange": COMMANDS, "write": commands, "read": "^$"},
        {"user": system, "vhost": vhost, "exchange": EVENTS, "write": "^$", "read": events},
    ]


def _service_permissions(vhost: str, service: str) -> dict[str, str]:
    own = rf"msign\.(commands|events|dead)|{service}\.(commands|dead)"
    return {"user": service, "vhost": vhost, "configure": f"^({own})$", "write": f"^({own})$", "read": f"^({own})$"}


def _operator_permissions(vhost: str) -> dict[str, str]:
    services = "|".join(queue.service for queue in COMMAND_QUEUES)
    return {
        "user": OPERATOR,
        "vhost": vhost,
        "configure": "^$",
        "write": r"^(msign\.commands|msign\.dead)$",
        "read": rf"^({services})\.dead$",
    }


def _subscriber_policy(vhost: str) -> dict[str, Any]:
    ours = "|".join(re.escape(name) for queue in COMMAND_QUEUES for name in (queue.name, queue.dead))
    return {
        "vhost": vhost,
        "name": "subscribers",
        "pattern": f"^(?!({ours})$)",
        "apply-to": "queues",
        "priority": 0,
        "definition": {"max-length-bytes": SUBSCRIBER_QUEUE_BYTES, "overflow": "drop-head"},
    }


def _dead_letter_policy(vhost: str) -> dict[str, Any]:
    """What is dead may hold personal data and documents: it goes away by itself."""
    return {
        "vhost": vhost,
        "name": "dead-letters",
        "pattern": f"^({'|'.join(re.escape(queue.dead) for queue in COMMAND_QUEUES)})$",
        "apply-to": "queues",
        "priority": 0,
        "definition": {"message-ttl": DEAD_LETTER_DAYS * 24 * 60 * 60 * 1000},
    }


def _exchange(vhost: str, name: str) -> dict[str, Any]:
    properties = {"type": "topic", "durable": True, "auto_delete": False, "internal": False, "arguments": {}}
    return {"name": name, "vhost": vhost, **properties}


def _queues(vhost: str, queue: CommandQueue) -> list[dict[str, Any]]:
    common = {"vhost": vhost, "durable": True, "auto_delete": False}
    return [
        {"name": queue.dead, "arguments": queue.dead_arguments, **common},
        {"name": queue.name, "arguments": queue.arguments, **common},
    ]


def _bindings(vhost: str, queue: CommandQueue) -> list[dict[str, Any]]:
    def binding(source: str, destination: str, routing_key: str) -> dict[str, Any]:
        names = {"source": source, "destination": destination, "routing_key": routing_key}
        return {"vhost": vhost, "destination_type": "queue", "arguments": {}, **names}

    return [binding(COMMANDS, queue.name, queue.binding), binding(DEAD, queue.dead, queue.name)]
