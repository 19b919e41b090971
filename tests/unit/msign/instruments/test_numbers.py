"""Is a number understood as people write it, and is what is no number left for what it is?"""

import re

import pytest

from services.msign.instruments.numbers import IDNP_PATTERN, PHONE_PATTERN, digits, phone_number

PHONES = [
    "37369000017",
    "+37369000017",
    "+373 69 000 017",
    "0037369000017",
    "069000017",
    "(069) 000-017",
    "+373\N{NO-BREAK SPACE}69.000.017 ",
]


@pytest.mark.parametrize("written", PHONES)
def test_a_phone_has_one_number_however_it_is_written(written):
    assert phone_number(written) == "37369000017"
    assert re.fullmatch(PHONE_PATTERN, written)


@pytest.mark.parametrize("written", ["40712345678", "+40 712 345 678"])
def test_a_number_of_another_country_stays_so(written):
    assert phone_number(written) == "40712345678"


@pytest.mark.parametrize("written", ["", "06900", "six nine", "069000017x", "+0690000171"])
def test_what_is_no_number_of_ours_becomes_none(written):
    assert not phone_number(written).startswith("373")


@pytest.mark.parametrize("written", ["2000000000017", "2000 000 000 017", " 2 000 000 000 017 "])
def test_a_personal_number_may_have_spaces(written):
    assert digits(written) == "2000000000017"
    assert re.fullmatch(IDNP_PATTERN, written)


@pytest.mark.parametrize("written", ["200000000001", "20000000000171", "200000000001a", ""])
def test_browsers_let_nothing_else_through(written):
    assert not re.fullmatch(IDNP_PATTERN, written)
