"""What the doctor finds at the broker's management API."""

import json
from urllib.parse import quote, urlsplit, urlunsplit

import pytest

from msign_gateway.doctor.management import alarms
from msign_gateway.infrastructure.definitions import Passwords, definitions
from tests.conftest import SYSTEMS
from tests.integration.encryption.fronts import Front, server_context

AS_SHIPPED = ("exchanges", "queues", "bindings", "permissions", "topic permissions", "policies")


@pytest.fixture
def systems_file(tmp_path):
    path = tmp_path / "systems.json"
    registered = [{"name": name, "token_sha256": "0" * 64} for name in SYSTEMS]
    path.write_text(json.dumps({"systems": registered}))
    return path


@pytest.fixture
async def place(broker, passwords):
    """A virtual host of its own with everything in it for the users that there are."""
    async with broker.temporary_vhost("msign-doctor") as vhost:
        await broker.import_definitions(definitions(vhost, passwords) | {"users": []})
        yield vhost


@pytest.fixture
def look(diagnose, broker, place, systems_file):
    """Asks the management API as the administrator, whose login stands in its URL."""
    login = urlsplit(broker.url).netloc.rpartition("@")[0]
    parts = urlsplit(broker.management_url)
    url = urlunsplit(parts._replace(netloc=f"{login}@{parts.netloc}"))

    def run(**changes: object):
        settings: dict[str, object] = {
            "AMQP_URL": broker.url_of(place, "sign_gateway", "s3cret"),
            "AMQP_MANAGEMENT_URL": url,
            "SYSTEMS_FILE": systems_file,
        }
        return diagnose("management", secrets=("s3cret", login.partition(":")[2]), **settings | changes)

    return run


async def test_what_was_imported_is_as_shipped(look):
    found = await look()
    assert found.exit_code == 0
    told = {check: found.outcome(check) for check in found}
    assert told == dict.fromkeys(("management", "alarms", *AS_SHIPPED, "impersonators", "users"), "ok")


async def test_a_system_that_could_see_anothers_events_is_found(look, broker, place):
    await broker.call("DELETE", f"topic-permissions/{place}/declaratii")
    found = await look()
    assert found.exit_code == 1
    assert {finding["detail"] for finding in found["topic permission"]} == {
        f"declaratii {exchange} is not there" for exchange in ("msign.commands", "msign.events")
    }


async def test_a_permission_that_is_wider_than_shipped_is_found(look, broker, place):
    await broker.call("PUT", f"permissions/{place}/registru", {"configure": ".*", "write": "^$", "read": "^$"})
    found = await look()
    assert (found.outcome("permission"), found.exit_code) == ("failed", 1)
    assert "configure is '.*'" in found.detail("permission")


async def test_a_system_without_a_user_at_the_broker_is_found(look, systems_file):
    registered = json.loads(systems_file.read_text())
    registered["systems"].append({"name": "arhiva", "token_sha256": "0" * 64})
    systems_file.write_text(json.dumps(registered))
    assert (await look()).detail("permission") == "arhiva is not there"


async def test_a_binding_and_a_queue_that_are_missing_are_found(look, broker, place):
    await broker.call(
        "DELETE", f"bindings/{place}/e/msign.commands/q/verifier.commands/{quote('verification.request.*')}"
    )
    await broker.call("DELETE", f"queues/{place}/sign_gateway.dead")
    found = await look()
    assert found.detail("queue") == "sign_gateway.dead is not there"
    missing = {finding["detail"] for finding in found["binding"]}
    assert "msign.commands verifier.commands verification.request.* is not there" in missing


async def test_a_policy_that_was_changed_is_a_warning(look, broker, place):
    changed = {"pattern": ".*", "definition": {"max-length": 1}, "apply-to": "queues"}
    await broker.call("PUT", f"policies/{place}/subscribers", changed)
    found = await look()
    assert (found.outcome("policy"), found.exit_code) == ("warning", 0)
    assert found.detail("policy").startswith("subscribers: pattern is '.*'")


async def test_somebody_else_is_found_and_a_second_impersonator(look, broker, place):
    await broker.call("PUT", "users/passer-by", {"password": "x", "tags": "impersonator"})
    await broker.call("PUT", f"permissions/{place}/passer-by", {"configure": "", "write": "", "read": ".*"})
    try:
        found = await look()
    finally:
        await broker.delete_user("passer-by")
    assert (found.outcome("users"), found.outcome("impersonators")) == ("warning", "failed")
    assert "passer-by" in found.detail("users")
    assert "passer-by" in found.detail("impersonators")


async def test_a_login_that_may_not_look_is_told_what_it_lacks(look, broker):
    found = await look(AMQP_MANAGEMENT_URL=broker.management_url)  # the login is that of AMQP_URL then
    assert (found.exit_code, "401" in found["management"][1]["detail"]) == (1, True)
    assert "administrator" in found["management"][1]["advice"]


async def test_no_management_api_is_said_so(look):
    found = await look(AMQP_MANAGEMENT_URL="http://u:p@127.0.0.1:9")
    assert "127.0.0.1:9 cannot be reached" in found["management"][1]["detail"]


async def test_the_brokers_authority_counts_for_its_management_api_too(look, broker, place, server, stranger):
    login = urlsplit(broker.url).netloc.rpartition("@")[0]
    async with Front(broker.management_url, server_context(server)).running() as front:
        over_tls = {
            "AMQP_URL": f"amqps://sign_gateway:s3cret@127.0.0.1/{place}",
            "AMQP_MANAGEMENT_URL": f"https://{login}@127.0.0.1:{front.port}",
        }
        good = await look(AMQP_CA_BUNDLE=server.ca, **over_tls)
        bad = await look(AMQP_CA_BUNDLE=stranger.ca, **over_tls)
    assert (good.exit_code, bad.exit_code) == (0, 1)
    assert "certificate" in bad["management"][1]["detail"]


async def test_without_its_address_nothing_is_looked_at_and_nothing_fails(look, diagnose):
    found = await diagnose("management", AMQP_URL="amqp://127.0.0.1:9/")
    assert (found.outcome("permissions"), found.exit_code) == ("skipped", 0)


class Broken:
    """A broker whose nodes are not well."""

    def __init__(self, **state):
        self.state = state

    async def call(self, method, path):
        assert (method, path) == ("GET", "nodes")
        return [{"name": "rabbit@one", "running": True}, {"name": "rabbit@two"} | self.state]


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ({"running": True, "mem_alarm": True}, "rabbit@two (memory)"),
        ({"running": True, "disk_free_alarm": True}, "rabbit@two (disk)"),
        ({"running": False}, "nodes are down: rabbit@two"),
    ],
)
async def test_alarms_and_nodes_that_are_down_are_told(state, said):
    finding = await alarms(Broken(**state))  # type: ignore[arg-type]
    assert finding.outcome == "failed"
    assert said in finding.detail
    assert finding.advice


def test_every_part_of_the_definitions_is_compared():
    made = definitions("/", Passwords.fresh(SYSTEMS))
    assert set(made) - {"vhosts", "users"} == {name.replace(" ", "_") for name in AS_SHIPPED}
