"""What does the provider need to be told?"""

from pydantic import Field, FilePath, ValidationInfo, field_validator

from services.msign.soap.endpoint import PATH
from services.msign.web import WebSettings
from shared.settings import Port

MEBIBYTE = 1024 * 1024


class MSignSettings(WebSettings):
    """The API's settings; those of the pages and the PKI are in `WebSettings`.

    `api_cert` and `api_key` are our server certificate, `consumers_ca` the CAs that issue the consumers' certificates,
    all PEM. `api_url` is the endpoint as the WSDL tells it; without
    it, the WSDL repeats the address that it was asked at. A request expires after `request_ttl_hours`, and is removed
    `request_retention_hours` after it was finished or has expired.
    Hostile input is read in `verify_processes` processes, one for each core if it is not set.

    With `api_development_port`, whoever reaches that port of 127.0.0.1 over plain HTTP is the registered system
    `api_development_consumer`.
    """

    msign_database_url: str = Field(pattern="^postgres(ql)?://")
    api_host: str = "127.0.0.1"
    api_port: Port
    api_cert: FilePath
    api_key: FilePath
    consumers_ca: FilePath
    api_development_port: Port | None = None
    api_development_consumer: str | None = Field(default=None, validate_default=True)
    api_url: str | None = Field(default=None, pattern="^https://")
    request_ttl_hours: float = Field(default=24, gt=0)
    request_retention_hours: float = Field(default=168, gt=0)
    verify_processes: int | None = Field(default=None, ge=1)
    max_body_bytes: int = Field(default=96 * MEBIBYTE, ge=MEBIBYTE)

    @property
    def endpoint(self) -> str:
        """Where the SOAP endpoint answers, as far as the settings tell."""
        return self.api_url or f"https://{self.api_host}:{self.api_port}{PATH}"

    @field_validator("api_development_consumer")
    @classmethod
    def _with_its_port(cls, name: str | None, info: ValidationInfo) -> str | None:
        """Let the two settings of the development mode stand together only."""
        if (name is None) != (info.data.get("api_development_port") is None):
            raise ValueError("is to be set together with API_DEVELOPMENT_PORT, or neither of them")
        return name
