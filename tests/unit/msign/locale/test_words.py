from datetime import datetime, timedelta, timezone

import pytest

from services.msign.locale.words import Text, words
from shared.contract.models import Language

RO, RU, EN = Language.RO, Language.RU, Language.EN
DOCUMENTS = Text("You sign %(num)d document.", "You sign %(num)d documents.")


@pytest.mark.parametrize(
    ("language", "count", "said"),
    [
        (RO, 1, "Semnați 1 document."),
        (RO, 2, "Semnați 2 documente."),
        (RO, 5, "Semnați 5 documente."),
        (RO, 20, "Semnați 20 de documente."),
        (RO, 21, "Semnați 21 de documente."),
        (RO, 101, "Semnați 101 documente."),
        (RU, 1, "Вы подписываете 1 документ."),
        (RU, 2, "Вы подписываете 2 документа."),
        (RU, 5, "Вы подписываете 5 документов."),
        (RU, 11, "Вы подписываете 11 документов."),
        (RU, 21, "Вы подписываете 21 документ."),
        (EN, 1, "You sign 1 document."),
        (EN, 2, "You sign 2 documents."),
        (EN, 21, "You sign 21 documents."),
    ],
)
def test_a_count_takes_the_languages_own_plural(language, count, said):
    assert words(language).say(DOCUMENTS, num=count) == said


def test_a_placeholder_is_filled_in_and_a_sentence_without_one_is_left_alone():
    assert words(RO).say(Text("%(size)s KB"), size="1,5") == "1,5 KB"
    assert words(EN).say(Text("Trust")) == "Trust"


def test_a_sentence_that_nobody_translated_is_said_in_english():
    assert words(RU).say(Text("Nobody translated this")) == "Nobody translated this"


@pytest.mark.parametrize(
    ("language", "size", "said"),
    [
        (RO, 1, "1 octet"),
        (RO, 32, "32 de octeți"),
        (RU, 1023, "1023 байта"),
        (EN, 1024, "1.0 KB"),
        (RU, 1536, "1,5 КБ"),
        (RO, 5 * 1024 * 1024 + 1024 * 512, "5,5 MB"),
    ],
)
def test_a_size_is_written_for_people(language, size, said):
    assert words(language).size(size) == said


@pytest.mark.parametrize(
    ("language", "day"), [(RO, "2 septembrie 2026"), (RU, "2 сентября 2026"), (EN, "2 September 2026")]
)
def test_a_moment_is_written_in_utc(language, day):
    at = datetime(2026, 9, 3, 1, 30, 5, tzinfo=timezone(timedelta(hours=3)))
    assert words(language).day(at) == day
    assert words(language).moment(at) == f"{day}, 22:30:05 UTC"


def test_the_words_of_a_language_are_read_once():
    assert words(RO) is words(RO)
