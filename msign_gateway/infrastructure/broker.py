"""What is done to a RabbitMQ broker as its administrator?

Everything goes through the management HTTP API, wherever the broker comes from.
"""

import asyncio
import base64
import secrets
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import aiohttp
from yarl import URL

from msign_gateway.infrastructure.errors import InfrastructureError

NOT_FOUND = 404
_TIMEOUT = aiohttp.ClientTimeout(total=30)
_ALARMS = {
    "memory": ("set_vm_memory_high_watermark", "0", "0.4"),
    "disk": ("set_disk_free_limit", "1000000GB", "100MB"),
}
"""By what is short: rabbitmqctl's command, the limit that raises the alarm, and RabbitMQ's own or ours."""


class Refused(InfrastructureError):
    """The management API answered with an error; `status` is HTTP's."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Broker:
    """A RabbitMQ broker; `url` is the administrator's, `management_url` the management API's without credentials.

    `administrator` is the user of `url`; `metrics` is where the plugin rabbitmq_prometheus answers (host:port), if
    that is known. A private node can be killed and started again (`restart`), and short of
    memory or disk (`alarm`), others cannot.
    """

    def __init__(self, url: str, management_url: str, *, metrics: str | None = None) -> None:
        self.revive: Callable[[], Awaitable[None]] | None = None
        self.control: Callable[..., Awaitable[str]] | None = None
        self.tls: ssl.SSLContext | None = None
        """Who is believed for the management API; None: the system's CAs."""
        self.url = url
        self.management_url = management_url.rstrip("/")
        self.metrics = metrics
        parts = urlsplit(url)
        self.administrator = unquote(parts.username or "guest")
        self._password = unquote(parts.password or "guest")

    @classmethod
    def given(cls, url: str, management_url: str | None, metrics: str | None = None) -> "Broker":
        """Return the broker that `AMQP_URL` names; its management API is at `AMQP_MANAGEMENT_URL`, else port 15672."""
        return cls(url, management_url or f"http://{urlsplit(url).hostname}:15672", metrics=metrics)

    @property
    def can_restart(self) -> bool:
        """Whether the node is ours to restart."""
        return self.revive is not None

    async def restart(self) -> None:
        """Kill the node and start it again with what it has on disk; raises `InfrastructureError` if it is not ours."""
        if self.revive is None:
            raise InfrastructureError("this broker is not ours to restart")
        await self.revive()

    @asynccontextmanager
    async def alarm(self, what: str) -> AsyncIterator[None]:
        """Have the node raise its alarm for "memory" or "disk" until the block ends: it blocks whoever publishes."""
        if self.control is None:
            raise InfrastructureError("this broker is not ours to alarm")
        command, nothing, normal = _ALARMS[what]
        await self.control(command, nothing)
        try:
            yield
        finally:
            await self.control(command, normal)

    def url_of(self, vhost: str, user: str | None = None, password: str = "") -> str:
        """Return the AMQP URL of `vhost`, for `user` (None: the administrator)."""
        parts = urlsplit(self.url)
        host = parts.netloc.rpartition("@")[2]
        login, secret = (self.administrator, self._password) if user is None else (user, password)
        netloc = f"{quote(login, safe='')}:{quote(secret, safe='')}@{host}"
        return urlunsplit(parts._replace(netloc=netloc, path=f"/{quote(vhost, safe='')}"))

    async def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Call the management API; `path` is below /api/. Returns the JSON answer, or None when there is none.

        Raises `InfrastructureError` with the broker's own reason.
        """
        url = f"{self.management_url}/api/{path}"
        credentials = base64.b64encode(f"{self.administrator}:{self._password}".encode()).decode()
        headers = {"Authorization": f"Basic {credentials}"}
        try:
            async with (
                aiohttp.ClientSession(headers=headers, timeout=_TIMEOUT) as session,
                session.request(method, _exact(url), json=body, ssl=self.tls or True) as response,
            ):
                if response.status >= 400:
                    reason = (await response.text())[:500]
                    raise Refused(response.status, f"RabbitMQ refused {method} /api/{path}: {response.status} {reason}")
                return await response.json() if response.content_type == "application/json" else None
        except (aiohttp.ClientError, TimeoutError) as error:
            raise InfrastructureError(f"RabbitMQ's management API at {self.management_url}: {error!r}") from error

    async def until_ready(self, within_s: float, alive: Callable[[], None] | None = None) -> None:
        """Wait until the broker serves connections; `alive` raises when there is nothing left to wait for."""
        try:
            async with asyncio.timeout(within_s):
                while not await self._ready():
                    if alive:
                        alive()
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise InfrastructureError(f"RabbitMQ was not ready within {within_s:.0f} s") from None

    async def _ready(self) -> bool:
        try:
            overview = await self.call("GET", "overview")
            parts = urlsplit(self.url)
            _, writer = await asyncio.open_connection(parts.hostname, parts.port or 5672)
        except (InfrastructureError, OSError):
            return False
        writer.close()
        return bool(overview.get("node"))

    async def import_definitions(self, definitions: Mapping[str, Any]) -> None:
        """Import definitions: what is there already is changed, nothing is removed."""
        await self.call("POST", "definitions", definitions)

    async def create_vhost(self, name: str) -> None:
        """Create a virtual host that the administrator may use."""
        await self.call("PUT", f"vhosts/{_segment(name)}", {})
        everything = {"configure": ".*", "write": ".*", "read": ".*"}
        await self.call("PUT", f"permissions/{_segment(name)}/{_segment(self.administrator)}", everything)

    async def delete_vhost(self, name: str) -> None:
        """Delete a virtual host with everything in it, if it is there."""
        await self._delete(f"vhosts/{_segment(name)}")

    async def users(self) -> frozenset[str]:
        """Return the names of the broker's users, of whatever virtual hosts."""
        return frozenset(user["name"] for user in await self.call("GET", "users"))

    async def delete_user(self, name: str) -> None:
        """Delete a user, if it is there."""
        await self._delete(f"users/{_segment(name)}")

    async def _delete(self, path: str) -> None:
        try:
            await self.call("DELETE", path)
        except Refused as error:
            if error.status != NOT_FOUND:
                raise

    @asynccontextmanager
    async def temporary_vhost(self, label: str) -> AsyncIterator[str]:
        """Yield the name of a new virtual host that is deleted at the end."""
        name = f"{label}-{secrets.token_hex(6)}"
        await self.create_vhost(name)
        try:
            yield name
        finally:
            await self.delete_vhost(name)


def _segment(text: str) -> str:
    return quote(text, safe="")


def _exact(url: str) -> URL:
    # A virtual host's name may hold an encoded slash, which yarl would decode if it were allowed to.
    return URL(url, encoded=True)
