"""How do the catalogues keep up with the sentences of code and templates?"""

from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import write_po

from services.msign.locale.catalogues import read_catalogue
from shared.contract.models import Language

PACKAGE = Path(__file__).parent.parent
METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2")]
OPTIONS = {"**/templates/**.html": {"trimmed": "true", "newstyle_gettext": "true", "silent": "false"}}
KEYWORDS: dict[str, Any] = {**DEFAULT_KEYWORDS, "Text": {1: (1,), 2: (1, 2)}}
HEADER = """\
msgid ""
msgstr ""
"Project-Id-Version: msign-gateway\\n"
"Language: {language}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: {plural_forms}\\n"

"""
"""Without the usual dates: they would change with every run."""


def sentences() -> Catalog:
    """Return every sentence of the sources, untranslated."""
    found = Catalog()
    for name, line, message, comments, context in extract_from_dir(PACKAGE, METHODS, OPTIONS, KEYWORDS):
        found.add(message, locations=[(name, line)], auto_comments=comments, context=context)
    return found


def renewed(language: Language) -> str:
    """Return the text of a language's catalogue, brought up to date with the sources.

    A new sentence that resembles an old one takes its translation, marked as fuzzy, for a translator to look at.
    """
    catalogue = read_catalogue(language)
    catalogue.update(sentences())
    written = BytesIO()
    write_po(
        written, catalogue, width=120, omit_header=True, sort_output=True, include_lineno=False, ignore_obsolete=True
    )
    return HEADER.format(language=language, plural_forms=catalogue.plural_forms) + written.getvalue().decode()
