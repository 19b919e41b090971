"""Does the page about log lines speak of lines that there are, and of every error?"""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SAID = re.compile(r"""log\.(info|warning|error|exception)\(\s*"([a-z_]+)\"""")
CODE = "".join(
    path.read_text(encoding="utf-8") for part in ("shared", "services") for path in (ROOT / part).rglob("*.py")
)
LINES: dict[str, str] = {word: level for level, word in SAID.findall(CODE)}


def words_of(page: str) -> set[str]:
    text = (ROOT / "docs" / "operations" / page).read_text(encoding="utf-8")
    return set(re.findall(r"`([a-z]+(?:_[a-z]+)+)`", text))


def test_every_line_that_is_explained_can_be_written():
    explained = words_of("logs.md")
    assert explained
    assert explained <= LINES.keys()


@pytest.mark.parametrize("word", sorted(word for word, level in LINES.items() if level in {"error", "exception"}))
def test_every_error_is_explained(word):
    assert word in words_of("logs.md")
