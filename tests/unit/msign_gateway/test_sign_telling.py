"""The QR code for a phone: right, readable on every terminal, and not shown where it would be in the way."""

import pytest
import segno

from msign_gateway.commands.sign_telling import QUIET_MODULES, Teller, drawn

LINK = "https://sign.example/sign/01a20fd3-743e-70b3-89ac-93010c1d5d45?t=Zm9yIHlvdXIgZXllcyBvbmx5IQ"
HALVES = {" ": (1, 1), "▀": (0, 1), "▄": (1, 0), "█": (0, 0)}
"""What of a half block is dark: the upper and the lower module."""


@pytest.fixture
def terminal(monkeypatch):
    """Let standard output be a terminal of so many columns."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("FORCE_COLOR", "1")
    return lambda columns: monkeypatch.setenv("COLUMNS", str(columns))


def test_the_code_says_the_link():
    halves = [[HALVES[half] for half in line] for line in drawn(LINK).plain.splitlines()]
    modules = [[pair[row] for pair in line] for line in halves for row in (0, 1)]
    wanted = [list(row) for row in segno.make_qr(LINK, error="l").matrix_iter(border=QUIET_MODULES)]
    assert modules[: len(wanted)] == wanted
    assert all(module == 1 for row in modules[len(wanted) :] for module in row)


def test_on_a_terminal_the_code_is_dark_on_bright_whatever_its_colours(terminal, capsys):
    terminal(80)
    Teller(as_json=False, with_code=True).show_code(LINK)
    shown = capsys.readouterr().out
    assert "█" in shown
    assert "\x1b[97;40m" in shown


@pytest.mark.parametrize("teller", [Teller(as_json=True, with_code=True), Teller(as_json=False)], ids=["json", "no-qr"])
def test_no_code_is_shown_where_it_is_not_wanted(terminal, capsys, teller):
    terminal(80)
    teller.show_code(LINK)
    assert capsys.readouterr() == ("", "")


def test_no_code_is_shown_without_a_terminal(monkeypatch, capsys):
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    Teller(as_json=False, with_code=True).show_code(LINK)
    assert capsys.readouterr() == ("", "")


def test_a_terminal_that_is_too_narrow_gets_a_sentence_instead(terminal, capsys):
    terminal(30)
    Teller(as_json=False, with_code=True).show_code(LINK)
    assert capsys.readouterr() == ("", "sign: this terminal is too narrow for the QR code\n")


def test_waiting_is_shown_with_the_time_and_leaves_nothing_behind(terminal, capsys):
    terminal(80)
    with Teller(as_json=False).waiting("waiting for the signer …"):
        pass
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "waiting for the signer …" in shown.err
    assert "0:00:00" in shown.err
    assert shown.err.endswith("\x1b[2K")
