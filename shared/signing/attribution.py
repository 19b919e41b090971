"""Who sent this command?

A system is who the broker says it is: `user_id`, the routing key's system and `source` must agree (dead-lettering can
inject foreign routing keys, so all three count).
"""

from dataclasses import dataclass
from typing import Any

import orjson

from shared.messaging import long_texts
from shared.messaging.envelope import source_of
from shared.messaging.intake import Delivery, Unusable
from shared.persistence.intake import CommandKey


@dataclass(frozen=True, slots=True)
class Attributed:
    """A command of which it is certain who sent it; what else it says may still be wrong.

    `body` is as `long_texts` reads it; `digest` the SHA-256 of its type and data.
    """

    system: str
    command_id: str
    digest: bytes
    body: dict[str, Any]
    traceparent: str | None

    @property
    def key(self) -> CommandKey:
        """Under what the command is known."""
        return self.system, self.command_id


def attribute(delivery: Delivery) -> Attributed | Unusable:
    """Find out whose command this is (architecture, "Messages"); pure."""
    system = delivery.routing_key.rpartition(".")[2]
    if not delivery.user_id:
        return Unusable("no_user_id", "the broker did not vouch for a user")
    if delivery.user_id != system:
        return Unusable("impersonation", "user_id and routing key name different systems")
    try:
        body = long_texts.loads(delivery.body)
    except orjson.JSONDecodeError:
        return Unusable("malformed", "the body is not JSON")
    if not isinstance(body, dict) or not _usable_id(body.get("id")):
        return Unusable("malformed", "the body is not a CloudEvent with an id of at most 255 characters")
    if body.get("source") != source_of(system):
        return Unusable("impersonation", "source and routing key name different systems")
    return _attributed(system, body, delivery.traceparent)


def _attributed(system: str, body: dict[str, Any], traceparent: str | None) -> Attributed | Unusable:
    try:
        digest = long_texts.digest_of([body.get("type"), body.get("data")])
    except orjson.JSONEncodeError:
        return Unusable("malformed", "what the body says is nested too deep")
    return Attributed(system, body["id"], digest, body, traceparent)


def _usable_id(command_id: object) -> bool:
    return isinstance(command_id, str) and 0 < len(command_id) <= 255 and "\x00" not in command_id
