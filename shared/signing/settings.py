"""Which settings do the gateway's services have in common?"""

from pydantic import Field

from shared.connections import BrokerConnection, DatabaseConnection, MSignConnection
from shared.settings import ServiceSettings


class GatewaySettings(ServiceSettings, BrokerConnection, DatabaseConnection, MSignConnection):
    """Where the broker, the database and MSign are, how they prove to us who they are, and we to them."""

    msign_trace_headers: bool = False
    """Send our `traceparent` with calls of MSign; our own MSign continues the trace."""
    inline_bytes: int = Field(default=4 * 1024 * 1024, ge=1024)
    """How many bytes of contents a message may carry; larger ones are stored and referred to."""
