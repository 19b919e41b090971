"""What is shown to integrators: the examples, and the programs of the documents, each run as it stands there.

One module, for one running system: its start is most of the time.
"""

import asyncio
import hashlib
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from msign_gateway.client import GatewayClient
from msign_gateway.demo.documents import pdf_of, two_page_pdf
from tests.unit.docs.blocks import ROOT, blocks

EXAMPLES = ROOT / "examples"
PROGRAMS = [block for block in blocks("python") if "reference" not in block.page.parts]
SCRIPTS = [block for block in blocks("sh") if ".demo/endpoints.env" in block.code]
TAUGHT = ("quickstart", "how-to/publish", "how-to/subscribe", "how-to/large-contents", "how-to/verify")
WITHIN_S = 60


async def prepared(*command: str, cwd: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *command, cwd=cwd, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()


async def python(tmp_path: Path) -> list[str]:
    return [sys.executable, str(EXAMPLES / "python" / "sign.py")]


async def pika(tmp_path: Path) -> list[str]:
    """In an environment of its own: nothing of ours can be imported there."""
    requirements = EXAMPLES / "pika" / "requirements.txt"
    target = tmp_path / "packages"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "install", "--quiet"]
    await prepared(*pip, "--no-deps", "--target", str(target), "-r", str(requirements), cwd=tmp_path)
    boot = f"import sys, runpy; sys.path.insert(0, {str(target)!r}); runpy.run_path(sys.argv[0], run_name='__main__')"
    program = str(EXAMPLES / "pika" / "sign.py")
    return [sys.executable, "-I", "-c", f"import sys; sys.argv[0] = {program!r}; {boot}"]


async def node(_: Path) -> list[str]:
    install = ["npm", "install", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund"]
    await prepared(*install, cwd=EXAMPLES / "node")
    return ["node", str(EXAMPLES / "node" / "sign.js")]


@pytest.fixture(autouse=True)
def documents(tmp_path):
    """A small PDF, and one that is too large for a message."""
    (tmp_path / "act.pdf").write_bytes(two_page_pdf(datetime.now(UTC)))
    (tmp_path / "large.pdf").write_bytes(pdf_of([[100 * "x"] * 50_000]))


@pytest.mark.parametrize("prepare", [python, pika, node])
@pytest.mark.parametrize("name", ["act.pdf", "large.pdf"])
async def test_an_example_has_a_document_signed_and_the_signature_verified(play, tmp_path, prepare, name):
    said = await play(*await prepare(tmp_path), name)
    signed = name.replace(".pdf", ".signed.pdf")
    assert f"Signed {signed}" in said
    assert f"\nValid {signed}" in said
    before, after = (tmp_path / name).read_bytes(), (tmp_path / signed).read_bytes()
    assert after.startswith(before)
    assert len(after) > len(before)


def test_the_examples_pin_what_they_need_and_name_no_server():
    dependencies = json.loads((EXAMPLES / "node" / "package.json").read_text())["dependencies"]
    assert all(version[0].isdigit() for version in dependencies.values())
    lines = (EXAMPLES / "pika" / "requirements.txt").read_text().splitlines()
    assert all("==" in line for line in lines)


@pytest.mark.parametrize("block", PROGRAMS, ids=str)
async def test_a_program_of_the_documents_runs(block, play, tmp_path):
    (tmp_path / "program.py").write_text(block.code, encoding="utf-8")
    assert await play(sys.executable, "program.py")
    for name in ("act.signed.pdf", "large.signed.pdf"):
        if name in block.code:
            assert (tmp_path / name).read_bytes().startswith((tmp_path / name.replace(".signed", "")).read_bytes())


@pytest.mark.parametrize("block", SCRIPTS, ids=str)
async def test_a_script_that_is_pointed_at_the_demo_runs(block, play, tmp_path, scene):
    for name, target in ((".demo", scene.directory), (".venv", sys.prefix), ("examples", EXAMPLES)):
        (tmp_path / name).symlink_to(target)
    await play("bash", "-euc", block.code)
    assert (tmp_path / "act.signed.pdf").read_bytes().startswith((tmp_path / "act.pdf").read_bytes())


def test_every_page_that_teaches_programming_has_a_program():
    assert {f"docs/{name}.md" for name in TAUGHT} <= {block.page.relative_to(ROOT).as_posix() for block in PROGRAMS}


async def test_a_program_that_was_restarted_asks_again_under_the_same_id_and_is_told_the_latest(stage, scene):
    url = stage.servers.amqp_urls["declaratii"]
    job = {
        "content_type": "Hash",
        "short_description": "A record",
        "contents": [{"content": hashlib.sha256(b"a record").digest(), "correlation_id": "1"}],
        "return_url": f"{scene.e_service_url}/back",
    }
    async with GatewayClient.connect(url) as gateway:
        await gateway.sign(job, command_id="record-1")
        before = await gateway.accepted("record-1", timeout_s=WITHIN_S)
    async with GatewayClient.connect(url) as gateway:
        await gateway.sign(job, command_id="record-1")
        assert await gateway.accepted("record-1", timeout_s=WITHIN_S) == before
