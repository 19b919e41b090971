"""Registering systems from the command line."""

import pytest
from typer.testing import CliRunner

from services.msign.consumers import serial_of
from services.msign.consumers.__main__ import app


@pytest.fixture
def run(msign_database_url, monkeypatch):
    monkeypatch.setenv("MSIGN_DATABASE_URL", msign_database_url)
    return lambda *arguments: CliRunner().invoke(app, [str(one) for one in arguments])


def test_a_system_is_added_listed_and_revoked(run, tls):
    serial = serial_of(tls.first.certificate)
    added = run("add", "--name", "declaratii", "--certificate", tls.first.cert, "--return-origin", "https://A.example")
    assert (added.exit_code, added.output) == (0, "declaratii is registered\n")
    assert run("list").output == f"declaratii\t{serial}\tactive\thttps://a.example\n"
    assert run("revoke", serial.lower()).exit_code == 0
    assert "\trevoked " in run("list").output


def test_adding_again_lets_a_revoked_certificate_in(run, tls):
    for _ in range(2):
        assert run("add", "--name", "declaratii", "--certificate", tls.first.cert).exit_code == 0
        assert "\tactive\tany origin" in run("list").output
        run("revoke", serial_of(tls.first.certificate))


def test_what_cannot_be_done_is_said_with_exit_code_1(run, tls):
    for arguments, sentence in (
        (("revoke", "00FF"), "no active certificate"),
        (("add", "--name", "x", "--certificate", tls.first.key), "holds no certificate"),
        (("add", "--name", "x", "--certificate", tls.first.cert, "--return-origin", "here"), "not an origin"),
        (("add", "--name", " ", "--certificate", tls.first.cert), "1 to 100 characters"),
    ):
        result = run(*arguments)
        assert result.exit_code == 1
        assert sentence in result.stderr


def test_without_a_database_url_it_says_so_with_exit_code_2(run, monkeypatch):
    monkeypatch.delenv("MSIGN_DATABASE_URL")
    assert run("list").exit_code == 2
