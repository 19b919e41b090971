"""How does an operator help somebody whose token is locked? `python -m services.msign.tokens list | unlock`.

Tokens are known by their instrument and a hash of their number, so the list names nobody.
"""

from typing import Annotated

import typer

from services.msign.console import fail, run, show_table
from services.msign.instruments.pins import counted_as
from services.msign.instruments.tries import MAX_TRIES, StoredTries
from shared.contract.models import Instrument

HEADINGS = ("INSTRUMENT", "TOKEN", "WRONG PINS", "STATE")
SHOWN_DIGITS = 12
WITHOUT_PIN = frozenset({Instrument.TAX, Instrument.MOBISIGN})

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Tokens with wrong PINs.")


@app.command("list")
def show() -> None:
    """Show the tokens that wrong PINs were entered for since the last right one."""
    found = run(lambda pool: StoredTries(pool).all())
    show_table(HEADINGS, [row_of(token, used) for token, used in found])


@app.command()
def unlock(
    instrument: Annotated[Instrument, typer.Argument(help="moldsign, nationalid, securesign or mobile.")],
    number: Annotated[str, typer.Argument(help="The owner's IDNP; for mobile, the phone's number.")],
) -> None:
    """Give a token all its tries back."""
    if instrument in WITHOUT_PIN:
        fail(f"{instrument} has no tokens whose tries are counted")
    token = counted_as(f"{instrument}-{number}")
    if not run(lambda pool: StoredTries(pool).unlock(token)):
        fail(f"no wrong PIN was entered for this {instrument} token")
    typer.echo(f"token {shown(token)} has all {MAX_TRIES} tries again")


def row_of(token: str, used: int) -> tuple[str, ...]:
    """Return a line of the list."""
    state = "locked" if used >= MAX_TRIES else f"{MAX_TRIES - used} left"
    return token.partition(":")[0], shown(token), str(used), state


def shown(token: str) -> str:
    """Return how people tell a token from the others: the first digits of its hash."""
    return token.partition(":")[2][:SHOWN_DIGITS]


if __name__ == "__main__":
    app()
