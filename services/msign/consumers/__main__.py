"""How does an operator register systems? `python -m services.msign.consumers add | list | revoke`."""

from pathlib import Path
from typing import Annotated

import typer
from cryptography import x509

from services.msign.console import fail, run, show_table
from services.msign.consumers.registry import Consumers, Registration

HEADINGS = ("SYSTEM", "SERIAL NUMBER", "STATE", "RETURN ORIGINS", "ISSUER")

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Who may call MSign's API.")


@app.command()
def add(
    name: Annotated[str, typer.Option(help="What the Sign Page calls the system.")],
    certificate: Annotated[Path, typer.Option(help="Its client certificate, PEM or DER.", exists=True, dir_okay=False)],
    return_origin: Annotated[list[str] | None, typer.Option(help="Where results may go, e.g. https://host.")] = None,
) -> None:
    """Register a system's client certificate."""
    loaded = read_certificate(certificate)
    run(lambda pool: Consumers(pool).add(name, loaded, return_origin or ()))
    typer.echo(f"{name} is registered")


@app.command("list")
def show() -> None:
    """Show every registered certificate."""
    show_table(HEADINGS, [row_of(one) for one in run(lambda pool: Consumers(pool).all())])


@app.command()
def revoke(
    serial: Annotated[str, typer.Argument(help="The certificate's serial number in hexadecimal.")],
    issuer: Annotated[
        str | None, typer.Option(help="Its issuer as `list` shows it, where several have that number.")
    ] = None,
) -> None:
    """Let a certificate in no more."""
    revoked = run(lambda pool: Consumers(pool).revoke(serial, issuer))
    typer.echo(f"{revoked.serial} of {revoked.name} is revoked")


def row_of(one: Registration) -> tuple[str, ...]:
    """Return a line of the list."""
    state = f"revoked {one.revoked_at:%Y-%m-%d %H:%M}" if one.revoked_at else "active"
    return one.name, one.serial, state, " ".join(one.return_origins) or "any", one.issuer


def read_certificate(path: Path) -> x509.Certificate:
    """The certificate in a PEM or DER file; ends the command when there is none."""
    data = path.read_bytes()
    try:
        return x509.load_pem_x509_certificate(data) if b"-----BEGIN" in data else x509.load_der_x509_certificate(data)
    except ValueError:
        fail(f"{path} holds no certificate")


if __name__ == "__main__":
    app()
