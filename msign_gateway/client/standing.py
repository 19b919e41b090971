"""Where does a job stand, as the gateway tells it to the system whose job it is?

Events tell of everything; this is for who has lost them, or looks before there is one.
"""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, ValidationError

from shared.errors import Malformed
from shared.messaging.events import CompletedData, ReadyData, RejectedData
from shared.signing.states import FINAL, Kind, State

Outcome = ReadyData | RejectedData | CompletedData


class JobView(BaseModel):
    """A job; `sign_url` is there while somebody can sign, `expires_at` for sign jobs, `outcome` once it has ended."""

    model_config = ConfigDict(frozen=True)

    job_id: str
    command_id: str
    kind: Kind
    state: State
    created_at: datetime
    expires_at: datetime | None
    request_id: str | None
    sign_url: str | None
    outcome: Outcome | None = None

    @property
    def is_final(self) -> bool:
        """Whether the job has ended."""
        return self.state in FINAL


def read_job(body: bytes) -> JobView:
    """Return the job of an answer (OpenAPI document, `JobView`), in which the outcome stands beside the job's fields.

    Raises `Malformed` for what is none.
    """
    try:
        job = JobView.model_validate_json(body)
        return job.model_copy(update={"outcome": _kind_of(job).model_validate_json(body)}) if job.is_final else job
    except ValidationError as error:
        places = ", ".join("/".join(map(str, one["loc"])) or "body" for one in error.errors(include_input=False))
        raise Malformed(f"the gateway's answer is no job: {places}", field="job") from None


def _kind_of(job: JobView) -> type[ReadyData] | type[RejectedData] | type[CompletedData]:
    if job.state is State.REJECTED:
        return RejectedData
    return ReadyData if job.kind is Kind.SIGN else CompletedData
