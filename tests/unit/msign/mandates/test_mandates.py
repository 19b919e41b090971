import re

import pytest

from services.msign.mandates.registry import Mandate
from shared.contract.models import DelegatorType
from shared.errors import Malformed

ANA, ION, COMPANY = "2000000000017", "2000000000024", "1000000000017"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"who": "200000000001"}, "the IDNP must have 13 digits"),
        ({"who": "２000000000017"}, "the IDNP must have 13 digits"),
        ({"delegator_id": f"{COMPANY} "}, "the delegator's number must have 13 digits"),
        ({"delegator_type": DelegatorType.NONE}, "for a person or an organisation"),
        ({"delegator_type": DelegatorType.PERSON, "delegator_id": ANA}, "for themselves"),
        ({"role_id": 0}, "a role is a number from 1"),
        ({"role_id": 2**31}, "a role is a number from 1"),
    ],
)
def test_what_cannot_be_a_mandate_is_refused_with_a_sentence_without_numbers_of_people(changes, sentence):
    described = {"who": ANA, "delegator_type": DelegatorType.ORGANIZATION, "delegator_id": COMPANY} | changes
    with pytest.raises(Malformed, match=re.escape(sentence)) as refused:
        Mandate(**described)
    assert ANA not in str(refused.value)


@pytest.mark.parametrize("role", [None, 1, 2**31 - 1])
def test_a_mandate_is_for_a_person_or_an_organisation_with_a_role_or_without(role):
    for kind, number in ((DelegatorType.PERSON, ION), (DelegatorType.ORGANIZATION, COMPANY)):
        assert Mandate(who=ANA, delegator_type=kind, delegator_id=number, role_id=role).role_id == role
