"""Who may sign for somebody else in the demo? Made-up mandates, as an operator registers them at the provider."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from msign_gateway.demo.people import Person


@dataclass(frozen=True, slots=True, kw_only=True)
class Mandate:
    """`who` (IDNP) may sign for a person (IDNP) or for an organisation (IDNO), in one role or in general."""

    who: str
    person: str | None = None
    organization: str | None = None
    role: int | None = None

    @property
    def key(self) -> str:
        """A name for it in forms."""
        return "-".join(self.arguments)

    @property
    def arguments(self) -> list[str]:
        """What the provider's command takes to register it."""
        whom = ["--person", self.person] if self.person else ["--organization", self.organization or ""]
        return [self.who, *whom, *(["--role", str(self.role)] if self.role else [])]

    @property
    def expected_signer(self) -> dict[str, Any]:
        """What a sign command says to have only this signer, acting for the other one."""
        delegator = {"delegator_type": "Person", "delegator_id": self.person}
        if self.person is None:
            delegator = {"delegator_type": "Organization", "delegator_id": self.organization}
        return {"id": self.who, **delegator} | ({"delegated_role_id": self.role} if self.role else {})

    def described(self, people: Iterable[Person]) -> str:
        """Return it as a sentence with the names of `people`."""
        names = {one.idnp: one.name for one in people}
        whom = names.get(self.person, self.person) if self.person else f"the organisation {self.organization}"
        role = f" in role {self.role}" if self.role else ""
        return f"{names.get(self.who, self.who)} may sign for {whom}{role}"


_ANA, _ION, _ELENA, _COMPANY = "2000000000017", "2000000000024", "2000000000031", "1000000000017"

MANDATES = (
    Mandate(who=_ANA, organization=_COMPANY, role=3),
    Mandate(who=_ELENA, person=_ION),
)
