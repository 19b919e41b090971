"""How does an internal system ask for signatures and learn the outcome? Everything that such a system needs.

The base installation is enough. Commands go out with publisher confirms, again and again under the same id until the
broker has them; events wait in a durable queue while the connection is away. Messages: architecture, "Messages".
"""

from msign_gateway.client.contents import ContentStore
from msign_gateway.client.errors import (
    ConnectionLost,
    Ended,
    NotAnswered,
    NotTaken,
    Refused,
    Rejected,
    Unreachable,
    Unroutable,
)
from msign_gateway.client.gateway import GatewayClient
from msign_gateway.client.reading import parsed, read
from msign_gateway.client.standing import JobView
from shared.errors import Malformed, MSignGatewayError, Transient
from shared.messaging.commands import (
    ExpectedSignerData,
    SignContentData,
    SignRequestData,
    VerificationContentData,
    VerificationRequestData,
)
from shared.messaging.envelope import Event
from shared.messaging.events import (
    ACCEPTED,
    READY,
    SIGN_REJECTED,
    VERIFICATION_REJECTED,
    VERIFIED,
    AcceptedData,
    CompletedData,
    ErrorData,
    ReadyData,
    RejectedData,
    ResultData,
    VerdictData,
)

__all__ = [
    "ACCEPTED",
    "READY",
    "SIGN_REJECTED",
    "VERIFICATION_REJECTED",
    "VERIFIED",
    "AcceptedData",
    "CompletedData",
    "ConnectionLost",
    "ContentStore",
    "Ended",
    "ErrorData",
    "Event",
    "ExpectedSignerData",
    "GatewayClient",
    "JobView",
    "MSignGatewayError",
    "Malformed",
    "NotAnswered",
    "NotTaken",
    "ReadyData",
    "Refused",
    "Rejected",
    "RejectedData",
    "ResultData",
    "SignContentData",
    "SignRequestData",
    "Transient",
    "Unreachable",
    "Unroutable",
    "VerdictData",
    "VerificationContentData",
    "VerificationRequestData",
    "parsed",
    "read",
]
