"""Whoever lives keeps its place, whenever another one looks for what was left behind; what a killed run left goes."""

import fcntl
import subprocess
import sys
import tempfile

import pytest

from msign_gateway.infrastructure import place as places
from msign_gateway.infrastructure.place import private_place

HOLD = """
from msign_gateway.infrastructure.place import private_place
with private_place() as place:
    (place / "data").write_text("kept")
    print(place, flush=True)
    input()
"""


@pytest.fixture(autouse=True)
def own_directory(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def test_a_place_is_gone_with_its_block():
    with private_place() as place:
        (place / "data").write_text("kept")
        with private_place() as another:
            assert place != another
        assert (place / "data").read_text() == "kept"
        assert not another.exists()
    assert not place.exists()


def test_who_looks_while_a_place_is_made_leaves_it_alone(monkeypatch):
    lock, looks = fcntl.flock, list[int]()

    def lock_late(handle, how):
        if not looks:
            looks.append(handle)
            places._sweep()
        lock(handle, how)

    monkeypatch.setattr(fcntl, "flock", lock_late)
    with private_place() as place:
        assert looks
        assert place.exists()


def test_what_a_killed_run_left_goes_and_what_a_living_one_has_stays(tmp_path):
    hold = [sys.executable, "-c", HOLD]
    environment = {"TMPDIR": str(tmp_path)}
    with subprocess.Popen(hold, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as living:
        assert living.stdout
        living.stdout.readline()
        with private_place():
            assert len(list(tmp_path.iterdir())) == 2
        living.kill()
        living.wait()
        with private_place() as place:
            assert list(tmp_path.iterdir()) == [place]
