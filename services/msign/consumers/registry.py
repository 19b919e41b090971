"""Which system does a client certificate belong to?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from asn1crypto import x509 as asn1_x509
from cryptography import x509

from shared.errors import Malformed

MAX_NAME = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Consumer:
    """A registered system."""

    id: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """One certificate of a system, as operators see it; `issuer` is its issuer's name for people."""

    name: str
    serial: str
    issuer: str
    return_origins: tuple[str, ...]
    added_at: datetime
    revoked_at: datetime | None


def serial_of(certificate: x509.Certificate) -> str:
    """The serial number as upper-case hexadecimal, whole bytes (as openssl and .NET print it)."""
    number = certificate.serial_number
    return number.to_bytes(max(1, (number.bit_length() + 7) // 8)).hex().upper()


def check_origin(text: str) -> str:
    """Return an origin (`https://host[:port]`) in lower case. Raises `Malformed` for anything more or less."""
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or text.rstrip("/").count("/") != 2 or "@" in text:
        raise Malformed(f"{text} is not an origin such as https://host or https://host:8443", field="return_origin")
    return text.rstrip("/").lower()


class Consumers:
    """The registered systems in the provider's database."""

    def __init__(self, pool: Any) -> None:
        self._pool = pool

    async def find(self, certificate: x509.Certificate) -> Consumer | None:
        """The system of a certificate that is registered and not revoked."""
        row = await self._pool.fetchrow(_FIND, serial_of(certificate), certificate.issuer.public_bytes())
        return None if row is None else Consumer(id=row["id"], name=row["name"])

    async def named(self, name: str) -> Consumer | None:
        """The system of that name, if it has a certificate that is not revoked."""
        row = await self._pool.fetchrow(_NAMED, name)
        return None if row is None else Consumer(id=row["id"], name=row["name"])

    async def add(self, name: str, certificate: x509.Certificate, return_origins: Sequence[str] = ()) -> None:
        """Register a certificate for the system `name`, which may have others; its origins are replaced when given.

        Raises `Malformed` for an empty or overlong name, a bad origin, or a certificate that another system has.
        """
        if not name.strip() or len(name) > MAX_NAME:
            raise Malformed(f"a name has 1 to {MAX_NAME} characters", field="name")
        origins = [check_origin(origin) for origin in return_origins]
        serial, issuer = serial_of(certificate), certificate.issuer.public_bytes()
        async with self._pool.acquire() as connection, connection.transaction():
            consumer_id = await connection.fetchval(_ADD_CONSUMER, name, origins)
            if await connection.fetchval(_ADD_CERTIFICATE, serial, issuer, consumer_id) is None:
                raise Malformed(f"the certificate {serial} belongs to another system", field="certificate")

    async def all(self) -> list[Registration]:
        """Every certificate that was ever registered, by system."""
        return [_registration(row) for row in await self._pool.fetch(_ALL)]

    async def revoke(self, serial: str, issuer: str | None = None) -> Registration:
        """Let the certificate with this serial number in no more; returns what it was registered as.

        `issuer` is a name as `all` tells it. Raises `Malformed` when there is no such active certificate, and when
        several issuers have one.
        """
        number = serial.replace(":", "").upper()
        async with self._pool.acquire() as connection, connection.transaction():
            rows = await connection.fetch(_ACTIVE, number)
            found = [row for row in rows if issuer in {None, issuer_text(row["issuer"])}]
            if not found:
                raise Malformed(f"there is no active certificate with the serial number {serial}", field="serial")
            if len(found) > 1:
                names = "; ".join(issuer_text(row["issuer"]) for row in found)
                raise Malformed(f"several issuers have a certificate {serial}, say which one: {names}", field="issuer")
            await connection.execute(_REVOKE, number, found[0]["issuer"])
            return _registration(found[0])


def issuer_text(name: bytes) -> str:
    """Return a DER distinguished name for people."""
    return str(asn1_x509.Name.load(name).human_friendly)


def _registration(row: Any) -> Registration:
    told = {**row, "issuer": issuer_text(row["issuer"]), "return_origins": tuple(row["return_origins"])}
    return Registration(**told)


_FIND = """
SELECT consumers.id, consumers.name
FROM consumer_certificates JOIN consumers ON consumers.id = consumer_id
WHERE serial = $1 AND issuer = $2 AND revoked_at IS NULL
"""
_NAMED = """
SELECT id, name FROM consumers
WHERE name = $1 AND EXISTS (SELECT FROM consumer_certificates WHERE consumer_id = id AND revoked_at IS NULL)
"""
_ADD_CONSUMER = """
INSERT INTO consumers AS known (name, return_origins) VALUES ($1, $2::text[])
ON CONFLICT (name) DO UPDATE
SET return_origins = CASE WHEN cardinality($2::text[]) > 0 THEN excluded.return_origins ELSE known.return_origins END
RETURNING id
"""
_ADD_CERTIFICATE = """
INSERT INTO consumer_certificates AS known (serial, issuer, consumer_id) VALUES ($1, $2, $3)
ON CONFLICT (serial, issuer) DO UPDATE SET revoked_at = NULL WHERE known.consumer_id = excluded.consumer_id
RETURNING serial
"""
_ALL = """
SELECT name, serial, issuer, return_origins, added_at, revoked_at
FROM consumer_certificates JOIN consumers ON consumers.id = consumer_id
ORDER BY name, added_at
"""
_ACTIVE = """
SELECT name, serial, issuer, return_origins, added_at, revoked_at
FROM consumer_certificates JOIN consumers ON consumers.id = consumer_id
WHERE serial = $1 AND revoked_at IS NULL
FOR UPDATE OF consumer_certificates
"""
_REVOKE = "UPDATE consumer_certificates SET revoked_at = now() WHERE serial = $1 AND issuer = $2"
