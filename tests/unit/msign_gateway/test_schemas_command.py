"""Are the published documents current and complete?"""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from msign_gateway.cli import app
from msign_gateway.openapi import OPENAPI
from msign_gateway.schemas import ASYNCAPI, MESSAGES, documents
from shared.messaging import commands, events

PUBLISHED = Path(__file__).parents[3] / "docs" / "messages"


def test_the_committed_documents_are_current():
    committed = {path.name: json.loads(path.read_text(encoding="utf-8")) for path in PUBLISHED.iterdir()}
    assert committed == json.loads(json.dumps(documents())), "run: msign-gateway schemas --out docs/messages"


def test_every_command_and_event_has_a_document():
    types = {value for module in (commands, events) for value in vars(module).values() if str(value).endswith(".v1")}
    assert {message.kind for message in MESSAGES} == types
    assert set(documents()) == {f"{kind}.json" for kind in types} | {ASYNCAPI, OPENAPI}


def test_every_reference_inside_a_document_leads_somewhere():
    for name, document in documents().items():
        for reference in references(document):
            file, _, fragment = reference.partition("#")
            found = documents()[file.removeprefix("./") or name]
            for step in fragment.split("/")[1:]:
                found = found[step]
            assert found


def references(part):
    if isinstance(part, dict):
        if "$ref" in part:
            yield part["$ref"]
        part = list(part.values())
    if isinstance(part, list):
        for one in part:
            yield from references(one)


def test_without_a_directory_they_are_printed():
    result = CliRunner().invoke(app, ["schemas"])
    assert (result.exit_code, set(json.loads(result.stdout))) == (0, set(documents()))


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_a_directory_that_cannot_be_made_is_a_sentence(tmp_path, place):
    (tmp_path / "file").write_text("in the way")
    result = CliRunner().invoke(app, ["schemas", "--out", str(tmp_path / place)])
    assert result.exit_code == 1
    assert result.stderr.startswith("schemas: ")
    assert result.stderr.count("\n") == 1
