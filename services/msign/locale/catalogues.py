"""Where do the translations come from? From the .po files beside this module, read as they are: nothing is compiled."""

from gettext import NullTranslations
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

from shared.contract.models import Language

DOMAIN = "msign"
TRANSLATED = (Language.RO, Language.RU)
"""English is the language of the sources."""
LOCALES = {Language.RO: "ro", Language.RU: "ru", Language.EN: "en_GB"}
"""How numbers and dates are written."""


def catalogue_path(language: Language) -> Path:
    """Return where the catalogue of a language is."""
    return Path(__file__).parent / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def read_catalogue(language: Language) -> Catalog:
    """Return the catalogue of a language as it is stored."""
    with catalogue_path(language).open("rb") as file:
        return read_po(file, locale=language.value, domain=DOMAIN, abort_invalid=True)


def translations(language: Language) -> NullTranslations:
    """Return what gettext looks the sentences of a language up in."""
    if language not in TRANSLATED:
        return NullTranslations()
    compiled = BytesIO()
    write_mo(compiled, read_catalogue(language))
    compiled.seek(0)
    return Translations(compiled, domain=DOMAIN)
