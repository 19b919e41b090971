"""How is a child process started so that it never outlives us?

Each child is the leader of a session of its own and asks the kernel for a signal when we die, even by SIGKILL
(prctl(2), PR_SET_PDEATHSIG). It is ended as a process group: politely first, then for good.
"""

import asyncio
import ctypes
import os
import pwd
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from msign_gateway.infrastructure.errors import InfrastructureError

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


@dataclass(frozen=True, slots=True)
class Account:
    """The operating system user that a child runs as."""

    uid: int
    gid: int
    name: str

    @classmethod
    def for_server(cls, name: str) -> "Account | None":
        """Return the account `name` when we are root (servers refuse to run as root), else None: our own."""
        if os.geteuid() != 0:
            return None
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            raise InfrastructureError(
                f"there is no user {name} on this system, and servers do not run as root"
            ) from None
        return cls(entry.pw_uid, entry.pw_gid, name)


class Child:
    """One running child process."""

    def __init__(self, name: str, process: "subprocess.Popen[bytes]", log: Path, stop_signal: signal.Signals) -> None:
        self.name = name
        self.pid = process.pid
        self.log = log
        self._process = process
        self._stop_signal = stop_signal

    @property
    def exit_code(self) -> int | None:
        """The exit code, or None while it runs."""
        return self._process.poll()

    def last_lines(self, count: int = 15) -> str:
        """Return the end of the child's log."""
        if not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-count:])

    def must_run(self) -> None:
        """Raise `InfrastructureError` with the end of the log if the child has ended."""
        if self.exit_code is not None:
            raise InfrastructureError(f"{self.name} ended with exit code {self.exit_code}:\n{self.last_lines()}")

    def ask_to_stop(self) -> None:
        """Send the polite signal to the leader of the group."""
        if self.exit_code is None:
            self._process.send_signal(self._stop_signal)

    def finish(self, within_s: float) -> None:
        """Wait at most `within_s` seconds for the end, then kill whatever is left of the process group."""
        try:
            self._process.wait(within_s)
        except subprocess.TimeoutExpired:
            pass
        finally:
            kill_group(self.pid)
            self._process.wait()


def kill_group(pgid: int) -> None:
    """Kill a process group, if there still is one."""
    try:
        os.killpg(pgid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return  # PermissionError: on some systems, what a group of zombies answers


def start(
    name: str,
    command: Sequence[str],
    *,
    log: Path,
    environment: Mapping[str, str],
    directory: Path | None = None,
    account: Account | None = None,
    stop_signal: signal.Signals = signal.SIGTERM,
) -> Child:
    """Start `command`; what it prints goes to the file `log`. Raises `InfrastructureError` if it cannot be run.

    Call it from the main thread: the kernel's death signal comes when the *thread* that started the child ends.
    """
    parent = os.getpid()

    def die_with_parent() -> None:
        if _LIBC is not None:
            _LIBC.prctl(_PR_SET_PDEATHSIG, int(stop_signal), 0, 0, 0)
            if os.getppid() != parent:
                os.kill(os.getpid(), signal.SIGKILL)

    with log.open("ab") as output:
        try:
            process = subprocess.Popen(  # noqa: S603 - commands are ours
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=dict(environment),
                cwd=directory,
                start_new_session=True,
                # After setuid: a change of credentials clears the death signal. Nothing in there takes locks.
                preexec_fn=die_with_parent,  # noqa: PLW1509
                user=account.uid if account else None,
                group=account.gid if account else None,
                extra_groups=[] if account else None,
            )
        except OSError as error:
            raise InfrastructureError(f"{name} cannot be started: {error}") from error
    return Child(name, process, log, stop_signal)


def end(children: Sequence[Child], within_s: float = 10) -> None:
    """End the children, all asked at the same time; returns when none is left."""
    for child in children:
        child.ask_to_stop()
    deadline = time.monotonic() + within_s
    for child in children:
        child.finish(max(0.0, deadline - time.monotonic()))


async def run(
    name: str,
    command: Sequence[str],
    *,
    account: Account | None = None,
    environment: Mapping[str, str] | None = None,
    interruptible: bool = True,
) -> str:
    """Run a short command to its end and return what it printed; raises `InfrastructureError` with it on failure.

    When we are cancelled meanwhile it is told to end, or, if it is not `interruptible`, waited for.
    """
    with tempfile.TemporaryFile() as output:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=None if environment is None else dict(environment),
            cwd="/",
            start_new_session=True,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )
        try:
            await process.wait()
        finally:
            if process.returncode is None:
                if interruptible:
                    process.terminate()
                await process.wait()
        output.seek(0)
        text = output.read().decode(errors="replace").strip()
    if process.returncode:
        raise InfrastructureError(f"{name} failed with exit code {process.returncode}:\n{text[-2000:]}")
    return text
