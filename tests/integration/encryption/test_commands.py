"""The operators' commands obey the same as the services: what must be encrypted, who is believed, who we are."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from typer.testing import CliRunner

from msign_gateway.cli import app
from tests.integration.encryption.fronts import Front, amqps, server_context, verified

Run = Callable[..., Any]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command with these settings, in a thread: it has an event loop of its own."""
    for server in ("AMQP", "DATABASE"):
        for name in ("URL", "URL_FILE", "CA_BUNDLE", "CLIENT_CERT", "CLIENT_KEY"):
            monkeypatch.delenv(f"{server}_{name}", raising=False)

    async def invoke(*command: str, **settings: object) -> Any:
        environment = {name: str(value) for name, value in settings.items()}
        return await asyncio.to_thread(CliRunner().invoke, app, list(command), env=environment)

    return invoke


async def test_migrate_and_jobs_reach_the_database_over_tls(run, database_url, server, tmp_path):
    secret = tmp_path / "url"
    async with Front(database_url, server_context(server)).running() as front:
        secret.write_text(verified(front, database_url) + "\n")
        settings = {"REQUIRE_TLS": "true", "DATABASE_URL_FILE": secret, "DATABASE_CA_BUNDLE": server.ca}
        assert (await run("migrate", **settings)).stdout == "nothing to do\n"
        assert (await run("jobs", "list", **settings)).stdout == "no such jobs\n"
        assert front.encrypted == 2


async def test_dead_reaches_the_broker_over_tls_and_shows_its_certificate(
    run, broker, vhost, passwords, server, client
):
    url = broker.url_of(vhost, "operator", passwords.operator)
    async with Front(url, server_context(server, ask_for_certificates=True)).running() as front:
        settings = {"REQUIRE_TLS": "true", "AMQP_URL": amqps(front, url), "AMQP_CA_BUNDLE": server.ca}
        assert (await run("dead", "list", **settings)).exit_code == 1
        ours = {"AMQP_CLIENT_CERT": client.cert, "AMQP_CLIENT_KEY": client.key}
        assert (await run("dead", "list", **settings, **ours)).stdout == "no dead letters\n"


@pytest.mark.parametrize("command", [("migrate",), ("jobs", "list")])
async def test_a_database_of_another_authority_is_not_used(run, database_url, server, stranger, command):
    async with Front(database_url, server_context(server)).running() as front:
        found = await run(*command, DATABASE_URL=verified(front, database_url), DATABASE_CA_BUNDLE=stranger.ca)
        assert found.exit_code == 1
        assert "CERTIFICATE_VERIFY_FAILED" in found.stderr
        assert front.encrypted == 0


@pytest.mark.parametrize(
    ("command", "name", "url"),
    [
        (("migrate",), "DATABASE_URL", "postgresql://u:s3cret@127.0.0.1:9/x"),
        (("jobs", "list"), "DATABASE_URL", "postgresql://u:s3cret@127.0.0.1:9/x?sslmode=require"),
        (("dead", "list"), "AMQP_URL", "amqp://u:s3cret@127.0.0.1:9/"),
    ],
)
async def test_what_a_service_would_refuse_is_refused_however_it_is_given(run, command, name, url):
    by_option = (*command, f"--{name.lower().replace('_', '-')}", url)
    for found in (await run(*command, REQUIRE_TLS="true", **{name: url}), await run(*by_option, REQUIRE_TLS="true")):
        assert found.exit_code == 2
        assert found.stderr.startswith(f"setting {name}: must")
        assert "s3cret" not in found.stderr


@pytest.mark.parametrize(
    ("command", "name"), [(("migrate",), "DATABASE"), (("jobs", "list"), "DATABASE"), (("dead", "list"), "AMQP")]
)
async def test_without_an_address_it_is_told_which_settings_give_one(run, command, name):
    found = await run(*command)
    assert (found.exit_code, found.stderr) == (
        2,
        f"setting {name}_URL: is required; set {name}_URL or {name}_URL_FILE\n",
    )
