"""How does a person see what happens? A line per step, that reads as well in a terminal as in a log."""

import shlex
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import PurePath

from rich.console import Console
from rich.markup import escape
from rich.table import Table


def command_line(*arguments: str, called: str | None = None) -> str:
    """Return a command of ours for a person to type, by the name by which this program was `called`."""
    program = sys.argv[0] if called is None else called
    return shlex.join([program if PurePath(program).name == "msign-gateway" else "msign-gateway", *arguments])


class Notes:
    """What is worth telling about one step."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def __call__(self, line: str) -> None:
        """Add a line under the step."""
        self.lines.append(line)


class Show:
    """Prints the progress; in a terminal, a running step also shows a spinner."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False)
        self._deaf = False

    def print(self, *texts: object, style: str | None = None) -> None:
        """Print, as long as somebody is there: a closed terminal or pipe must not stop the cleaning up.

        Text is left to the terminal to wrap, so that addresses stay whole; tables keep to its width.
        """
        if self._deaf:
            return
        try:
            self.console.print(*texts, style=style, soft_wrap=not any(isinstance(text, Table) for text in texts))
        except (OSError, SystemExit):  # SystemExit: rich's answer to a broken pipe
            self._deaf = True

    def title(self, text: str) -> None:
        """Begin a part."""
        self.print()
        self.print(f"[bold]{escape(text)}[/bold]")

    def line(self, text: str) -> None:
        """Say something that is no step."""
        self.print(f"  {escape(text)}")

    def failure(self, text: str) -> None:
        """Say what went wrong."""
        self.print(f"[red bold]✗[/] {escape(text)}")

    @asynccontextmanager
    async def step(self, text: str) -> AsyncIterator[Notes]:
        """Show one step from its start to its end, with how long it took (seconds) and its notes."""
        started, notes = time.monotonic(), Notes()
        status = self.console.status(escape(text)) if self.console.is_terminal else None
        if status:
            status.start()
        try:
            yield notes
        except BaseException:
            self._end(status, "[red]✗[/]", text, started, notes)
            raise
        self._end(status, "[green]✓[/]", text, started, notes)

    def _end(self, status: object, mark: str, text: str, started: float, notes: Notes) -> None:
        if status is not None and hasattr(status, "stop"):
            status.stop()
        took = f"[dim]{time.monotonic() - started:.1f} s[/dim]"
        self.print(f"  {mark} {escape(text)}  {took}")
        for line in notes.lines:
            self.print(f"      {escape(line)}", style="dim")
