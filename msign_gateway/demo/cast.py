"""Who can sign, with what, for whom, and where are their phones and key files? For people who play a part."""

from collections.abc import Iterable, Iterator, Sequence

from rich import box
from rich.table import Table

from msign_gateway.demo.mandates import MANDATES
from msign_gateway.demo.people import Person


def table_of(people: Iterable[Person]) -> Table:
    """Return the people with their PINs and passwords, grouped by person; it fits into 80 columns."""
    title = "Made-up people who can sign (tax: the PIN is the key file's password)"
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for heading in ("Name", "IDNP", "Instrument", "PIN", "Note"):
        table.add_column(heading, no_wrap=heading not in {"Name", "Note"})
    for person in people:
        note = f"[yellow]{person.note}[/]" if person.note else ""
        table.add_row(person.name, person.idnp, person.instrument, person.pin, note)
    return table


def mandates_of(people: Sequence[Person]) -> Table:
    """Return who may sign for whom, below the table of people."""
    table = Table(title="Mandates", title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    names = {person.idnp: person.name for person in people}
    for heading in ("Signer", "For", "Number", "Role"):
        table.add_column(heading, no_wrap=heading == "Number")
    for one in MANDATES:
        number = one.person or one.organization or ""
        whom = names.get(number, "organisation")
        table.add_row(names.get(one.who, one.who), whom, number, str(one.role or "any"))
    return table


def places_of(people: Iterable[Person], frontend_url: str) -> Iterator[str]:
    """Return a line for each phone, with the address that it can be seen at, and for each key file, with its path."""
    for person in people:
        if person.msisdn:
            yield f"phone of {person.name}, {person.msisdn}: {frontend_url}/phone/{person.msisdn}"
        if person.key_file:
            yield f"key file of {person.name}: {person.key_file}"
