"""A port that somebody waits for is nobody else's, in whatever process."""

import subprocess
import sys

from msign_gateway.infrastructure import ports

ASK = """
from msign_gateway.infrastructure import ports
ports._RANGE = range(int({0}), int({0}) + 3)
print(ports.free_ports(1)[0], flush=True)
input()
"""


def test_processes_get_different_ports_until_they_end(monkeypatch):
    start = next(n for n in range(31_000, 31_900) if not any(map(ports.listens, range(n, n + 3))))
    asking = [sys.executable, "-c", ASK.format(start)]
    others = [subprocess.Popen(asking, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    theirs = {int(one.stdout.readline()) for one in others if one.stdout}
    monkeypatch.setattr(ports, "_RANGE", range(start, start + 3))
    ours = set(ports.free_ports(1))
    assert theirs | ours == {start, start + 1, start + 2}
    for one in others:
        one.communicate("\n")
    monkeypatch.setattr(ports, "_taken", ours)
    assert set(ports.free_ports(2)) == theirs
