"""What does `msign-gateway` offer on the command line?"""

from importlib.metadata import version as version_of
from typing import Annotated

import typer

from msign_gateway.commands import dead, jobs, systems
from msign_gateway.commands.demo import demo
from msign_gateway.commands.doctor import doctor
from msign_gateway.commands.job import job
from msign_gateway.commands.migrate import migrate
from msign_gateway.commands.schemas import schemas
from msign_gateway.commands.serve import serve
from msign_gateway.commands.sign import sign
from msign_gateway.commands.verify import verify

app = typer.Typer(no_args_is_help=True, pretty_exceptions_show_locals=False)
for command in (demo, serve, migrate, doctor, sign, job, verify, schemas):
    app.command()(command)
app.add_typer(jobs.app, name="jobs")
app.add_typer(dead.app, name="dead")
app.add_typer(systems.app, name="systems")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"msign-gateway {version_of('msign-gateway')}")
        raise typer.Exit


@app.callback()
def msign_gateway(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Signing and verification through MSign, driven by events."""


def main() -> None:
    """Run the command line."""
    app()
