"""A PostgreSQL primary with a synchronous standby that can be promoted: two private servers."""

import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from msign_gateway.infrastructure import place, ports, processes
from msign_gateway.infrastructure.database import Database
from msign_gateway.infrastructure.postgres import find_programs, native_postgres
from tests.gateway import eventually


@dataclass(frozen=True, slots=True)
class Pair:
    """The two servers; whatever the primary confirmed is on the standby's disk, too."""

    primary: Database
    standby: Database
    stop_primary: list[str]
    account: processes.Account | None

    async def fail_over(self) -> None:
        """The primary is gone without a word, and the standby becomes what it was."""
        await processes.run("pg_ctl", self.stop_primary, account=self.account)
        await ask(self.standby.url, "SELECT pg_promote()")
        self.primary.url = self.standby.url  # where what belongs to it is cleaned up


@asynccontextmanager
async def running_pair(directory: Path) -> AsyncIterator[Pair]:
    """Start both, the standby from a base backup; ends when the standby is in step."""
    programs, account = find_programs(), processes.Account.for_server("postgres")
    assert programs is not None
    async with native_postgres(directory, durable=True) as primary:
        home = place.subdirectory(directory, "standby", account)
        copy = ["-D", str(home / "data"), "-d", primary.url, "-R", "-X", "stream", "--checkpoint=fast", "--no-sync"]
        await processes.run("pg_basebackup", [str(programs / "pg_basebackup"), *copy], account=account)
        (port,) = ports.free_ports(1)
        options = {"listen_addresses": "127.0.0.1", "port": port, "unix_socket_directories": "", "max_connections": 200}
        settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        server = processes.start(
            "standby", [str(programs / "postgres"), "-D", str(home / "data"), *settings],
            log=directory / "standby.log", environment={"LC_ALL": "C.UTF-8"}, directory=home, account=account,
            stop_signal=signal.SIGINT,
        )  # fmt: skip
        try:
            await ask(primary.url, "ALTER SYSTEM SET synchronous_standby_names = '*'")
            await ask(primary.url, "SELECT pg_reload_conf()")
            in_step = "SELECT coalesce(bool_and(sync_state = 'sync'), false) FROM pg_stat_replication"
            await eventually(lambda: ask(primary.url, in_step))
            stop = [str(programs / "pg_ctl"), "-D", str(directory / "postgres" / "data"), "stop", "-m", "immediate"]
            yield Pair(primary, Database(_at(primary.url, port)), stop, account)
        finally:
            processes.end([server])


async def ask(url: str, question: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(question)
    finally:
        await connection.close()


def _at(url: str, port: int) -> str:
    parts = urlsplit(url)
    login = parts.netloc.rpartition("@")[0]
    return urlunsplit(parts._replace(netloc=f"{login}@127.0.0.1:{port}"))
