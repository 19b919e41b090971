"""What does the provider need to be told?"""

from pydantic import Field, FilePath, ValidationInfo, field_validator

from services.msign.soap.endpoint import PATH
from services.msign.web import WebSettings
from shared.settings import Port

MEBIBYTE = 1024 * 1024


class MSignSettings(WebSettings):
    """The API's settings; those of the pages and the PKI are in `WebSettings`."""

    msign_database_url: str = Field(pattern="^postgres(ql)?://")
    """The provider's own database."""
    api_host: str = "127.0.0.1"
    """The address that the SOAP endpoint listens on."""
    api_port: Port
    """The port of the SOAP endpoint, with mutual TLS."""
    api_cert: FilePath
    """Our server certificate (PEM)."""
    api_key: FilePath
    """The key of `API_CERT`."""
    consumers_ca: FilePath
    """The CAs (PEM) that issue the certificates of the systems that call us."""
    api_development_port: Port | None = None
    """A port of 127.0.0.1 where whoever comes without TLS is `API_DEVELOPMENT_CONSUMER`."""
    api_development_consumer: str | None = Field(default=None, validate_default=True)
    """The registered system that everybody is on `API_DEVELOPMENT_PORT`."""
    api_url: str | None = Field(default=None, pattern="^https://")
    """The endpoint as the WSDL tells it; without it, the WSDL repeats the address that it was asked at."""
    request_ttl_hours: float = Field(default=24, gt=0)
    """How long users may take to sign a request."""
    request_retention_hours: float = Field(default=168, gt=0)
    """How long a request is kept after it was finished or has expired."""
    verify_processes: int | None = Field(default=None, ge=1)
    """How many processes read hostile input; one for each core if it is not set."""
    max_body_bytes: int = Field(default=96 * MEBIBYTE, ge=MEBIBYTE)
    """How large a call's body may be."""

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
