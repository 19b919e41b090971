"""How does an operator register mandates? `python -m services.msign.mandates add | list | revoke`."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from services.msign.console import fail, masked, run, show_table
from services.msign.mandates.registry import Mandate, Registered, StoredMandates
from shared.contract.models import DelegatorType
from shared.errors import Malformed

HEADINGS = ("ID", "WHO", "SIGNS FOR", "ROLE", "STATE")

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Who may sign for somebody else.")


@app.command()
def add(
    who: Annotated[str, typer.Argument(help="The signer's personal number (IDNP).")],
    person: Annotated[str | None, typer.Option(help="Signs for the person with this IDNP.")] = None,
    organization: Annotated[str | None, typer.Option(help="Signs for the organisation with this IDNO.")] = None,
    role: Annotated[int | None, typer.Option(help="In this role (DelegatedRoleID); without it, in general.")] = None,
    until: Annotated[datetime | None, typer.Option(help="Ends at this moment (UTC); without it, never.")] = None,
) -> None:
    """Register a mandate; the same one again only gets a new end."""
    mandate = read_mandate(who, person, organization, role)
    valid_until = until.replace(tzinfo=UTC) if until else None
    mandate_id = run(lambda pool: StoredMandates(pool).add(mandate, valid_until))
    typer.echo(f"mandate {mandate_id} is registered")


@app.command("list")
def show(
    numbers: Annotated[bool, typer.Option("--numbers", help="Show personal numbers in full.")] = False,
) -> None:
    """Show every mandate; of personal numbers only the end, unless asked for."""
    found = run(lambda pool: StoredMandates(pool).all())
    now = datetime.now(UTC)
    show_table(HEADINGS, [row_of(one, now, numbers=numbers) for one in found])


@app.command()
def revoke(mandate_id: Annotated[int, typer.Argument(help="The mandate's ID as `list` shows it.")]) -> None:
    """End a mandate for good."""
    if not run(lambda pool: StoredMandates(pool).revoke(mandate_id)):
        fail(f"there is no mandate {mandate_id}, or it is revoked already")
    typer.echo(f"mandate {mandate_id} is revoked")


def read_mandate(who: str, person: str | None, organization: str | None, role: int | None) -> Mandate:
    """Return the mandate that the arguments describe; ends the command when they describe none."""
    if (person is None) == (organization is None):
        fail("say for whom: either --person or --organization")
    kind = DelegatorType.ORGANIZATION if person is None else DelegatorType.PERSON
    try:
        return Mandate(who=who, delegator_type=kind, delegator_id=person or organization or "", role_id=role)
    except Malformed as error:
        fail(str(error))


def row_of(one: Registered, now: datetime, *, numbers: bool) -> tuple[str, ...]:
    """Return a line of the list; organisations' numbers are no secret."""
    mandate = one.mandate
    show_person = str if numbers else masked
    is_person = mandate.delegator_type is DelegatorType.PERSON
    delegator = show_person(mandate.delegator_id) if is_person else mandate.delegator_id
    role = "-" if mandate.role_id is None else str(mandate.role_id)
    whom = f"{'person' if is_person else 'organization'} {delegator}"
    return str(one.id), show_person(mandate.who), whom, role, state_of(one, now)


def state_of(one: Registered, now: datetime) -> str:
    """Return in words whether a mandate is in force at `now`."""
    if one.revoked_at:
        return f"revoked {one.revoked_at:%Y-%m-%d %H:%M}"
    if one.valid_until is None:
        return "active"
    return f"{'active until' if now < one.valid_until else 'ended'} {one.valid_until:%Y-%m-%d %H:%M}"


if __name__ == "__main__":
    app()
