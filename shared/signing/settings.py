"""Which settings do the gateway's services have in common?"""

from typing import Self

from pydantic import Field, model_validator

from shared.connections import BrokerConnection, DatabaseConnection, ReadableFile
from shared.settings import ServiceSettings, url_text


class GatewaySettings(ServiceSettings, BrokerConnection, DatabaseConnection):
    """Where the broker, the database and MSign are, how they prove to us who they are, and we to them."""

    msign_api_url: url_text("https", "http")  # type: ignore[valid-type]
    msign_client_cert: ReadableFile | None = None
    msign_client_key: ReadableFile | None = None
    msign_ca_bundle: ReadableFile | None = None
    msign_timeout_s: float = Field(default=30, gt=0, le=80)
    inline_bytes: int = Field(default=4 * 1024 * 1024, ge=1024)

    @model_validator(mode="after")
    def _certificates_for_https(self) -> Self:
        if self.msign_api_url.startswith("https"):
            for name in ("msign_client_cert", "msign_client_key", "msign_ca_bundle"):
                if getattr(self, name) is None:
                    raise ValueError(f"{name.upper()} is required when MSIGN_API_URL is https")
        return self
