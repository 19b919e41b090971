"""Is that an event of the gateway, and what does it say? CloudEvents 1.0, and the data of each type."""

import json
from collections import OrderedDict

from pydantic import BaseModel, ValidationError

from shared.errors import Malformed
from shared.messaging import events as wire
from shared.messaging.envelope import Event
from shared.messaging.events import AcceptedData, CompletedData, EventData, ReadyData, RejectedData

DATA: dict[str, type[BaseModel]] = {
    wire.ACCEPTED: AcceptedData,
    wire.SIGN_REJECTED: RejectedData,
    wire.READY: ReadyData,
    wire.VERIFIED: CompletedData,
    wire.VERIFICATION_REJECTED: RejectedData,
}
REMEMBERED = 10_000


def read(body: bytes) -> Event:
    """Return the event of a message's body. Types that are not known yet pass: only their envelope is judged.

    Raises `Malformed` for what is no event of a job.
    """
    try:
        event = Event.model_validate_json(body)
        EventData.model_validate(event.data)
    except ValidationError as error:
        raise Malformed(f"not an event of a job: {_places(error)}", field="event") from None
    return event


def parsed(event: Event) -> AcceptedData | RejectedData | ReadyData | CompletedData:
    """Return the event's data as what its type says; raises `Malformed` for another type, and for other data."""
    model = DATA.get(event.type)
    if model is None:
        raise Malformed(f"event {event.id}: {event.type} is not a type of this version", field="type")
    try:
        data = model.model_validate_json(json.dumps(event.data))
    except ValidationError as error:
        raise Malformed(f"event {event.id} is not what its type says: {_places(error)}", field="data") from None
    assert isinstance(data, (AcceptedData, RejectedData, ReadyData, CompletedData))  # noqa: S101 - what DATA holds
    return data


class Seen:
    """Which events came already? By id; the latest `REMEMBERED` ones."""

    def __init__(self) -> None:
        self._ids: OrderedDict[str, None] = OrderedDict()

    def __contains__(self, event: Event) -> bool:
        return event.id in self._ids

    def add(self, event: Event) -> None:
        """Remember an event."""
        self._ids[event.id] = None
        if len(self._ids) > REMEMBERED:
            self._ids.popitem(last=False)


def _places(error: ValidationError) -> str:
    return ", ".join("/".join(map(str, problem["loc"])) or "body" for problem in error.errors(include_input=False))
