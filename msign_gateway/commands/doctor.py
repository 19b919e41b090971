"""Is everything there that the gateway needs? `msign-gateway doctor`, with the settings of the services."""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from msign_gateway.commands.extra import need_services

if TYPE_CHECKING:
    from collections.abc import Sequence

    from msign_gateway.doctor.examination import Examined

AREAS = ("broker", "management", "database", "msign", "web", "files")
_SIGNS = {
    "ok": "[green]ok[/]",
    "warning": "[yellow]warning[/]",
    "failed": "[bold red]failed[/]",
    "skipped": "[dim]-[/]",
}


def _known(areas: list[str] | None) -> list[str]:
    for area in areas or []:
        if area not in AREAS:
            raise typer.BadParameter(f"{area} is none of {', '.join(AREAS)}")
    return areas or []


def doctor(
    only: Annotated[
        list[str] | None,
        typer.Option(help=f"Look at this area only ({', '.join(AREAS)}); may be given again.", callback=_known),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Count warnings as failures.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Look at every connection, certificate, permission and setting, and say what to do about what is not well.

    It reads the environment that the services read (and the files of `_FILE` variants), and changes nothing.
    With AMQP_MANAGEMENT_URL it also compares the broker's permissions, bindings and policies.
    What it prints holds no secret.

    Exit codes: 0 nothing failed; 1 something failed (with --strict: or is a warning); 2 wrong use.

    \b
    Examples:
      msign-gateway doctor
      msign-gateway doctor --only database --only msign
      msign-gateway doctor --json
    """
    need_services("doctor")
    from msign_gateway.doctor.examination import Area, examine  # noqa: PLC0415 - slow to import

    areas = [Area(name) for name in dict.fromkeys(only or AREAS)]
    logging.getLogger().addHandler(
        logging.NullHandler()
    )  # what libraries log of broken connections is told as findings
    found = asyncio.run(examine(areas))
    if as_json:
        typer.echo(json.dumps(_as_data(found), ensure_ascii=False))
    else:
        _show(Console(), found)
    bad = {"failed", "warning"} if strict else {"failed"}
    raise typer.Exit(1 if any(area.outcome in bad for area in found) else 0)


def _as_data(found: Sequence[Examined]) -> dict[str, object]:
    return {
        "counts": _counts(found),
        "findings": [{"area": area.area, **asdict(finding)} for area in found for finding in area.findings],
    }


def _counts(found: Sequence[Examined]) -> dict[str, int]:
    outcomes = [str(finding.outcome) for area in found for finding in area.findings]
    return {outcome: outcomes.count(outcome) for outcome in _SIGNS}


def _show(console: Console, found: Sequence[Examined]) -> None:
    for area in found:
        console.print(f"[bold]{area.area}[/]")
        table = Table(box=None, pad_edge=False, show_header=False)
        table.add_column(no_wrap=True, width=8)
        table.add_column(no_wrap=True)
        table.add_column(overflow="fold")
        for finding in area.findings:
            advice = f"\n[dim]→[/] {escape(finding.advice)}" if finding.advice else ""
            table.add_row(_SIGNS[finding.outcome], escape(finding.check), escape(finding.detail) + advice)
        console.print(table)
        console.print()
    console.print(", ".join(f"{count} {outcome}" for outcome, count in _counts(found).items() if count))
