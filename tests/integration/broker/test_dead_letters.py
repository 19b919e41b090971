"""Can an operator see what died, bring it back, and throw it away, on a real broker and as the operator's own user?"""

import asyncio
import json

import orjson
import pytest
from aio_pika import DeliveryMode, Message
from typer.testing import CliRunner

from msign_gateway.cli import app
from msign_gateway.infrastructure.definitions import OPERATOR
from shared.errors import Malformed
from shared.messaging import broker as brokers
from shared.messaging.dead import DeadQueue, letter_id
from shared.messaging.intake import Done, Intake, Unusable
from shared.messaging.topology import SIGN_COMMANDS, declare_commands
from tests.gateway import delivery, sign_data
from tests.pki import IDNP

ROUTING_KEY = "sign.request.declaratii"
PATIENCE_S = 60


@pytest.fixture
async def connection(amqp_url):
    async with brokers.open_broker(amqp_url, name="tests") as opened:
        yield opened


@pytest.fixture
async def channel(connection):
    async with connection.channel(publisher_confirms=True) as opened:
        await declare_commands(opened, SIGN_COMMANDS)
        for name in (SIGN_COMMANDS.name, SIGN_COMMANDS.dead):
            await (await opened.get_queue(name)).purge()
        yield opened


@pytest.fixture
def operator_url(broker, vhost, passwords):
    return broker.url_of(vhost, OPERATOR, passwords.operator)


@pytest.fixture
async def dead(operator_url):
    async with brokers.open_broker(operator_url, name="operator") as opened:
        yield DeadQueue(opened, SIGN_COMMANDS)


async def command(system_amqp_urls, **changes):
    """A command that `declaratii` publishes itself; returns its body."""
    said = delivery(sign_data(), **changes)
    async with brokers.open_broker(system_amqp_urls["declaratii"], name="declaratii") as own, own.channel() as channel:
        exchange = await channel.get_exchange("msign.commands", ensure=False)
        message = Message(said.body, user_id="declaratii", delivery_mode=DeliveryMode.PERSISTENT, message_id="m-1")
        await exchange.publish(message, ROUTING_KEY)
    return said.body


async def taken_in(connection, verdict, count=1):
    """Let an intake answer `verdict` to the next deliveries; returns them."""
    seen = []
    everything = asyncio.Event()

    async def handle(deliveries):
        seen.extend(deliveries)
        if len(seen) >= count:
            everything.set()
        return [verdict] * len(deliveries)

    intake = Intake(connection, SIGN_COMMANDS, handle)
    running = asyncio.create_task(intake.run())
    async with asyncio.timeout(PATIENCE_S):
        await everything.wait()
        await intake.stop()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return seen


async def test_a_dead_letter_tells_whence_why_and_when_but_not_what_it_says(
    connection, channel, dead, system_amqp_urls
):
    body = await command(system_amqp_urls, id="command-7")
    await taken_in(connection, Unusable("id_reused", "the id was used before with other data"))
    (letter,) = await dead.letters()
    assert letter.id == letter_id(body)
    assert (letter.queue, letter.user, letter.routing_key) == ("sign_gateway.dead", "declaratii", ROUTING_KEY)
    assert (letter.reason, letter.detail) == ("id_reused", "the id was used before with other data")
    assert (letter.command_id, letter.type) == ("command-7", "msign.sign.request.v1")
    assert letter.died_at is not None
    assert letter.size == len(body)
    assert "contents" in letter.fields


async def test_looking_takes_nothing_away_however_often(connection, channel, dead, system_amqp_urls):
    await command(system_amqp_urls)
    await taken_in(connection, Unusable("bug", "KeyError"))
    for _ in range(30):
        assert len(await dead.letters()) == 1


async def test_a_replayed_letter_is_the_systems_command_again_and_remembers_its_deaths(
    connection, channel, dead, system_amqp_urls
):
    body = await command(system_amqp_urls)
    await taken_in(connection, Unusable("bug", "KeyError"))
    told: list[str] = []
    await dead.replay({letter_id(body)}, told=lambda letter: told.append(letter.id))
    assert told == [letter_id(body)]
    assert await dead.letters() == []
    (again,) = await taken_in(connection, Unusable("bug", "ValueError"))
    assert (again.body, again.routing_key, again.user_id) == (body, ROUTING_KEY, "declaratii")
    (letter,) = await dead.letters()
    assert letter.detail == "ValueError"
    assert [death.split()[1] for death in letter.history] == ["bug"]
    await dead.replay({letter.id}, told=lambda _: None)
    await taken_in(connection, Done("admitted"))
    assert await dead.letters() == []


async def test_only_the_letters_that_are_named_are_replayed_or_discarded(connection, channel, dead, system_amqp_urls):
    bodies = [await command(system_amqp_urls, id=f"command-{number}") for number in range(3)]
    await taken_in(connection, Unusable("bug", "KeyError"), count=3)
    assert [letter.command_id for letter in await dead.discard({letter_id(bodies[1])})] == ["command-1"]
    await dead.replay({letter_id(bodies[2])}, told=lambda _: None)
    assert [letter.command_id for letter in await dead.letters()] == ["command-0"]


async def test_a_letter_that_nobody_vouched_for_is_not_replayed_in_anybodys_name(connection, channel, dead):
    exchange = await channel.get_exchange("msign.commands", ensure=False)
    await exchange.publish(Message(b"whose?", delivery_mode=DeliveryMode.PERSISTENT), ROUTING_KEY)
    await taken_in(connection, Unusable("no_user_id", "the broker did not vouch for a user"))
    with pytest.raises(Malformed, match="nobody vouched"):
        await dead.replay({letter_id(b"whose?")}, told=lambda _: None)
    assert [letter.replayable for letter in await dead.letters()] == [False]


async def test_what_the_broker_itself_gave_up_can_be_replayed(channel, dead, system_amqp_urls):
    body = await command(system_amqp_urls)
    queue = await channel.get_queue(SIGN_COMMANDS.name)
    async with asyncio.timeout(PATIENCE_S):
        while not (letters := await dead.letters()):
            if message := await queue.get(fail=False):
                await message.nack(requeue=True)
    (letter,) = letters
    assert (letter.id, letter.reason) == (letter_id(body), "delivery_limit")
    assert (letter.user, letter.routing_key) == ("declaratii", ROUTING_KEY)
    await dead.replay({letter.id}, told=lambda _: None)
    assert (await queue.get(timeout=PATIENCE_S)).body == body


# The command


@pytest.fixture
def dead_command(operator_url):
    def run(*arguments, says=None):
        return CliRunner().invoke(app, ["dead", *arguments, "--amqp-url", operator_url], input=says)

    return lambda *arguments, says=None: asyncio.to_thread(run, *arguments, says=says)


async def test_the_command_lists_shows_replays_and_discards(connection, channel, system_amqp_urls, dead_command):
    bodies = [await command(system_amqp_urls, id=f"command-{number}") for number in range(2)]
    await taken_in(connection, Unusable("bug", "KeyError"), count=2)
    listed = await dead_command("list", "--json")
    assert [letter["id"] for letter in json.loads(listed.output)] == [letter_id(body) for body in bodies]
    assert letter_id(bodies[0]) in (await dead_command("list")).output
    shown = await dead_command("show", letter_id(bodies[0]))
    assert "command-0" in shown.output
    assert "KeyError" in shown.output
    replayed = await dead_command("replay", letter_id(bodies[0]))
    assert replayed.output == f"replayed {letter_id(bodies[0])} to {ROUTING_KEY}\n"
    kept = await dead_command("discard", "--all", says="n\n")
    assert kept.exit_code == 1
    assert (await dead_command("discard", "--all", "--yes")).output == "discarded 1\n"
    assert (await dead_command("list")).output == "no dead letters\n"
    await taken_in(connection, Done("admitted"))


async def test_the_command_never_shows_what_a_letter_says(connection, channel, system_amqp_urls, dead_command):
    data = sign_data(short_description="Secret", expected_signer={"id": IDNP, "delegator_type": "None"})
    data[IDNP] = "a key that is no field"
    said = delivery(data)
    async with brokers.open_broker(system_amqp_urls["declaratii"], name="declaratii") as own, own.channel() as theirs:
        exchange = await theirs.get_exchange("msign.commands", ensure=False)
        await exchange.publish(Message(said.body, user_id="declaratii"), ROUTING_KEY)
    await taken_in(connection, Unusable("bug", "KeyError"))
    for arguments in (["list"], ["list", "--json"], ["show", letter_id(said.body)]):
        output = (await dead_command(*arguments)).output
        assert IDNP not in output
        assert "Secret" not in output
        assert orjson.loads(said.body)["data"]["contents"][0]["content"] not in output


@pytest.mark.parametrize("arguments", [["show", "000000000000"], ["replay", "000000000000"], ["discard", "0", "--yes"]])
async def test_an_unknown_id_is_named_and_changes_nothing(channel, dead_command, arguments):
    answered = await dead_command(*arguments)
    assert answered.exit_code == 1
    assert "there is no dead letter 0" in answered.output


@pytest.mark.parametrize("verb", ["replay", "discard"])
async def test_neither_ids_nor_all_is_an_error(dead_command, verb):
    answered = await dead_command(verb)
    assert answered.exit_code == 2


async def test_a_broker_that_is_not_there_is_named():
    answered = await asyncio.to_thread(
        CliRunner().invoke, app, ["dead", "list", "--amqp-url", "amqp://guest:guest@127.0.0.1:9/"]
    )
    assert answered.exit_code == 1
    assert "the broker of AMQP_URL cannot be used" in answered.output
