"""What is done to a PostgreSQL server as its administrator?"""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from msign_gateway.infrastructure.errors import InfrastructureError


@dataclass(frozen=True, slots=True)
class OwnedDatabase:
    """A database by the URL of the role that owns it, and by the administrator's."""

    url: str
    administrator_url: str


class Database:
    """A PostgreSQL server; `url` is the administrator's, with a database that always exists.

    A private server can be killed and started again (`restart`), others cannot.
    """

    def __init__(self, url: str) -> None:
        self.revive: Callable[[], Awaitable[None]] | None = None
        self.url = url

    @property
    def can_restart(self) -> bool:
        """Whether the server is ours to restart."""
        return self.revive is not None

    async def restart(self) -> None:
        """Kill the server and let it recover. Raises `InfrastructureError` if it is not ours."""
        if self.revive is None:
            raise InfrastructureError("this database server is not ours to restart")
        await self.revive()

    def url_of(self, name: str) -> str:
        """Return the administrator's URL of another database."""
        return urlunsplit(urlsplit(self.url)._replace(path=f"/{name}"))

    async def check(self) -> None:
        """Connect once; raises what asyncpg raises."""
        connection = await asyncpg.connect(self.url, timeout=5)
        await connection.close()

    async def until_given(self) -> None:
        """Raise `InfrastructureError`, without the password, if the given server does not answer."""
        try:
            await self.check()
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as error:
            host = urlsplit(self.url).hostname
            raise InfrastructureError(f"DATABASE_URL: the server at {host} does not answer: {error}") from error

    async def create(self, name: str, *, template: str | None = None) -> str:
        """Create a database, as a copy of `template` if given (nobody may be connected to it); returns its URL."""
        suffix = f" TEMPLATE {_quoted(template)} STRATEGY FILE_COPY" if template else ""
        await self._execute(f"CREATE DATABASE {_quoted(name)}{suffix}")
        return self.url_of(name)

    async def drop(self, name: str) -> None:
        """Drop a database, whoever is connected to it."""
        await self._execute(f"DROP DATABASE IF EXISTS {_quoted(name)} WITH (FORCE)")

    @asynccontextmanager
    async def temporary(self, label: str, *, template: str | None = None) -> AsyncIterator[str]:
        """Yield the URL of a new database that is dropped at the end; its name begins with `label`."""
        name = f"{label}_{secrets.token_hex(6)}"
        url = await self.create(name, template=template)
        try:
            yield url
        finally:
            await self.drop(name)

    @asynccontextmanager
    async def owned(self, label: str) -> AsyncIterator[OwnedDatabase]:
        """Yield a new database that belongs to a new role of its own; both are dropped at the end."""
        role, password = f"{label}_{secrets.token_hex(6)}", secrets.token_urlsafe(24)
        await self._execute(f"CREATE ROLE {_quoted(role)} LOGIN PASSWORD '{password}'")
        try:
            await self._execute(f"CREATE DATABASE {_quoted(role)} OWNER {_quoted(role)}")
            try:
                yield OwnedDatabase(url=self._url_as(role, password), administrator_url=self.url_of(role))
            finally:
                await self.drop(role)
        finally:
            await self._execute(f"DROP ROLE {_quoted(role)}")

    def _url_as(self, role: str, password: str) -> str:
        parts = urlsplit(self.url_of(role))
        host = parts.netloc.rpartition("@")[2]
        return urlunsplit(parts._replace(netloc=f"{role}:{password}@{host}"))

    async def _execute(self, statement: str) -> None:
        connection = await asyncpg.connect(self.url)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
