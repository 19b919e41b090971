"""What the documents show can be typed, parsed and sent; the Python programs run in tests/examples."""

import json
import re
import shlex
import subprocess

import pytest
import yaml
from jsonschema import Draft202012Validator
from typer.main import get_command

from msign_gateway.cli import app
from msign_gateway.schemas import MESSAGES, schema
from tests.unit.docs.blocks import ROOT, blocks

SHOWN = {"text", "console", "promql", "sql", "ini", "toml", "xml", "http", "dockerfile", "nginx"}
"""Output, and languages that need a server to judge them: their own tests do."""
CHECKED = {"sh", "json", "yaml", "python"}
PROGRAMS = {
    *("apt-get", "awk", "base64", "cat", "cd", "chmod", "chown", "cp", "curl", "cut", "date", "df", "dig", "docker"),
    *("echo", "export", "git", "grep", "head", "helm", "install", "jq", "kill", "kind", "kubectl", "kustomize", "ln"),
    *("ls", "mkdir", "mv", "node", "npm", "openssl", "pg_dump", "pg_restore", "pip", "printf", "promtool", "psql"),
    *("python", "python3", "rabbitmqadmin", "rabbitmqctl", "rm", "sed", "set", "sleep", "sort", "systemctl", "tail"),
    *("tar", "tee", "test", "touch", "tr", "umask", "uniq", "wc", "xargs", ".", "createdb", "dropdb", "pg_basebackup"),
    *("createuser", "pg_isready", "rabbitmq-diagnostics", "rabbitmq-plugins", "pg_dumpall", "timedatectl", "cosign"),
}
OURS = "msign-gateway"
OPERATORS = {"&&", "||", "|", ";", "&", "(", ")", "{", "}", "|&", ";;"}
WORDS = {"if", "then", "else", "fi", "for", "while", "do", "done", "!", "exec", "sudo", "time"}
REDIRECTIONS = {">", ">>", "<", "<<", ">&", "&>", "<<<", "2>"}


def commands(code):
    """The simple commands of a script, each as its words; what comes after a redirection is left out."""
    plain = re.sub(r"<<-?'?(\w+)'?.*?\n\1$", "", code.replace("\\\n", " "), flags=re.S | re.M)
    for line in plain.splitlines():
        words = shlex.shlex(line, posix=True, punctuation_chars=True)
        words.whitespace_split = True
        words.commenters = "#"
        found: list[str] = []
        for word in [*words, ";"]:
            if word not in OPERATORS:
                found.append(word)
                continue
            end = next((place for place, one in enumerate(found) if one in REDIRECTIONS), len(found))
            simple = found[:end]
            while simple and (re.match(r"^\w+=", simple[0]) or simple[0] in WORDS):
                simple = simple[1:]
            if simple:
                yield simple
            found = []


def arguments_of_ours(words):
    """What our program is given: by itself, or at the end of `kubectl exec … --` and the like; None without it."""
    places = [place for place, word in enumerate(words) if word.removeprefix(".venv/bin/") == OURS]
    if not places or (places[0] > 0 and words[places[0] - 1] not in {"--", "run"}):
        return None
    return words[places[0] + 1 :]


def parse(arguments):
    """Parse a command line of ours as the program would; raises for what it would not take."""
    command = get_command(app)
    while hasattr(command, "commands") and arguments and not arguments[0].startswith("-"):
        command = command.commands[arguments[0]]
        arguments = arguments[1:]
    if arguments not in (["--help"], ["--version"], ["--install-completion"]):
        command.make_context(command.name, list(arguments))


@pytest.fixture
def given(monkeypatch):
    """What our program needs of its environment."""
    for name in ("AMQP_URL", "DATABASE_URL", "SYSTEMS_FILE", "RETURN_URL", "SIGN_GATEWAY_URL", "SIGN_GATEWAY_TOKEN"):
        monkeypatch.setenv(name, "given")


def test_every_example_of_the_programs_own_help_can_be_typed(given):
    pages = [block.code for block in blocks("text") if block.page.name == "cli.md"]
    examples = [line for code in pages for line in code.splitlines() if line.strip().startswith(f"{OURS} ")]
    for words in commands("\n".join(examples)):
        if (ours := arguments_of_ours(words)) is not None:
            parse(ours)


@pytest.mark.parametrize("block", blocks(), ids=str)
def test_every_block_is_of_a_kind_that_is_checked_or_only_shown(block):
    assert block.language in CHECKED | SHOWN


@pytest.mark.parametrize("block", blocks("sh"), ids=str)
def test_a_script_is_one_and_knows_every_command(block, given):
    said = subprocess.run(["bash", "-n"], input=block.code, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr
    for words in commands(block.code):
        program = words[0].removeprefix(".venv/bin/")
        assert program in PROGRAMS | {"make", OURS} or (ROOT / program).is_file(), words
        if program == "make":
            targets = [word for word in words[1:] if "=" not in word]
            makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
            assert all(re.search(rf"^{target}:", makefile, re.M) for target in targets), words
        elif (ours := arguments_of_ours(words)) is not None:
            parse(ours)


@pytest.mark.parametrize("block", blocks("json"), ids=str)
def test_a_message_that_is_shown_is_one(block):
    shown = json.loads(block.code)
    if "specversion" in shown:
        (message,) = (one for one in MESSAGES if one.kind == shown["type"])
        Draft202012Validator(schema(message)).validate(shown)


def test_what_is_shown_in_yaml_can_be_read():
    assert all(list(yaml.safe_load_all(block.code)) for block in blocks("yaml"))


@pytest.mark.parametrize("block", blocks("python"), ids=str)
def test_a_program_compiles(block):
    compile(block.code, str(block), "exec", flags=0x2000)  # a line that awaits may stand alone


@pytest.mark.parametrize(
    "line", ["msign-gateway jobs lost", "msign-gateway sign --sideways a.pdf", "msign-gateway jobs list --limit many"]
)
def test_what_the_command_line_does_not_take_is_found(line, given):
    (words,) = commands(line)
    with pytest.raises(Exception, match=r"lost|sideways|integer"):
        parse(words[1:])
