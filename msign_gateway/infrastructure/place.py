"""Where do private servers keep their files, and what becomes of those after a crash?

A fresh directory under the system's temporary directory (the servers' users cannot enter root's home), removed at
the end. A lock on a file in it shows that its owner lives; what a killed run left behind is removed by the next.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from msign_gateway.infrastructure.processes import Account

_PREFIX = "msign-gateway-"
_LOCK = "lock"


@contextmanager
def private_place() -> Iterator[Path]:
    """Yield a new directory that others may pass through but not list; it is gone afterwards."""
    _sweep()
    place = Path(tempfile.mkdtemp(prefix=_PREFIX))
    place.chmod(0o711)
    lock = _locked(place)
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)
        os.close(lock)


def subdirectory(parent: Path, name: str, account: Account | None) -> Path:
    """Make a directory that only `account` (None: we) may enter."""
    path = parent / name
    path.mkdir(mode=0o700)
    if account:
        os.chown(path, account.uid, account.gid)
    return path


def write_for(account: Account | None, path: Path, text: str) -> Path:
    """Write a file that only `account` (None: we) may read."""
    handle = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    if account:
        os.chown(path, account.uid, account.gid)
    return path


def _locked(place: Path) -> int:
    """Put a lock that is held into the place: whoever sweeps finds none, or one that says that its owner lives."""
    fresh = place / "lock.new"
    lock = os.open(fresh, os.O_CREAT | os.O_RDWR, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    fresh.rename(place / _LOCK)
    return lock


def _sweep() -> None:
    for old in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError):
            if old.stat().st_uid != os.geteuid() or old.is_symlink():
                continue
            handle = os.open(old / _LOCK, os.O_RDWR)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(old, ignore_errors=True)
            finally:
                os.close(handle)
