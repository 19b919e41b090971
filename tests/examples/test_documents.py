"""The programs of the quickstart and the how-tos, each run as it stands there against the running system."""

import sys
from datetime import UTC, datetime

import pytest

from msign_gateway.demo.documents import pdf_of, two_page_pdf
from tests.unit.docs.blocks import ROOT, blocks

PROGRAMS = [block for block in blocks("python") if "reference" not in block.page.parts]


@pytest.mark.parametrize("block", PROGRAMS, ids=str)
async def test_a_program_of_the_documents_runs(block, play, tmp_path, scene):
    (tmp_path / "program.py").write_text(block.code, encoding="utf-8")
    (tmp_path / "act.pdf").write_bytes(two_page_pdf(datetime.now(UTC)))
    (tmp_path / "large.pdf").write_bytes(pdf_of([[100 * "x"] * 50_000]))
    (tmp_path / ".demo").symlink_to(scene.directory)
    assert await play(sys.executable, "program.py")
    for name in ("act.signed.pdf", "large.signed.pdf"):
        if name in block.code:
            assert (tmp_path / name).read_bytes().startswith((tmp_path / name.replace(".signed", "")).read_bytes())


def test_every_page_that_teaches_programming_has_a_program():
    pages = {block.page.relative_to(ROOT).as_posix() for block in PROGRAMS}
    assert {"docs/quickstart.md", *(f"docs/how-to/{name}.md" for name in TAUGHT)} <= pages


TAUGHT = ("publish", "subscribe", "large-contents", "verify")
