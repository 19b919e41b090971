"""How does an operator register systems? `python -m services.msign.consumers add | list | revoke`."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, NoReturn, TypeVar

import typer
from cryptography import x509
from pydantic import Field

from services.msign.consumers.registry import Consumers
from services.msign.requests import MIGRATIONS
from shared.errors import Malformed
from shared.persistence.migrate import migrate
from shared.persistence.pool import open_pool
from shared.settings import Settings, load_settings

Result = TypeVar("Result")

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Who may call MSign's API.")


class DatabaseSettings(Settings):
    """Where the provider's database is."""

    msign_database_url: str = Field(pattern="^postgres(ql)?://")


@app.command()
def add(
    name: Annotated[str, typer.Option(help="What the Sign Page calls the system.")],
    certificate: Annotated[Path, typer.Option(help="Its client certificate, PEM or DER.", exists=True, dir_okay=False)],
    return_origin: Annotated[list[str] | None, typer.Option(help="Where results may go, e.g. https://host.")] = None,
) -> None:
    """Register a system's client certificate."""
    loaded = read_certificate(certificate)
    run(lambda consumers: consumers.add(name, loaded, return_origin or ()))
    typer.echo(f"{name} is registered")


@app.command("list")
def show() -> None:
    """Show every registered certificate."""
    for one in run(lambda consumers: consumers.all()):
        state = f"revoked {one.revoked_at:%Y-%m-%d %H:%M}" if one.revoked_at else "active"
        typer.echo("\t".join((one.name, one.serial, state, " ".join(one.return_origins) or "any origin")))


@app.command()
def revoke(serial: Annotated[str, typer.Argument(help="The certificate's serial number in hexadecimal.")]) -> None:
    """Let a certificate in no more."""
    if not run(lambda consumers: consumers.revoke(serial)):
        fail(f"there is no active certificate with the serial number {serial}")
    typer.echo(f"{serial} is revoked")


def read_certificate(path: Path) -> x509.Certificate:
    """The certificate in a PEM or DER file; ends the command when there is none."""
    data = path.read_bytes()
    try:
        return x509.load_pem_x509_certificate(data) if b"-----BEGIN" in data else x509.load_der_x509_certificate(data)
    except ValueError:
        fail(f"{path} holds no certificate")


def run(work: Callable[[Consumers], Awaitable[Result]]) -> Result:
    """Do `work` on the registry of MSIGN_DATABASE_URL; ends the command with a sentence for malformed input."""
    url = load_settings(DatabaseSettings).msign_database_url

    async def connected() -> Result:
        await migrate(url, MIGRATIONS)
        async with open_pool(url, max_size=1) as pool:
            return await work(Consumers(pool))

    try:
        return asyncio.run(connected())
    except Malformed as error:
        fail(str(error))


def fail(sentence: str) -> NoReturn:
    """Say why and exit with code 1."""
    typer.echo(sentence, err=True)
    raise typer.Exit(1)


if __name__ == "__main__":
    app()
