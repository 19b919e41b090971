"""Does a test instance show who is there to try it out with, and nobody else's page anything?"""

from dataclasses import replace

import pytest

from services.msign.pages.render import HERE, environment
from services.msign.pki.people import PEOPLE, Flaw
from shared.contract.models import Instrument, Language


def shown(instrument):
    people = [person.listed() for person in PEOPLE if person.instrument == instrument]
    macros = environment(Language.EN, (HERE / "templates",)).get_template("macros.html").module
    return people, str(macros.test_people(people))  # type: ignore[attr-defined]


@pytest.mark.parametrize("instrument", [Instrument.MOLDSIGN, Instrument.NATIONALID, Instrument.SECURESIGN])
def test_tokens_are_listed_with_their_owners_personal_numbers_and_pins(instrument):
    people, page = shown(instrument)
    for person in people:
        assert f"<code>{person['idnp']}</code>" in page
        assert f"<code>{person['pin']}</code>" in page


def test_phones_are_listed_with_a_way_to_each_of_them():
    people, page = shown(Instrument.MOBILE)
    for person in people:
        assert f'href="/phone/{person["msisdn"]}?lang=en"' in page
    assert page.count("<th ") == 4


def test_key_files_are_listed_with_their_passwords():
    people, page = shown(Instrument.TAX)
    for person in people:
        assert f"<code>{person['key_file']}</code>" in page
    assert "Password of the file" in page


def test_a_certificate_that_is_bad_on_purpose_is_told():
    assert {person.flaw for person in PEOPLE} >= set(Flaw)
    assert "(certificate revoked)" in shown(Instrument.NATIONALID)[1]


async def test_they_stand_beside_the_form_of_their_instrument_only(parts, serve):
    people = tuple(person.listed() for person in PEOPLE)
    async with serve(replace(parts, people=people)) as opened:
        browser = await opened().enter(Instrument="securesign")
    others = {one["pin"] for one in people if one["instrument"] != Instrument.SECURESIGN}
    assert "<summary>Persoane de test</summary>" in browser.page
    assert not {pin for pin in others if f"<code>{pin}</code>" in browser.page}


async def test_an_instance_that_shows_nobody_has_no_such_part(browser):
    await browser.enter(Instrument="securesign")
    assert "<details" not in browser.page
