from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from msign_gateway.infrastructure.definitions import Passwords, check_systems, definitions, password_hash
from shared.errors import Malformed

EXAMPLE = Path(__file__).parents[4] / "deploy" / "rabbitmq" / "definitions.example.json"


def made(*systems: str) -> dict[str, Any]:
    return definitions("msign", Passwords.fresh(systems))


def permission(systems: list[str], user: str, kind: str) -> re.Pattern[str]:
    return re.compile(next(rule for rule in made(*systems)["permissions"] if rule["user"] == user)[kind])


def test_a_password_is_hashed_as_the_broker_documents_it():
    # The worked example of RabbitMQ's guide "Credentials and Passwords": salt 908DC60A, password "test12".
    assert password_hash("test12", bytes.fromhex("908DC60A")) == "kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR"


@pytest.mark.parametrize("queue", ["declaratii.inbox", "declaratii_inbox", "declaratii-inbox", "amq.gen-x1"])
def test_a_system_may_configure_queues_of_its_own_prefix(queue: str):
    assert permission(["declaratii"], "declaratii", "configure").search(queue)


@pytest.mark.parametrize("queue", ["declaratii2.inbox", "sign_gateway.commands", "msign.events", "x.declaratii.y"])
def test_a_system_may_configure_nothing_else(queue: str):
    assert not permission(["declaratii"], "declaratii", "configure").search(queue)


@pytest.mark.parametrize("exchange", ["msign.events", "msign.dead"])
def test_a_system_may_not_write_to_our_other_exchanges(exchange: str):
    assert not permission(["declaratii"], "declaratii", "write").search(exchange)


@pytest.mark.parametrize("name", ["verifier", "msign", "operator", "Big", "a" * 33, "9lives", "a.b"])
def test_a_reserved_or_malformed_system_name_is_refused(name: str):
    with pytest.raises(Malformed, match=re.escape(name)):
        check_systems([name])


def test_systems_whose_queues_would_overlap_are_refused():
    with pytest.raises(Malformed, match="registru-2"):
        check_systems(["registru", "registru-2"])


@pytest.mark.parametrize("queue", ["sign_gateway.commands", "sign_gateway.dead", "verifier.commands", "verifier.dead"])
def test_the_policy_for_subscribers_leaves_our_queues_alone(queue: str):
    assert not re.search(made()["policies"][0]["pattern"], queue)


@pytest.mark.parametrize("queue", ["declaratii.inbox", "sign_gateway.commands.copy", "amq.gen-1"])
def test_the_policy_for_subscribers_bounds_every_other_queue(queue: str):
    assert re.search(made()["policies"][0]["pattern"], queue)


def test_dead_letters_and_nothing_else_go_away_by_themselves_after_a_week():
    policy = made("declaratii")["policies"][1]
    queues = ["sign_gateway.dead", "verifier.dead", "sign_gateway.commands", "verifier.commands", "declaratii.dead"]
    assert [queue for queue in queues if re.search(policy["pattern"], queue)] == queues[:2]
    assert policy["definition"] == {"message-ttl": 7 * 24 * 3600 * 1000}


def test_only_the_operator_may_publish_for_others():
    tags = {user["name"]: user["tags"] for user in made("declaratii")["users"]}
    assert [name for name, value in tags.items() if value] == ["operator"]
    assert tags["operator"] == "impersonator"


def test_the_shipped_example_is_what_the_code_makes():
    shipped = json.loads(EXAMPLE.read_text(encoding="utf-8"))
    wanted = made("declaratii", "registru")
    for user in (*shipped["users"], *wanted["users"]):
        del user["password_hash"]
    assert shipped == wanted
