"""Can a person type what the demo says?"""

import shlex

import pytest

from msign_gateway.demo.show import command_line


@pytest.mark.parametrize(
    ("called", "program"),
    [
        (".venv/bin/msign-gateway", ".venv/bin/msign-gateway"),
        ("/opt/a b/bin/msign-gateway", "/opt/a b/bin/msign-gateway"),
        ("/usr/lib/python3/pytest/__main__.py", "msign-gateway"),
    ],
)
def test_a_command_is_called_as_this_program_was(called, program):
    assert shlex.split(command_line("verify", "a b.pdf", called=called)) == [program, "verify", "a b.pdf"]
