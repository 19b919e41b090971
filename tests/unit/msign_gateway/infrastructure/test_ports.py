"""A port that somebody waits for is nobody else's, in whatever process."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from msign_gateway.infrastructure import ports

OTHERS = range(12_000, 14_900)  # below the range that is handed out: what else runs on this machine asks for none of it

ASK = """
from msign_gateway.infrastructure import ports
ports._RANGE = range(int({0}), int({0}) + 3)
print(ports.free_ports(1)[0], flush=True)
input()
"""


@contextmanager
def another_has_one(start: int) -> Iterator[int]:
    asking = [sys.executable, "-c", ASK.format(start)]
    with subprocess.Popen(asking, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        yield int(process.stdout.readline())
        process.communicate("\n")


def test_processes_get_different_ports_until_they_end(monkeypatch):
    start = next(n for n in OTHERS if not any(map(ports.listens, range(n, n + 3))))
    monkeypatch.setattr(ports, "_RANGE", range(start, start + 3))
    with another_has_one(start) as first, another_has_one(start) as second:
        ours = set(ports.free_ports(1))
        assert {first, second} | ours == {start, start + 1, start + 2}
    monkeypatch.setattr(ports, "_taken", ours)
    assert set(ports.free_ports(2)) == {first, second}
