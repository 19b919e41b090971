"""Who may sign for whom, in the database."""

from datetime import UTC, datetime, timedelta

import pytest

from services.msign.mandates import StoredMandates
from services.msign.mandates.registry import Mandate
from shared.contract.models import DelegatorType
from shared.errors import Malformed

ANA, ION, COMPANY = "2000000000017", "2000000000024", "1000000000017"
PERSON, ORGANIZATION = DelegatorType.PERSON, DelegatorType.ORGANIZATION
FOR_COMPANY = Mandate(who=ION, delegator_type=ORGANIZATION, delegator_id=COMPANY)
AS_ACCOUNTANT = Mandate(who=ION, delegator_type=ORGANIZATION, delegator_id=COMPANY, role_id=7)


@pytest.fixture
def mandates(pool):
    return StoredMandates(pool)


async def test_a_mandate_holds_for_its_signer_its_delegator_and_its_role_only(mandates):
    await mandates.add(AS_ACCOUNTANT)
    assert await mandates.holds(ION, ORGANIZATION, COMPANY, 7)
    for other in (
        (ANA, ORGANIZATION, COMPANY, 7),
        (ION, PERSON, COMPANY, 7),
        (ION, ORGANIZATION, "1000000000024", 7),
        (ION, ORGANIZATION, COMPANY, 8),
        (ION, ORGANIZATION, COMPANY, None),
        (ION, ORGANIZATION, None, 7),
    ):
        assert not await mandates.holds(*other), other


async def test_a_mandate_in_general_is_none_for_a_role(mandates):
    await mandates.add(FOR_COMPANY)
    assert await mandates.holds(ION, ORGANIZATION, COMPANY, None)
    assert not await mandates.holds(ION, ORGANIZATION, COMPANY, 7)


async def test_a_mandate_ends_when_its_time_is_over(mandates, pool):
    mandate_id = await mandates.add(FOR_COMPANY, datetime.now(UTC) + timedelta(days=1))
    assert await mandates.holds(ION, ORGANIZATION, COMPANY, None)
    await pool.execute("UPDATE mandates SET valid_until = now() - interval '1 second' WHERE id = $1", mandate_id)
    assert not await mandates.holds(ION, ORGANIZATION, COMPANY, None)


async def test_a_revoked_mandate_holds_no_more_and_is_revoked_once(mandates):
    mandate_id = await mandates.add(FOR_COMPANY)
    assert await mandates.revoke(mandate_id)
    assert not await mandates.holds(ION, ORGANIZATION, COMPANY, None)
    assert not await mandates.revoke(mandate_id)


async def test_adding_the_same_mandate_again_only_moves_its_end(mandates):
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    first = await mandates.add(FOR_COMPANY, tomorrow)
    assert await mandates.add(FOR_COMPANY) == first
    assert await mandates.add(AS_ACCOUNTANT) != first
    ends = {one.id: one.valid_until for one in await mandates.all()}
    assert ends[first] is None


async def test_after_a_revocation_the_same_mandate_is_a_new_one(mandates):
    first = await mandates.add(FOR_COMPANY)
    await mandates.revoke(first)
    assert await mandates.add(FOR_COMPANY) != first
    assert await mandates.holds(ION, ORGANIZATION, COMPANY, None)


async def test_a_mandate_that_would_have_ended_already_is_refused(mandates):
    with pytest.raises(Malformed, match="ended already"):
        await mandates.add(FOR_COMPANY, datetime.now(UTC) - timedelta(seconds=1))
    assert await mandates.all() == []
