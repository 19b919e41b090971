"""What does `msign-gateway` offer on the command line?"""

import typer

from msign_gateway.commands import dead, jobs, systems
from msign_gateway.commands.demo import demo
from msign_gateway.commands.migrate import migrate
from msign_gateway.commands.schemas import schemas
from msign_gateway.commands.serve import serve
from msign_gateway.commands.sign import sign
from msign_gateway.commands.verify import verify

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    help="Signing and verification through MSign, driven by events.",
)
for command in (demo, serve, migrate, sign, verify, schemas):
    app.command()(command)
app.add_typer(jobs.app, name="jobs")
app.add_typer(dead.app, name="dead")
app.add_typer(systems.app, name="systems")


def main() -> None:
    """Run the command line."""
    app()
