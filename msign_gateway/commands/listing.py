"""How is a list printed, so that each entry stays on a line of its own that can be searched?"""

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

WIDEST = 10_000
"""How many characters a line may have at most."""


def show_lines(console: Console, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table whose cells are never broken: a line that is too long for a terminal goes on in the next one.

    Where nobody watches, in a pipe or a file, a console takes itself to be 80 characters wide. Cells may have markup.
    """
    table = Table(*headings, box=None, pad_edge=False)
    for column in table.columns:
        column.no_wrap = True
    for row in rows:
        table.add_row(*row)
    needed = Measurement.get(console, console.options.update(max_width=WIDEST), table).maximum
    console.width = max(console.width, needed)
    console.print(table)
