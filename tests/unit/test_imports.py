"""Imports point one way: msign_gateway and services → shared, never back, and no service imports another."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = [path for top in ("msign_gateway", "services", "shared") for path in sorted((ROOT / top).rglob("*.py"))]


def imported(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    return names | {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}


def allowed(importer: tuple[str, ...], name: str) -> bool:
    top, *rest = name.split(".")
    match importer[0]:
        case "shared":
            return top not in {"services", "msign_gateway"}
        case "services":
            return top != "msign_gateway" and (top != "services" or rest[:1] == [importer[1]])
        case _:
            return top != "services"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_imports_only_what_its_place_allows(path):
    importer = path.relative_to(ROOT).parts
    assert [name for name in imported(path) if not allowed(importer, name)] == []


def test_no_module_is_named_after_nothing():
    assert not [path for path in FILES if path.stem in {"utils", "helpers", "common", "misc"}]
