"""How does the registry of systems change? (`shared.systems` reads it.)

Written in one go, so that a service never reads half of it, and one change at a time. A token is made up here and
handed out once; the file keeps its SHA-256.
"""

import fcntl
import json
import os
import secrets
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from pydantic import ValidationError

from msign_gateway.infrastructure.definitions import check_systems
from shared.errors import Malformed
from shared.systems import FormerToken, Limits, Registry, System, token_digest

TOKEN_BYTES = 32


def add(path: Path, name: str, origins: Sequence[str], limits: Limits) -> str:
    """Register a system, in a new file where there is none; returns its token.

    Raises `Malformed` for a name that is taken, or that the broker's permissions could not keep apart from another,
    for origins that are none, and for a file that cannot be used.
    """
    token = secrets.token_urlsafe(TOKEN_BYTES)
    with _changing(path):
        known = Registry.read(path).systems if path.exists() else ()
        if any(system.name == name for system in known):
            raise Malformed(f"system {name!r} is registered already")
        check_systems([name, *(system.name for system in known)])
        _write(path, (*known, _system(name, origins, limits, token)))
    return token


def rotate_token(path: Path, name: str, *, old_until: datetime | None) -> str:
    """Give a system a new token, which is returned. Raises `Malformed`.

    The old one is good until `old_until`; with None, it is worth nothing from now on.
    """
    token = secrets.token_urlsafe(TOKEN_BYTES)

    def renewed(system: System) -> System:
        former = None if old_until is None else FormerToken(sha256=system.token_sha256, until=old_until)
        return system.model_copy(update={"token_sha256": token_digest(token), "former_token": former})

    _change(path, name, renewed)
    return token


def drop_old_token(path: Path, name: str) -> None:
    """Refuse the token that was replaced from now on; the present one stays. Raises `Malformed`."""
    _change(path, name, lambda system: system.model_copy(update={"former_token": None}))


def _change(path: Path, name: str, change: Callable[[System], System]) -> None:
    with _changing(path):
        known = Registry.read(path).systems
        if all(system.name != name for system in known):
            raise Malformed(f"system {name!r} is not registered in {path}")
        _write(path, [change(system) if system.name == name else system for system in known])


def _system(name: str, origins: Sequence[str], limits: Limits, token: str) -> System:
    try:
        return System(name=name, return_origins=tuple(origins), token_sha256=token_digest(token), limits=limits)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        given = origins[int(first["loc"][1])] if first["loc"][0] == "return_origins" else name
        raise Malformed(f"{given!r}: {first['msg'].removeprefix('Value error, ')}") from None


@contextmanager
def _changing(path: Path) -> Iterator[None]:
    """Keep other changes out: a lock on the directory, since the file itself is replaced."""
    try:
        handle = os.open(path.resolve().parent, os.O_RDONLY)
    except OSError as error:
        raise Malformed(f"{path.parent}: {error.strerror}", field="SYSTEMS_FILE") from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    except OSError as error:
        raise Malformed(f"{path}: {error.strerror}", field="SYSTEMS_FILE") from None
    finally:
        os.close(handle)


def _write(path: Path, systems: Sequence[System]) -> None:
    """Replace the file (where `path` is a link, what it leads to), keeping its owner and who may read it."""
    target = path.resolve()
    text = json.dumps(
        {"systems": [system.model_dump(mode="json", exclude_defaults=True) for system in systems]}, indent=2
    )
    handle, fresh = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(f"{text}\n")
            if target.exists():
                before = target.stat()
                os.chown(fresh, before.st_uid, before.st_gid)
                Path(fresh).chmod(before.st_mode & 0o777)
            file.flush()
            os.fsync(file.fileno())
        Path(fresh).replace(target)
    finally:
        Path(fresh).unlink(missing_ok=True)
