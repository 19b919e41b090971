"""What did the running system tell whoever looks after it, and what of that must nobody read there?"""

import asyncio
import base64
import os
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import aiohttp

from msign_gateway.demo.people import Person
from msign_gateway.demo.scene import Scene
from msign_gateway.demo.stage import Stage
from msign_gateway.infrastructure.definitions import OPERATOR
from shared.messaging.broker import open_broker
from shared.messaging.topology import COMMAND_QUEUES

COMMAND = Path(sys.executable).parent / "msign-gateway"
SHORTEST_UNMISTAKABLE = 6
PIECE_BYTES = 30


def operator_url(scene: Scene, stage: Stage) -> str:
    """The broker as the operator's user."""
    parts = urlsplit(stage.servers.administrator_amqp_url)
    login = f"{OPERATOR}:{quote(scene.passwords.operator or '', safe='')}"
    return urlunsplit(parts._replace(netloc=f"{login}@{parts.netloc.rpartition('@')[2]}"))


async def everything_told(scene: Scene, stage: Stage) -> dict[str, str]:
    """Every log, metrics page, dead letter's headers and listing of dead letters, by where it was found."""
    told = {f"the log {path.name}": path.read_text(encoding="utf-8") for path in scene.logs.glob("*.log")}
    async with aiohttp.ClientSession() as http:
        for name in stage.children:
            async with http.get(f"{scene.ops_url(name)}/metrics") as response:
                told[f"the metrics of {name}"] = await response.text()
    url = operator_url(scene, stage)
    told["the headers of dead letters"] = await dead_headers(url)
    letters = await run("dead", "list", "--json", amqp_url=url)
    told["dead list --json"] = letters
    told["dead list"] = await run("dead", "list", amqp_url=url)
    for letter in re.findall(r'"id": "([0-9a-f]{12})"', letters):
        told[f"dead show {letter}"] = await run("dead", "show", letter, amqp_url=url)
    return told


async def dead_headers(amqp_url: str) -> str:
    """The headers of every dead letter; the letters stay where they are."""
    found = []
    async with open_broker(amqp_url, name="tests") as connection:
        for command_queue in COMMAND_QUEUES:
            async with connection.channel() as channel:
                queue = await channel.get_queue(command_queue.dead, ensure=False)
                while (message := await queue.get(fail=False)) is not None:
                    found.append(f"{message.headers} {message.properties}")
    return "\n".join(found)


async def run(*arguments: str, amqp_url: str) -> str:
    """What the command prints, to both of its outputs."""
    process = await asyncio.create_subprocess_exec(
        COMMAND, *arguments, env=dict(os.environ) | {"AMQP_URL": amqp_url, "COLUMNS": "500"},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    output = (await process.communicate())[0].decode()
    assert process.returncode == 0, output
    return output


def patterns(scene: Scene, people: Iterable[Person]) -> dict[str, re.Pattern[str]]:
    """What must stand nowhere, by what it is."""
    secrets = {f"{name}'s broker password": value for name, value in scene.passwords.systems.items()}
    secrets |= {f"{name}'s broker password": value for name, value in scene.passwords.services.items()}
    secrets |= {f"{name}'s token": value for name, value in scene.tokens.items()}
    secrets |= {"the link secret": scene.link_secret, "the provider's secret": scene.web_secret}
    secrets["the operator's password"] = scene.passwords.operator or ""
    for person in people:
        secrets[f"{person.name}'s personal number"] = person.idnp
        if person.msisdn:
            secrets[f"{person.name}'s phone"] = person.msisdn
        if len(person.pin) >= SHORTEST_UNMISTAKABLE:
            secrets[f"the PIN of {person.name}'s {person.instrument}"] = person.pin
    assert all(secrets.values())
    found = {what: re.compile(rf"(?<!\w){re.escape(secret)}(?!\w)") for what, secret in secrets.items()}
    for person in people:
        # Four digits may be a count or a port: as a text or after a sign of equality they are a PIN.
        found[f"the short PIN of {person.name}'s {person.instrument}"] = re.compile(rf"[\"'=]{re.escape(person.pin)}\b")
    return found


def pieces(what: str, document: bytes) -> dict[str, re.Pattern[str]]:
    """Parts of a document as they would look in base64 and in Python's own spelling of bytes."""
    starts = sorted({start - start % 3 for start in range(0, len(document), max(1, len(document) // 8))})
    windows = [document[start : start + PIECE_BYTES] for start in starts]
    texts = [base64.b64encode(window).decode().rstrip("=") for window in windows]
    texts += [repr(window)[2:-1] for window in windows if len(window) == PIECE_BYTES]
    return {f"{what}, {text[:8]}…": re.compile(re.escape(text)) for text in texts if len(text) >= PIECE_BYTES}
