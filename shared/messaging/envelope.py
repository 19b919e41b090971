"""What is around every message's data? A CloudEvents 1.0 envelope in structured JSON mode."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

CONTENT_TYPE = "application/cloudevents+json"
SYSTEM_NAME = r"^[a-z][a-z0-9-]{0,31}$"


def _utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise PydanticCustomError("out_of_the_calendar", "is no time in UTC that the calendar has") from None


Moment = Annotated[AwareDatetime, AfterValidator(_utc)]
"""An RFC 3339 time with an offset, kept as UTC."""


def source_of(system: str) -> str:
    """Return the `source` that a system's commands carry."""
    return f"/systems/{system}"


class Command(BaseModel):
    """A command's envelope; unknown attributes are allowed only where CloudEvents calls them extensions."""

    model_config = ConfigDict(extra="allow")

    specversion: Literal["1.0"]
    id: Annotated[str, Field(min_length=1, max_length=255)]
    source: Annotated[str, Field(min_length=1, max_length=255)]
    type: Annotated[str, Field(min_length=1, max_length=255)]
    time: Moment | None = None
    subject: Annotated[str, Field(max_length=255)] | None = None
    datacontenttype: Literal["application/json"] | None = None
    dataschema: Annotated[str, Field(max_length=1024)] | None = None
    data: dict[str, Any]


class Event(BaseModel):
    """An event of ours; `sequence` counts the events of one job, `subject` is the job."""

    model_config = ConfigDict(frozen=True)

    specversion: Literal["1.0"] = "1.0"
    id: str
    source: str
    type: str
    subject: str
    time: Moment
    sequence: Annotated[int, Field(ge=1)]
    datacontenttype: Literal["application/json"] = "application/json"
    data: dict[str, Any]
