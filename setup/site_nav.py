"""Which pages does the site's menu show? Where `mkdocs.yml` names a folder, all of it: index first, then by name."""

from pathlib import Path
from typing import Any


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
        found = sorted((docs / below).glob("*.md"), key=lambda page: (page.stem != "index", page.name))
        return {title: [str(page.relative_to(docs)) for page in found]}
    return {title: [_filled(one, docs) for one in below]}
