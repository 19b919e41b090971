"""Which settings do the gateway's services have in common?"""

from pydantic import Field

from shared.connections import BrokerConnection, DatabaseConnection, MSignConnection
from shared.settings import ServiceSettings


class GatewaySettings(ServiceSettings, BrokerConnection, DatabaseConnection, MSignConnection):
    """Where the broker, the database and MSign are, how they prove to us who they are, and we to them.

    With `msign_trace_headers`, calls of MSign carry our `traceparent`; our own MSign continues the trace.
    """

    msign_trace_headers: bool = False
    inline_bytes: int = Field(default=4 * 1024 * 1024, ge=1024)
