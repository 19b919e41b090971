"""How does a verdict read for people: who, when, what it covers, what is wrong and what that means?"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from shared.signatures.verdict import (
    Axis,
    Coverage,
    Integrity,
    Reason,
    Report,
    SignatureVerdict,
    TimestampStatus,
    Trust,
)

_INTEGRITY = {
    Integrity.PASSED: "[green]unbroken[/]: what was signed is what is there",
    Integrity.FAILED: "[red]broken[/]: do not rely on it",
}
_COVERAGE = {
    Coverage.WHOLE: "[green]everything[/] that is shown",
    Coverage.PARTIAL: "[yellow]only a part[/]: something else is shown too, and nobody signed it",
    Coverage.NONE: "[red]nothing[/] of what is shown or was given",
}
_TIMESTAMP = {
    TimestampStatus.PASSED: "[green]valid[/]",
    TimestampStatus.FAILED: "[red]not valid[/]: the time of signing is not proven",
    TimestampStatus.NONE: "[yellow]none[/]: the time of signing is only what the signer says",
}
_TRUST = {
    Trust.TRUSTED: "[green]trusted[/]",
    Trust.UNTRUSTED: "[red]not trusted[/]: the signer may be anybody",
    Trust.REVOKED: "[red]revoked[/]: the certificate had been withdrawn",
    Trust.EXPIRED: "[red]expired[/]: the certificate was no longer valid",
    Trust.UNKNOWN: "[yellow]not known[/]: whether to rely on the signer is for you to judge",
}


def show(file: Path, report: Report, console: Console | None = None) -> None:
    """Print the verdict on one file."""
    out = console or Console()
    verdict = "[bold green]VALID[/]" if report.valid else "[bold red]NOT VALID[/]"
    count = len(report.signatures)
    out.print(f"{verdict}  {escape(str(file))}  ({count} signature{'' if count == 1 else 's'})", soft_wrap=True)
    for number, signature in enumerate(report.signatures, 1):
        out.print(_table(number, signature))
    for problem in report.problems:
        out.print(f"  [red]•[/] {escape(problem.sentence)} ({escape(problem.code)})", soft_wrap=True)


def show_problem(file: Path, problem: str, console: Console | None = None) -> None:
    """Print why there is no verdict on a file."""
    out = console or Console()
    out.print(f"[bold yellow]NO VERDICT[/]  {escape(str(file))}: {escape(problem)}", soft_wrap=True)


def _table(number: int, signature: SignatureVerdict) -> Table:
    table = Table(show_header=False, box=None, padding=(0, 2))
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    table.add_row(f"{number}. signer", escape(signature.subject or "unknown"))
    table.add_row("   signed", _when(signature.signed_at, signature.claimed_at))
    rows = (
        ("integrity", _INTEGRITY[signature.integrity], Axis.INTEGRITY),
        ("covers", _COVERAGE[signature.coverage], Axis.COVERAGE),
        ("timestamp", _TIMESTAMP[signature.timestamp], Axis.TIMESTAMP),
        ("trust", _TRUST[signature.trust], Axis.TRUST),
    )
    for label, told, axis in rows:
        table.add_row(f"   {label}", told)
        _add_reasons(table, signature.because(axis))
    _add_reasons(table, signature.because(Axis.POLICY))
    return table


def _add_reasons(table: Table, reasons: Iterable[Reason]) -> None:
    for reason in reasons:
        label = "     [yellow]note[/]" if reason.caveat else "     [red]because[/]"
        table.add_row(label, f"{escape(reason.sentence)} ({escape(reason.code)})")


def _when(proven: datetime | None, claimed: datetime | None) -> str:
    if proven is not None:
        return f"{proven:%Y-%m-%d %H:%M:%S} UTC, proven by the timestamp"
    if claimed is not None:
        return f"{claimed.isoformat(sep=' ')}, as the signer says"
    return "at an unknown time"
