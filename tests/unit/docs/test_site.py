"""The site is built without a warning, shows every page, and fetches nothing from elsewhere."""

import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
FETCHED = re.compile(r"""<(?:script|img|iframe|source|link(?![^>]*rel="?canonical))\b[^>]*(?:src|href)="?https?://""")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of the site, built anew."""
    folder = tmp_path_factory.mktemp("site")
    command = [Path(sys.executable).parent / "mkdocs", "build", "--strict", "--site-dir", folder]
    variables = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    said = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr
    return folder


def test_every_page_is_in_the_site(site):
    pages = {path.relative_to(ROOT / "docs").with_suffix(".html") for path in (ROOT / "docs").rglob("*.md")}
    assert pages <= {path.relative_to(site) for path in site.rglob("*.html")}


def test_the_menu_follows_the_order_in_which_a_folders_index_tells_of_its_pages(tmp_path):
    for name in ("a", "b", "c", "d"):
        (tmp_path / f"{name}.md").touch()
    (tmp_path / "index.md").write_text("[C](c.md#part), [elsewhere](../b.md), [A](a.md), [C](c.md)", encoding="utf-8")
    in_order = runpy.run_path(str(ROOT / "setup" / "site_nav.py"))["in_order"]
    assert [page.stem for page in in_order(tmp_path)] == ["index", "c", "a", "b", "d"]
    (tmp_path / "index.md").unlink()
    assert [page.stem for page in in_order(tmp_path)] == ["a", "b", "c", "d"]


def test_no_page_fetches_anything_from_elsewhere(site):
    found = {path.name: FETCHED.findall(path.read_text(encoding="utf-8")) for path in site.rglob("*.html")}
    assert {name: urls for name, urls in found.items() if urls} == {}


def test_the_reference_is_current():
    made = runpy.run_path(str(ROOT / "setup" / "reference_pages.py"))["pages"]()
    committed = {name: (ROOT / "docs" / "reference" / name).read_text(encoding="utf-8") for name in made}
    assert committed == made, "run: .venv/bin/python setup/reference_pages.py"
