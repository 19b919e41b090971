"""How does one process get a clock that is wrong? `wrong_clock.c` is preloaded, and told by a file that may change.

Only the clock of the day is wrong; the one that measures durations goes on, as on a machine whose time is set.
"""

import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

RIGHT = timedelta(0)
HOUR = timedelta(hours=1)
SOURCE = Path(__file__).with_name("wrong_clock.c")


def available() -> bool:
    """Whether clocks can be set here: on Linux, with a C compiler."""
    return sys.platform == "linux" and shutil.which("cc") is not None


class Clock:
    """A process' clock of the day; what it needs lies beside its `file`."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def step(self, by: timedelta) -> None:
        """Let it be wrong by that much from now on."""
        self._file.touch()
        with self._file.open("r+b") as told:  # in place: the process has this very file in its memory
            told.write(round(by.total_seconds()).to_bytes(8, sys.byteorder, signed=True))

    @property
    def environment(self) -> dict[str, str]:
        """What the process is started with."""
        if not self._file.exists():
            self.step(RIGHT)
        return {"LD_PRELOAD": str(_library(self._file.parent)), "WRONG_CLOCK_FILE": str(self._file)}


def _library(folder: Path) -> Path:
    """Return the compiled source, made once in each folder."""
    library = folder / "wrong_clock.so"
    if not library.exists():
        options = ["-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC"]
        subprocess.run(["cc", *options, "-o", str(library), str(SOURCE)], check=True)
    return library
