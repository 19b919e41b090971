"""Which settings does `callback_web` have?"""

from pydantic import Field

from shared.keys import Keys
from shared.settings import Port, url_text
from shared.signing.settings import GatewaySettings


class Settings(GatewaySettings):
    """Those of every gateway service, and where browsers come from and go to."""

    msign_frontend_url: url_text("https", "http")  # type: ignore[valid-type]
    """MSign's Sign Page: users are sent there."""
    public_url: url_text("https", "http")  # type: ignore[valid-type]
    """Where this service is for browsers: MSign sends them back there."""
    link_secret: Keys
    """The keys that sign links and RelayStates, newest first; the same as sign_gateway's."""
    http_host: str = "127.0.0.1"
    """The address that the public port listens on."""
    http_port: Port
    """The public port; TLS ends at what stands before it."""
    sign_grace_minutes: float = Field(default=15, ge=0)
    """How long MSign is still asked after a job's deadline; the same in sign_gateway."""
