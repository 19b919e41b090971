"""The table of settings is the code's, and says of every setting what it is."""

import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
MADE = runpy.run_path(str(ROOT / "setup" / "settings_page.py"))
SERVICES = MADE["SERVICES"]


def test_the_page_is_what_the_code_says():
    assert (ROOT / "docs" / "operations" / "configure.md").read_text(encoding="utf-8") == MADE["page"]()


@pytest.mark.parametrize("service", SERVICES)
def test_every_setting_says_what_it_is(service):
    assert [name for name, field in SERVICES[service].model_fields.items() if not field.description] == []


def test_what_is_marked_is_a_setting():
    known = {name for settings in SERVICES.values() for name in settings.model_fields}
    assert MADE["SECRET"] | MADE["WATCHED"] <= known


def test_every_setting_that_a_service_follows_is_marked_as_live():
    sources = [*(ROOT / "services").rglob("*.py"), *(ROOT / "shared").rglob("*.py")]
    followed = {name for path in sources for name in re.findall(r'follow\("(\w+)"\)', path.read_text(encoding="utf-8"))}
    assert followed == MADE["FOLLOWED"]
