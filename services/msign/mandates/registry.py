"""Does a mandate let this person sign for that one, or for that organisation?"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from shared.contract.models import DelegatorType
from shared.errors import Malformed

_NUMBER = re.compile(r"[0-9]{13}")
MAX_ROLE = 2**31 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Mandate:
    """`who` (IDNP) may sign for the delegator (IDNP or IDNO): in one role, or with `role_id` None in general.

    Raises `Malformed` for numbers that cannot be what they should.
    """

    who: str
    delegator_type: DelegatorType
    delegator_id: str
    role_id: int | None = None

    def __post_init__(self) -> None:
        for name, number in (("IDNP", self.who), ("delegator's number", self.delegator_id)):
            if not _NUMBER.fullmatch(number):
                raise Malformed(f"the {name} must have 13 digits", field="mandate")
        if self.delegator_type is DelegatorType.NONE:
            raise Malformed("a mandate is for a person or an organisation", field="mandate")
        if self.who == self.delegator_id:
            raise Malformed("nobody needs a mandate to sign for themselves", field="mandate")
        if self.role_id is not None and not 0 < self.role_id <= MAX_ROLE:
            raise Malformed(f"a role is a number from 1 to {MAX_ROLE}", field="mandate")


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """A mandate as operators see it; `id` is what revokes it."""

    id: int
    mandate: Mandate
    valid_until: datetime | None
    revoked_at: datetime | None


class Mandates(Protocol):
    """Knows who may sign for whom."""

    async def holds(
        self, who: str, delegator_type: DelegatorType, delegator_id: str | None, role_id: int | None
    ) -> bool:
        """Tell whether such a mandate is in force now; a mandate in general is none for a role, nor the reverse."""


class NoMandates:
    """Nobody may sign for anybody else."""

    async def holds(
        self, who: str, delegator_type: DelegatorType, delegator_id: str | None, role_id: int | None
    ) -> bool:
        """Tell that there is no such mandate."""
        return False


class StoredMandates:
    """The mandates in the provider's database."""

    def __init__(self, pool: Any) -> None:
        self._pool = pool

    async def holds(
        self, who: str, delegator_type: DelegatorType, delegator_id: str | None, role_id: int | None
    ) -> bool:
        """Tell whether such a mandate is in force now; a mandate in general is none for a role, nor the reverse."""
        return bool(await self._pool.fetchval(_HOLDS, who, delegator_type, delegator_id, role_id))

    async def add(self, mandate: Mandate, valid_until: datetime | None = None) -> int:
        """Register a mandate, or give the same one that is not revoked a new end; returns its id.

        Raises `Malformed` for an end that has passed.
        """
        if valid_until is not None and valid_until <= datetime.now(UTC):
            raise Malformed("the mandate would have ended already", field="valid_until")
        values = (mandate.who, mandate.delegator_type, mandate.delegator_id, mandate.role_id, valid_until)
        return int(await self._pool.fetchval(_ADD, *values))

    async def all(self) -> list[Registered]:
        """Every mandate that was ever registered, oldest first."""
        return [_registered(row) for row in await self._pool.fetch("SELECT * FROM mandates ORDER BY id")]

    async def revoke(self, mandate_id: int) -> bool:
        """End a mandate for good; False when there is no such one that is not revoked yet."""
        return await self._pool.fetchval(_REVOKE, mandate_id) is not None


def _registered(row: Any) -> Registered:
    mandate = Mandate(
        who=row["who"],
        delegator_type=DelegatorType(row["delegator_type"]),
        delegator_id=row["delegator_id"],
        role_id=row["role_id"],
    )
    return Registered(id=row["id"], mandate=mandate, valid_until=row["valid_until"], revoked_at=row["revoked_at"])


_HOLDS = """
SELECT EXISTS (
    SELECT FROM mandates
    WHERE who = $1 AND delegator_type = $2 AND delegator_id = $3 AND role_id IS NOT DISTINCT FROM $4::bigint
    AND revoked_at IS NULL AND (valid_until IS NULL OR valid_until > now())
)
"""
_ADD = """
INSERT INTO mandates (who, delegator_type, delegator_id, role_id, valid_until) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (who, delegator_type, delegator_id, role_id) WHERE revoked_at IS NULL
DO UPDATE SET valid_until = excluded.valid_until
RETURNING id
"""
_REVOKE = "UPDATE mandates SET revoked_at = now() WHERE id = $1 AND revoked_at IS NULL RETURNING id"
