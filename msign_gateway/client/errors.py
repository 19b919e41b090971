"""What can go wrong for a system that asks, and is it worth asking again?

`Transient` may work later, under the same command id; `Malformed` never will (`shared.errors`).
"""

from aio_pika.exceptions import AMQPError, ChannelInvalidStateError

from shared.errors import Malformed, Transient
from shared.messaging.events import ErrorData, ReadyData, RejectedData

LOST = (AMQPError, OSError, ChannelInvalidStateError)
"""What aio-pika raises when a connection or a channel ends under one's hands."""


class ConnectionLost(Transient):
    """The client has ended, or the broker gives it no events: nothing more will arrive."""


class NotTaken(Transient):
    """The broker did not take the command, as far as is known.

    Publishing again under the same id is safe: the gateway knows a repetition.
    """


class Unroutable(NotTaken):
    """No queue takes the command, or the system may not publish it: something is not set up in this virtual host."""


class Refused(NotTaken):
    """The broker has no room for the command (nack), and had none for as long as was waited."""


class Unreachable(NotTaken):
    """There was no connection for as long as was waited, or no word of the broker whether it has the command."""


class NotAnswered(Transient, TimeoutError):
    """The event did not come in time. The job goes on; the event is still handed out when it comes."""


class Rejected(Malformed):
    """The gateway rejected the command, for good; `errors` says everything that is wrong with it."""

    def __init__(self, data: RejectedData) -> None:
        said = "; ".join(f"{error.field} {error.message} ({error.code})" for error in data.errors)
        first = data.errors[0] if data.errors else ErrorData(field="", code="invalid", message="")
        super().__init__(f"command {data.command_id} was rejected: {said}", field=first.field, code=first.code)
        self.data = data
        self.errors = data.errors


class Ended(Malformed):
    """The job ended before its `accepted` was seen: nobody can sign it any more. `outcome` says how it ended."""

    def __init__(self, outcome: ReadyData) -> None:
        super().__init__(f"command {outcome.command_id} ended as {outcome.status} ({outcome.reason_code})")
        self.outcome = outcome
