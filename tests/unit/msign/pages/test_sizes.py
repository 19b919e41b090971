import pytest

from services.msign.pages.texts import size_text
from shared.contract.models import Language


@pytest.mark.parametrize(
    ("language", "size", "words"),
    [
        (Language.RO, 32, "32 octeți"),
        (Language.RO, 1023, "1023 octeți"),
        (Language.EN, 1024, "1.0 KB"),
        (Language.RU, 1536, "1,5 КБ"),
        (Language.RO, 5 * 1024 * 1024 + 1024 * 512, "5,5 MB"),
    ],
)
def test_a_size_is_written_for_people(language, size, words):
    assert size_text(language, size) == words
