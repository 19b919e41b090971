"""Which content of a file is in force, when files are replaced under a running process?

Certificates, secrets and registries are rotated by replacing files. Whoever needs one asks for it at each use; a look
at the file's time, size and inode tells whether it has to be read again. No thread, no signal, no restart.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

import structlog

from shared.errors import Malformed

Value = TypeVar("Value")
Stamp = tuple[tuple[int, int, int] | None, ...]

log = structlog.get_logger(__name__)


class Watched(Generic[Value]):
    """What `read` makes of some files, which belong together; the first reading raises what `read` raises.

    Later on, files that are away, half-written or do not fit each other are refused: what was read before stays in
    force, the log says so once, and the next use tries again.
    """

    def __init__(self, paths: tuple[Path, ...], read: Callable[[], Value]) -> None:
        self._paths = paths
        self._read = read
        self._refused: Stamp | None = None
        self._stamp = self._look()
        self._value = read()

    def current(self) -> Value:
        """Return what the files say now, or said when they could last be used."""
        if (stamp := self._look()) != self._stamp:
            try:
                self._value = self._read()
            except (OSError, ValueError, Malformed) as error:
                self._tell_once(stamp, error)
            else:
                self._stamp = stamp
                log.info("changed_files_read", files=[str(path) for path in self._paths])
        return self._value

    def _look(self) -> Stamp:
        return tuple(_stamp_of(path) for path in self._paths)

    def _tell_once(self, stamp: Stamp, error: Exception) -> None:
        if stamp != self._refused:
            self._refused = stamp
            files = [str(path) for path in self._paths]
            log.warning("changed_files_refused", files=files, error=type(error).__name__)


def _stamp_of(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
