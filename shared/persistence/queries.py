"""Where does the SQL stand? In `.sql` files beside this module, each statement under a `-- name:` line."""

import re
from pathlib import Path

_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


def load(file: str) -> dict[str, str]:
    """Return the statements of `sql/<file>` by name."""
    _, *parts = _NAME.split((Path(__file__).parent / "sql" / file).read_text(encoding="utf-8"))
    return {name: text.strip() for name, text in zip(parts[::2], parts[1::2], strict=True)}
