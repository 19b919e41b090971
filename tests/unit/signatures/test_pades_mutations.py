"""Signed files of many tools, damaged at random: a verdict or a refusal each time, and never for other content."""

from __future__ import annotations

import random
import re
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from shared.errors import Malformed
from shared.signatures.pades.verify import judge_pdf
from shared.signatures.trust import TrustAnchors

PLACE = Path(__file__).parents[2] / "fixtures" / "pades"
FILES = sorted(PLACE.glob("[!a]*.pdf"))
ROUNDS = 60

Damage = Callable[[bytes, random.Random], bytes]


def some_bytes(data: bytes, chance: random.Random) -> bytes:
    out = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 4))):
        at = chance.randrange(len(out))
        match chance.randrange(4):
            case 0:
                out[at] ^= 1 << chance.randrange(8)
            case 1:
                del out[at + 1 : at + chance.randrange(2, 30)]
            case 2:
                out[at:at] = chance.randbytes(chance.randrange(1, 8))
            case _:
                out[at] = chance.choice(b"0123456789 <>[]()/%RfnZ\n")
    return bytes(out)


def a_number(data: bytes, chance: random.Random) -> bytes:
    found = chance.choice(list(re.finditer(rb"\d+", data)))
    told = chance.choice((0, -1, 2**31, 2**63, int(found[0]) + 1, chance.randrange(100)))
    return data[: found.start()] + b"%d" % told + data[found.end() :]


def an_object(data: bytes, chance: random.Random) -> bytes:
    objects = list(re.finditer(rb"\d+ 0 obj.*?endobj", data, re.DOTALL))
    one, another = chance.choice(objects), chance.choice(objects)
    replacement = chance.choice((b"", another[0]))
    return data[: one.start()] + replacement + data[one.end() :]


def a_table(data: bytes, chance: random.Random) -> bytes:
    found = chance.choice(list(re.finditer(rb"\d{10} \d{5} [nf]|startxref\s+\d+|/Prev \d+", data)))
    told = re.sub(rb"\d", lambda _: b"%d" % chance.randrange(10), found[0], count=chance.randrange(1, 4))
    return data[: found.start()] + told + data[found.end() :]


def a_stream(data: bytes, chance: random.Random) -> bytes:
    found = chance.choice(list(re.finditer(rb"stream\r?\n(.+?)\r?\nendstream", data, re.DOTALL)))
    try:
        content = bytearray(zlib.decompress(found[1]))
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        told = zlib.compress(bytes(content))
    except (zlib.error, ValueError):
        told = some_bytes(found[1], chance)
    return data[: found.start(1)] + told[: len(found[1])].ljust(len(found[1]), b"\x00") + data[found.end(1) :]


def a_message(data: bytes, chance: random.Random) -> bytes:
    found = chance.choice(list(re.finditer(rb"/Contents\s*<((?:[0-9A-Fa-f]{2}){100,})", data)))
    message = bytearray(bytes.fromhex(found[1].decode("ascii")))
    size = len(message.rstrip(b"\x00"))
    for _ in range(chance.choice((1, 1, 2, 5))):
        message[chance.randrange(size)] = chance.choice((0, 0x30, 0x80, 0xFF, 0x31, 0x82, 2, chance.randrange(256)))
    return data[: found.start(1)] + message.hex().encode("ascii") + data[found.end(1) :]


def an_end(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data))]


def two_files(data: bytes, chance: random.Random) -> bytes:
    return an_end(data, chance) + chance.choice(FILES).read_bytes()[chance.randrange(1000, 9000) :]


DAMAGES: tuple[Damage, ...] = (some_bytes, a_number, an_object, a_table, a_stream, a_message, an_end, two_files)


def covered(data: bytes) -> tuple[bytes, bytes]:
    """What the first signature of a good file is over."""
    told = re.search(rb"/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)", data)
    assert told is not None
    start, first, second, length = (int(one) for one in told.groups())
    return data[start:first], data[second : second + length]


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_gives_a_verdict_or_a_refusal_and_never_validity_for_other_content(damage):
    chance = random.Random(damage.__name__)
    trusted = TrustAnchors.from_directory(PLACE / "trust")
    for _ in range(ROUNDS):
        good = chance.choice(FILES).read_bytes()
        damaged = damage(good, chance)
        try:
            report = judge_pdf(damaged, trusted)
        except Malformed:
            continue
        if report.valid:
            before, behind = covered(good)
            assert damaged.startswith(before)
            assert behind in damaged
