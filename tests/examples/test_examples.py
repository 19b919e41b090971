"""The examples, each as it stands there, as a process of its own that knows nothing of ours but the addresses."""

import asyncio
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from msign_gateway.demo.documents import pdf_of, two_page_pdf

EXAMPLES = Path(__file__).parents[2] / "examples"


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
