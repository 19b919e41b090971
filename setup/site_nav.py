"""Which pages does the site's menu show? Where `mkdocs.yml` names a folder, all of it, as its index tells of them."""

import re
from pathlib import Path
from typing import Any

LINK = re.compile(r"\]\(([\w-]+\.md)")
"""A link to a page of the same folder."""


def on_config(config: Any) -> Any:
    """Replace folders in the menu by their pages (a hook of MkDocs)."""
    docs = Path(config.docs_dir)
    config.nav = [_filled(entry, docs) for entry in config.nav]
    return config


def in_order(folder: Path) -> list[Path]:
    """Return a folder's pages: its index, those that it links to, in that order, and the others by name."""
    index = folder / "index.md"
    told = ["index.md", *(LINK.findall(index.read_text(encoding="utf-8")) if index.is_file() else [])]
    return sorted(
        folder.glob("*.md"), key=lambda page: (told.index(page.name) if page.name in told else len(told), page.name)
    )


def _filled(entry: Any, docs: Path) -> Any:
    if not isinstance(entry, dict):
        return entry
    ((title, below),) = entry.items()
    if isinstance(below, str) and below.endswith("/"):
        return {title: [str(page.relative_to(docs)) for page in in_order(docs / below)]}
    return {title: [_filled(one, docs) for one in below]}
