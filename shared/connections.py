"""How are the broker and the database reached, who vouches for them, and who are we to them?

The services' settings and the operators' commands read this alike: what a service would refuse, a command refuses.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, ValidationInfo, field_validator

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
    amqp_client_cert: ReadableFile | None = None
    amqp_client_key: ReadableFile | None = None
    amqp_url: url_text("amqp", "amqps")  # type: ignore[valid-type]

    def amqp_address(self) -> Callable[[], str]:
        """Return what tells the broker's URL at each connection, with the files that belong to it."""
        url = self.follow("amqp_url")
        return lambda: with_files(
            url(), cafile=self.amqp_ca_bundle, certfile=self.amqp_client_cert, keyfile=self.amqp_client_key
        )


class DatabaseConnection(Encrypted):
    """Where the gateway's database is, and how it and we prove who we are."""

    database_ca_bundle: ReadableFile | None = None
    database_client_cert: ReadableFile | None = None
    database_client_key: ReadableFile | None = None
    database_url: url_text("postgresql", "postgres")  # type: ignore[valid-type]

    def database_address(self) -> Callable[[], str]:
        """Return what tells the database's URL at each connection, with the files that belong to it."""
        url = self.follow("database_url")
        return lambda: with_files(
            url(),
            sslrootcert=self.database_ca_bundle,
            sslcert=self.database_client_cert,
            sslkey=self.database_client_key,
        )
