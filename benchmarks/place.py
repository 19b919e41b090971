"""Where does a run keep its files, and to whom does it tell how far it is?"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Place:
    """A folder for logs and materials, and what takes a line of progress."""

    folder: Path
    report: Callable[[str], None]
