"""Does a real broker let go of dead letters by itself, and of nothing else?"""

import aio_pika

from msign_gateway.infrastructure import Broker
from msign_gateway.infrastructure.definitions import Passwords, definitions
from shared.messaging.topology import SIGN_COMMANDS
from tests.gateway import eventually


async def test_the_shipped_policy_forgets_dead_letters_and_keeps_commands(broker: Broker):
    async with broker.temporary_vhost("msign-ttl") as vhost:
        wanted = definitions(vhost, Passwords({}))
        wanted["policies"][1]["definition"] = {"message-ttl": 1}
        await broker.import_definitions(wanted)
        async with await aio_pika.connect(broker.url_of(vhost)) as connection:
            channel = await connection.channel()
            for name in (SIGN_COMMANDS.dead, SIGN_COMMANDS.name):
                await channel.default_exchange.publish(aio_pika.Message(b"a letter"), name)
            dead = await channel.get_queue(SIGN_COMMANDS.dead)

            async def gone() -> bool:
                counted = await channel.declare_queue(dead.name, passive=True)
                return counted.declaration_result.message_count == 0

            await eventually(gone)
            assert await dead.get(fail=False) is None
            commands = await channel.get_queue(SIGN_COMMANDS.name)
            message = await commands.get()
            assert message.body == b"a letter"
            await message.ack()
