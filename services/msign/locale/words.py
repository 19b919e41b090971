"""How is something said in the reader's language? Sentences, plurals, sizes and times."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

from babel.dates import format_datetime
from babel.numbers import format_decimal

from services.msign.locale.catalogues import LOCALES, translations
from shared.contract.models import Language

KIBIBYTE = 1024


@dataclass(frozen=True, slots=True)
class Text:
    """An English sentence to be said in the reader's language; with `many` it depends on the count `num`."""

    one: str
    many: str = ""


class Words:
    """One language."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self.translations = translations(language)

    def say(self, text: Text, *, num: int | None = None, **values: object) -> str:
        """Return a text with its placeholders filled in; one that counts needs `num`."""
        if text.many:
            sentence = self.translations.ngettext(text.one, text.many, num or 0)
        else:
            sentence = self.translations.gettext(text.one)
        return sentence % {"num": num, **values}

    def size(self, count: int) -> str:
        """Return a size of so many bytes for people: in bytes, or to a tenth of a KB (1024 bytes) or MB."""
        if count < KIBIBYTE:
            return self.say(Text("%(num)d byte", "%(num)d bytes"), num=count)
        if count < KIBIBYTE * KIBIBYTE:
            return self.say(Text("%(size)s KB"), size=self._tenths(count / KIBIBYTE))
        return self.say(Text("%(size)s MB"), size=self._tenths(count / KIBIBYTE / KIBIBYTE))

    def day(self, at: datetime) -> str:
        """Return the date of a moment, in UTC."""
        return format_datetime(at, "d MMMM y", tzinfo=UTC, locale=LOCALES[self.language])

    def moment(self, at: datetime) -> str:
        """Return a moment to the second, in UTC."""
        return format_datetime(at, "d MMMM y, HH:mm:ss 'UTC'", tzinfo=UTC, locale=LOCALES[self.language])

    def _tenths(self, value: float) -> str:
        return format_decimal(value, "#,##0.0", locale=LOCALES[self.language])


@cache
def words(language: Language) -> Words:
    """Return the words of a language; its catalogue is read once."""
    return Words(language)
