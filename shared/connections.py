"""How are the broker, the database and MSign reached, who vouches for them, and who are we to them?

The services' settings and the operators' commands read this alike: what a service would refuse, a command refuses.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from shared.addresses import weakness, with_files
from shared.settings import Settings, url_text


def _readable(path: Path) -> Path:
    if not path.is_file():
        raise ValueError("is not a file")
    return path


ReadableFile = Annotated[Path, AfterValidator(_readable)]


class Encrypted(Settings):
    """With `require_tls`, every address has to be one where nobody on the way can read or change anything.

    An authority that is named for a server demands the same of that server's address.
    """

    require_tls: bool = False
    """Refuse to start unless every connection is encrypted and its server checked."""

    @field_validator(
        "amqp_url", "database_url", "msign_api_url", "msign_frontend_url", "public_url", check_fields=False
    )
    @classmethod
    def _encrypted(cls, url: str, info: ValidationInfo) -> str:
        bundle = f"{str(info.field_name).removesuffix('_url')}_ca_bundle"
        reason = "REQUIRE_TLS" if info.data.get("require_tls") else bundle.upper() if info.data.get(bundle) else None
        if reason and (problem := weakness(url)):
            raise ValueError(f"{problem} ({reason} is set)")
        return url

    @field_validator("amqp_client_key", "database_client_key", check_fields=False)
    @classmethod
    def _with_its_certificate(cls, key: Path | None, info: ValidationInfo) -> Path | None:
        certificate = str(info.field_name).replace("key", "cert")
        if (key is None) != (info.data.get(certificate) is None):
            raise ValueError(f"goes with {certificate.upper()}")
        return key


class BrokerConnection(Encrypted):
    """Where the broker is, and how it and we prove who we are."""

    amqp_ca_bundle: ReadableFile | None = None
    """The only CAs (PEM) that are believed for the broker; demands `amqps`. Without it, the system's."""
    amqp_client_cert: ReadableFile | None = None
    """Our certificate (PEM) for a broker that asks for one."""
    amqp_client_key: ReadableFile | None = None
    """The key of `AMQP_CLIENT_CERT`."""
    amqp_url: url_text("amqp", "amqps")  # type: ignore[valid-type]
    """The broker, with this service's user, password and virtual host."""

    def amqp_address(self) -> Callable[[], str]:
        """Return what tells the broker's URL at each connection, with the files that belong to it."""
        url = self.follow("amqp_url")
        return lambda: with_files(
            url(), cafile=self.amqp_ca_bundle, certfile=self.amqp_client_cert, keyfile=self.amqp_client_key
        )


class DatabaseConnection(Encrypted):
    """Where the gateway's database is, and how it and we prove who we are."""

    database_ca_bundle: ReadableFile | None = None
    """The only CAs (PEM) that are believed for the database; demands `sslmode=verify-full` or `verify-ca`."""
    database_client_cert: ReadableFile | None = None
    """Our certificate (PEM) for a database that asks for one."""
    database_client_key: ReadableFile | None = None
    """The key of `DATABASE_CLIENT_CERT`."""
    database_url: url_text("postgresql", "postgres", several_hosts=True)  # type: ignore[valid-type]
    """The gateway's database: the server itself or a pooler in session mode, as it is listened to."""

    def database_address(self) -> Callable[[], str]:
        """Return what tells the database's URL at each connection, with the files that belong to it."""
        url = self.follow("database_url")
        return lambda: with_files(
            url(),
            sslrootcert=self.database_ca_bundle,
            sslcert=self.database_client_cert,
            sslkey=self.database_client_key,
        )


class MSignConnection(Encrypted):
    """Where MSign's API is, how long a call may take, and the three files of mutual TLS."""

    msign_api_url: url_text("https", "http")  # type: ignore[valid-type]
    """MSign's SOAP endpoint; with `http` only our own MSign in development can be used."""
    msign_client_cert: ReadableFile | None = None
    """The certificate (PEM) that MSign knows us by; required with `https`."""
    msign_client_key: ReadableFile | None = None
    """The key of `MSIGN_CLIENT_CERT`; required with `https`."""
    msign_ca_bundle: ReadableFile | None = None
    """The only CAs (PEM) that are believed for MSign; required with `https`."""
    msign_timeout_s: float = Field(default=30, gt=0, le=80)
    """How many seconds a call of MSign may take; less than the lease of the work it is made for."""

    @model_validator(mode="after")
    def _certificates_for_https(self) -> Self:
        if self.msign_api_url.startswith("https"):
            for name in ("msign_client_cert", "msign_client_key", "msign_ca_bundle"):
                if getattr(self, name) is None:
                    raise ValueError(f"{name.upper()} is required when MSIGN_API_URL is https")
        return self
