"""Registering mandates from the command line."""

import pytest

from services.msign.mandates.__main__ import app

ANA, ION, COMPANY = "2000000000017", "2000000000024", "1000000000017"


@pytest.fixture
def run(run_command):
    return lambda *arguments: run_command(app, *arguments)


def test_a_mandate_is_added_listed_and_revoked(run):
    assert run("add", ION, "--organization", COMPANY, "--role", 7).output == "mandate 1 is registered\n"
    assert run("add", ION, "--person", ANA, "--until", "2040-01-31").output == "mandate 2 is registered\n"
    assert run("revoke", 1).output == "mandate 1 is revoked\n"
    heading, first, second = run("list").output.splitlines()
    assert heading.split() == ["ID", "WHO", "SIGNS", "FOR", "ROLE", "STATE"]
    assert first.split()[:6] == ["1", "*********0024", "organization", COMPANY, "7", "revoked"]
    assert second.split() == (
        ["2", "*********0024", "person", "*********0017", "-", "active", "until", "2040-01-31", "00:00"]
    )


def test_personal_numbers_are_shown_in_full_only_when_asked_for(run):
    run("add", ION, "--person", ANA)
    assert ION not in run("list").output
    assert ANA not in run("list").output
    assert {ION, ANA} <= set(run("list", "--numbers").output.split())


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("add", ION), "either --person or --organization"),
        (("add", ION, "--person", ANA, "--organization", COMPANY), "either --person or --organization"),
        (("add", "12", "--person", ANA), "the IDNP must have 13 digits"),
        (("add", ION, "--person", ANA, "--until", "2020-01-01"), "ended already"),
        (("revoke", 9), "there is no mandate 9"),
    ],
)
def test_what_cannot_be_done_is_said_with_exit_code_1(run, arguments, sentence):
    result = run(*arguments)
    assert result.exit_code == 1
    assert sentence in result.stderr


def test_a_database_that_cannot_be_used_is_said_without_a_trace(run, monkeypatch):
    monkeypatch.setenv("MSIGN_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")
    result = run("list")
    assert result.exit_code == 1
    assert result.stderr == "the database of MSIGN_DATABASE_URL cannot be used: ConnectionRefusedError\n"
