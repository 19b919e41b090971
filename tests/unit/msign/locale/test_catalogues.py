import re

import pytest

from services.msign.locale.catalogues import TRANSLATED, catalogue_path, read_catalogue
from services.msign.locale.upkeep import renewed, sentences
from services.msign.messages import OUTCOMES, VERDICTS

CEDILLAS = set("şŞţŢ")
MESSAGES = [(language, message) for language in TRANSLATED for message in read_catalogue(language) if message.id]


def forms(text):
    return [text] if isinstance(text, str) else list(text)


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_catalogue_is_up_to_date_with_the_sources(language):
    assert catalogue_path(language).read_text(encoding="utf-8") == renewed(language), "run `make catalogues`"


@pytest.mark.parametrize(("language", "message"), MESSAGES, ids=lambda one: str(getattr(one, "id", one))[:60])
def test_a_sentence_is_translated_for_good(language, message):
    assert all(forms(message.string)), "not translated"
    assert not message.fuzzy, "nobody has looked at this translation"
    assert not list(message.check()), "its placeholders differ"
    assert not CEDILLAS & set("".join(forms(message.string))), "Romanian has commas below s and t"


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_catalogue_holds_nothing_that_is_not_said_any_more(language):
    catalogue = read_catalogue(language)
    assert not catalogue.obsolete
    assert {message.id for message in catalogue} == {message.id for message in sentences()}


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_catalogue_does_not_change_with_the_day_or_the_machine(language):
    text = catalogue_path(language).read_text(encoding="utf-8")
    assert not re.search(r"-Date:|^#: (/|\.\.)", text, re.MULTILINE)


def test_what_the_api_says_is_in_the_catalogues():
    known = {message.id for message in sentences()}
    assert {text.one for text in (*VERDICTS.values(), *OUTCOMES.values())} <= known
