"""Which pages does the site's menu show? Where `mkdocs.yml` names a folder, all of it, in the order of need."""

from pathlib import Path
from typing import Any

FIRST = ("index", "install", "containers", "kubernetes", "configure", "doctor", "status", "monitoring", "runbook")
"""The others come after them, by name."""


def on_config(config: Any) -> Any:
    """Replace folders in the menu by their pages (a hook of MkDocs)."""
    docs = Path(config.docs_dir)
    config.nav = [_filled(entry, docs) for entry in config.nav]
    return config


def _filled(entry: Any, docs: Path) -> Any:
    if not isinstance(entry, dict):
        return entry
    ((title, below),) = entry.items()
    if isinstance(below, str) and below.endswith("/"):
        return {title: [str(page.relative_to(docs)) for page in sorted((docs / below).glob("*.md"), key=_place)]}
    return {title: [_filled(one, docs) for one in below]}


def _place(page: Path) -> tuple[int, str]:
    return (FIRST.index(page.stem) if page.stem in FIRST else len(FIRST), page.name)
