"""How does an operator's command reach the provider's database, and how does it say no?"""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, NoReturn, TypeVar

import typer
from pydantic import Field
from rich.console import Console
from rich.table import Table
from rich.text import Text

from services.msign.requests import MIGRATIONS
from shared.errors import Malformed
from shared.persistence.migrate import migrate
from shared.persistence.pool import DATABASE_ERRORS, open_pool
from shared.settings import Settings, load_settings

Result = TypeVar("Result")

MASKED_DIGITS = 9
UNWRAPPED = 10_000


class DatabaseSettings(Settings):
    """Where the provider's database is."""

    msign_database_url: str = Field(pattern="^postgres(ql)?://")


def run(work: Callable[[Any], Awaitable[Result]]) -> Result:
    """Do `work` with a pool over MSIGN_DATABASE_URL, whose tables are brought up to date first.

    Malformed input and a database that does not answer end the command with a sentence.
    """
    url = load_settings(DatabaseSettings).msign_database_url

    async def connected() -> Result:
        await migrate(url, MIGRATIONS)
        async with open_pool(url, max_size=1) as pool:
            return await work(pool)

    try:
        return asyncio.run(connected())
    except Malformed as error:
        fail(str(error))
    except DATABASE_ERRORS as error:
        fail(f"the database of MSIGN_DATABASE_URL cannot be used: {type(error).__name__}")


def fail(sentence: str) -> NoReturn:
    """Say why and exit with code 1."""
    typer.echo(sentence, err=True)
    raise typer.Exit(1)


def show_table(headings: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    """Print rows under their headings: in a terminal as wide as that, otherwise each on one line for other programs."""
    console = Console(highlight=False, width=None if sys.stdout.isatty() else UNWRAPPED)
    table = Table(*headings, box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for row in rows:
        table.add_row(*(Text(cell, overflow="fold") for cell in row))
    console.print(table)


def masked(number: str) -> str:
    """Return a personal number of which only the end can be read."""
    return "*" * MASKED_DIGITS + number[MASKED_DIGITS:]
