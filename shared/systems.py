"""Which internal systems may use the gateway, and what is each of them allowed?

The registry is a JSON file (setting `SYSTEMS_FILE`), read again when it changes:
`{"systems": [{"name": "declaratii", "return_origins": ["https://declaratii.example"], "token_sha256": "<hex>"}]}`.
While a token is being replaced, `"former_token": {"sha256": "<hex>", "until": "<RFC 3339>"}` is good as well.
"""

import hashlib
from datetime import UTC, datetime
from hmac import compare_digest
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from shared.errors import Malformed
from shared.messaging.envelope import SYSTEM_NAME
from shared.watched import Watched

LARGEST_CONTENT_BYTES = 256 * 1024 * 1024
"""What one value of the database and one SOAP message can hold without care."""

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


def origin_of(url: str) -> str:
    """Return the origin (RFC 6454: scheme, host and port) of an http or https URL; raises `ValueError`."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.password is not None:
        raise ValueError("must be an http or https address with a host and without credentials")
    default = {"http": 80, "https": 443}[parts.scheme]
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    port = "" if parts.port in (None, default) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"


def token_digest(token: str) -> str:
    """Return what the registry keeps of a token: its SHA-256, in hex."""
    return hashlib.sha256(token.encode(errors="surrogateescape")).hexdigest()


class Limits(BaseModel):
    """What one system may ask for: in one job, and of all its jobs together."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    contents_per_job: int = Field(default=1000, ge=1)
    content_bytes: int = Field(default=64 * 1024 * 1024, ge=1, le=LARGEST_CONTENT_BYTES)
    open_jobs: int = Field(default=100_000, ge=1)
    jobs_per_minute: int | None = Field(default=None, ge=1)


class FormerToken(BaseModel):
    """A token that was replaced, and is good for a little while more."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sha256: Digest
    until: AwareDatetime


class System(BaseModel):
    """One registered system; its name is its broker user's."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(pattern=SYSTEM_NAME)]
    return_origins: tuple[Annotated[str, AfterValidator(origin_of)], ...] = ()
    token_sha256: Digest
    former_token: FormerToken | None = None
    limits: Limits = Limits()

    def tokens_at(self, now: datetime) -> tuple[str, ...]:
        """Return the digests of the tokens that are good at `now`."""
        former = self.former_token
        return (self.token_sha256, former.sha256) if former and now < former.until else (self.token_sha256,)

    def may_return_to(self, url: str) -> bool:
        """Tell whether users may be sent to `url` after signing."""
        try:
            return origin_of(url) in self.return_origins
        except ValueError:
            return False


class Registry(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    systems: tuple[System, ...]

    @classmethod
    def read(cls, path: Path) -> "Registry":
        """Return what stands in the file; raises `Malformed`, which names the place of what is wrong."""
        try:
            return cls.model_validate_json(path.read_bytes())
        except OSError as error:
            raise Malformed(f"{path}: {error.strerror}", field="SYSTEMS_FILE") from None
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place = "".join(f"{part}/" for part in first["loc"])
            raise Malformed(
                f"{path}: {place.removesuffix('/')}{place and ': '}{first['msg']}", field="SYSTEMS_FILE"
            ) from None


class Systems:
    """The registry; a changed file takes effect at the next look-up, a broken one is refused and the old kept."""

    def __init__(self, path: Path) -> None:
        self._watched = Watched((path,), lambda: _by_name(Registry.read(path)))

    def get(self, name: str) -> System | None:
        """Return the system of that name."""
        return self._watched.current().get(name)

    def with_token(self, token: str) -> System | None:
        """Return the system whose token this is; every candidate is compared, in constant time."""
        digest, now = token_digest(token), datetime.now(UTC)
        found = None
        for system in self._watched.current().values():
            for known in system.tokens_at(now):
                if compare_digest(known, digest):
                    found = system
        return found


def _by_name(registry: Registry) -> dict[str, System]:
    return {system.name: system for system in registry.systems}
