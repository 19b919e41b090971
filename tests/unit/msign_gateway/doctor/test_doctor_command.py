"""How does `msign-gateway doctor` end, and what does it show?"""

import asyncio
import json

import pytest
from typer.testing import CliRunner

from msign_gateway.cli import app
from msign_gateway.commands.doctor import AREAS
from msign_gateway.doctor import examination
from msign_gateway.doctor.examination import Area
from msign_gateway.doctor.findings import failed, ok, skipped, travels, warning

FINE, ODD, BAD, LEFT = ok("a", "well"), warning("b", "odd", "look"), failed("c", "bad", "mend"), skipped("d", "left")


@pytest.fixture
def run(monkeypatch):
    """Runs the command over these findings in place of the real ones."""

    def invoke(*findings, arguments=()):
        async def found():
            return list(findings)

        monkeypatch.setattr(examination, "_EXAMINE", dict.fromkeys(Area, found))
        return CliRunner().invoke(app, ["doctor", "--only", "files", *arguments])

    return invoke


@pytest.mark.parametrize(
    ("findings", "code", "strictly"),
    [((FINE, LEFT), 0, 0), ((FINE, ODD), 0, 1), ((ODD, BAD, FINE), 1, 1), ((), 0, 0)],
)
def test_the_exit_code_says_whether_something_failed(run, findings, code, strictly):
    assert run(*findings).exit_code == code
    assert run(*findings, arguments=["--strict"]).exit_code == strictly


def test_people_see_each_finding_with_what_to_do_and_how_many_of_each(run):
    shown = run(FINE, ODD, BAD).stdout
    for word in ("files", "well", "look", "mend", "1 ok, 1 warning, 1 failed"):
        assert word in shown


def test_scripts_get_one_object(run):
    told = json.loads(run(FINE, BAD, arguments=["--json"]).stdout)
    assert told["counts"] == {"ok": 1, "warning": 0, "failed": 1, "skipped": 0}
    assert told["findings"][1] == {
        "area": "files", "check": "c", "outcome": "failed", "detail": "bad", "advice": "mend",
    }  # fmt: skip


def test_what_is_no_area_is_wrong_use():
    result = CliRunner().invoke(app, ["doctor", "--only", "kitchen"])
    assert result.exit_code == 2
    assert "kitchen" in result.stderr


def test_the_areas_that_can_be_named_are_those_that_there_are():
    assert tuple(Area) == AREAS


async def test_an_area_that_hangs_or_stumbles_keeps_none_of_the_others_back(monkeypatch):
    async def hangs():
        await asyncio.Event().wait()

    async def answers():
        return [FINE]

    async def stumbles():
        raise RuntimeError("postgresql://u:s3cret@database/")

    monkeypatch.setattr(examination, "LONGEST_S", 0.05)
    areas = {Area.BROKER: hangs, Area.FILES: answers, Area.DATABASE: stumbles}
    monkeypatch.setattr(examination, "_EXAMINE", areas)
    found = await examination.examine(list(areas))
    assert [area.outcome for area in found] == ["failed", "ok", "failed"]
    assert "RuntimeError" in str(found)
    assert "s3cret" not in str(found)


@pytest.mark.parametrize(
    ("url", "outcome"),
    [
        ("amqp://u:p@127.0.0.1:5672/", "ok"),
        ("postgresql://u:p@[::1]:5432/x", "ok"),
        ("postgresql:///x", "ok"),
        ("postgresql://u:p@localhost:1,127.0.0.1:2/x", "ok"),
        ("postgresql://u:p@localhost:1,database:2/x", "warning"),
        ("postgresql://u:p@one:1,two:2/x?sslmode=verify-full", "ok"),
        ("https://sign.example", "ok"),
        ("http://sign.example", "warning"),
    ],
)
def test_what_travels_in_the_clear_is_told_unless_it_stays_on_this_machine(url, outcome):
    finding = travels("encryption", url)
    assert finding.outcome == outcome
    assert "u:p" not in finding.detail
