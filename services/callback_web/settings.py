"""Which settings does `callback_web` have?"""

from pydantic import Field

from shared.keys import Keys
from shared.settings import Port, url_text
from shared.signing.settings import GatewaySettings


class Settings(GatewaySettings):
    """Those of every gateway service, and where browsers come from and go to."""

    msign_frontend_url: url_text("https", "http")  # type: ignore[valid-type]
    public_url: url_text("https", "http")  # type: ignore[valid-type]
    link_secret: Keys
    http_host: str = "127.0.0.1"
    http_port: Port
    sign_grace_minutes: float = Field(default=15, ge=0)
