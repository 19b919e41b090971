"""What is a person told who has files signed: the link, a code for the phone, that it is being waited, the outcome?"""

import io
import json
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import segno
import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

QUIET_MODULES = 2
"""The code's bright margin: enough for phones beside a dark screen, where the standard asks for 4."""


@dataclass(frozen=True, slots=True)
class Teller:
    """Says what happens: to people, or as one JSON object a line."""

    as_json: bool
    with_code: bool = False

    def say(self, kind: str, sentence: str, **facts: Any) -> None:
        """Tell something that happened."""
        typer.echo(json.dumps({"event": kind} | facts, ensure_ascii=False) if self.as_json else sentence)

    def show_code(self, link: str) -> None:
        """Show a link as a code for a phone, if that is wanted and a terminal is there that is wide enough."""
        console = Console()
        if self.as_json or not self.with_code or not console.is_terminal:
            return
        code = drawn(link)
        if code.cell_len and max(len(line) for line in code.plain.splitlines()) <= console.width:
            console.print(code, soft_wrap=True)
        else:
            self.complain("this terminal is too narrow for the QR code")

    def complain(self, sentence: str) -> None:
        """Tell what is wrong."""
        if self.as_json:
            typer.echo(json.dumps({"event": "error", "error": sentence}, ensure_ascii=False))
        else:
            typer.echo(f"sign: {sentence}", err=True)

    def waiting(self, for_what: str) -> AbstractContextManager[object]:
        """Show a person what it is being waited for, and for how long already."""
        console = Console(stderr=True)
        if self.as_json or not console.is_terminal:
            return nullcontext()
        progress = Progress(
            SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=console, transient=True
        )
        progress.add_task(for_what, total=None)
        return progress


def drawn(link: str) -> Text:
    """Return a link as a QR code of half blocks, dark on bright whatever the terminal's colours are."""
    lines = io.StringIO()
    segno.make_qr(link, error="l").terminal(lines, border=QUIET_MODULES, compact=True)
    return Text(lines.getvalue().rstrip("\n"), style="bright_white on black", no_wrap=True)
