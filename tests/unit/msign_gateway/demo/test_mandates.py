from __future__ import annotations

import pytest

from msign_gateway.demo.mandates import MANDATES, Mandate
from msign_gateway.demo.people import Person
from services.msign.mandates.__main__ import read_mandate
from services.msign.pki.people import PEOPLE


@pytest.mark.parametrize("mandate", MANDATES)
def test_the_provider_takes_every_mandate_of_a_person_who_can_sign(mandate: Mandate):
    registered = read_mandate(mandate.who, mandate.person, mandate.organization, mandate.role)
    assert registered.delegator_id in {mandate.person, mandate.organization}
    assert any(one.idnp == mandate.who and not one.flaw for one in PEOPLE)


def test_a_mandate_reads_as_a_sentence_with_names():
    people = (Person("Ana Exemplu", "1", "tax", "x"), Person("Ion Modelescu", "2", "tax", "x"))
    assert Mandate(who="1", person="2").described(people) == "Ana Exemplu may sign for Ion Modelescu"
    company = Mandate(who="1", organization="9", role=3)
    assert company.described(people) == "Ana Exemplu may sign for the organisation 9 in role 3"
    assert company.arguments == ["1", "--organization", "9", "--role", "3"]
