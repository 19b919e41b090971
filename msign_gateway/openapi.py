"""What does the gateway's internal HTTP API look like to a program that is not ours? An OpenAPI 3.1 document.

The answers' parts are the models of the events; a test compares the rest with what the running service answers.
"""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import models_json_schema

from shared.messaging.commands import REF_PATTERN
from shared.messaging.events import CompletedData, ReadyData, RejectedData
from shared.signing.states import Kind, State

OPENAPI = "openapi.json"
_JSON = "application/json"
_BYTES = "application/octet-stream"


class Fault(BaseModel):
    """What is wrong: the parameter, header or part of the request at fault, and a sentence."""

    field: str
    message: str


class Problem(BaseModel):
    """Every answer that is not a success."""

    error: Fault


class Stored(BaseModel):
    """A stored content: `content_ref` of a command, or a path of this API; `size` in bytes."""

    ref: Annotated[str, Field(pattern=REF_PATTERN)]
    size: int


class Job(BaseModel):
    """Where a job stands. `sign_url` is there while somebody can sign, `expires_at` for sign jobs only."""

    model_config = ConfigDict(title="Job")

    job_id: UUID
    command_id: str
    kind: Kind
    created_at: datetime
    expires_at: datetime | None
    request_id: str | None
    sign_url: str | None


class OpenJob(Job):
    """A job that goes on."""

    model_config = ConfigDict(title="OpenJob")

    state: Literal[State.RECEIVED, State.POSTING, State.AWAITING_SIGNER, State.VERIFYING]


class EndedJob(Job):
    """A job that has ended; the data of its final event stands beside the fields of the job."""

    model_config = ConfigDict(title="EndedJob")

    state: Literal[State.COMPLETED, State.FAILED, State.EXPIRED, State.REJECTED]


_MODELS = (Problem, Stored, OpenJob, EndedJob, ReadyData, RejectedData, CompletedData)


def openapi(version: str) -> dict[str, Any]:
    """Return the document; `version` is that of the messages."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "MSign gateway, internal HTTP API",
            "version": version,
            "description": "Contents too large for a message, and where a job stands. For systems inside the house; "
            "each sees only its own contents and jobs.",
        },
        "servers": [{"url": "{gateway}", "variables": {"gateway": {"default": "http://127.0.0.1:8080"}}}],
        "security": [{"token": []}],
        "paths": _paths(),
        "components": {
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "The system's; `systems add` prints it."}
            },
            "schemas": _schemas(),
        },
    }


def _paths() -> dict[str, Any]:
    put = {
        "operationId": "putContent",
        "summary": "Store a content",
        "description": "Storing the same bytes again changes nothing. They are kept as long as a job needs them.",
        "requestBody": {"required": True, "content": {_BYTES: {}}},
        "responses": {"201": _json("It is stored.", "Stored")} | _problems(400, 401, 408, 413, 503),
    }
    get = {
        "operationId": "getContent",
        "summary": "Fetch a stored content, a signature or a list of results",
        "parameters": [
            _parameter("ref", "path", {"type": "string", "pattern": REF_PATTERN}, "Where events say `_ref`.")
        ],
        "responses": {"200": {"description": "The bytes.", "content": {_BYTES: {}}}} | _problems(401, 404, 503),
    }
    wait = _parameter(
        "wait_s",
        "query",
        {"type": "number", "minimum": 0, "default": 0},
        "Answer when the job changes, after so many seconds at the latest (30 count as the most).",
    )
    job_id = _parameter("job_id", "path", {"type": "string", "format": "uuid"}, "From an event or an earlier answer.")
    command_id = _parameter(
        "command_id", "query", {"type": "string", "minLength": 1}, "The command's `id`.", required=True
    )
    job = {"200": _json("Where it stands.", "JobView")} | _problems(400, 401, 404, 503)
    return {
        "/contents": {"put": put},
        "/contents/{ref}": {"get": get},
        "/jobs/{job_id}": {
            "get": {"operationId": "getJob", "summary": "A job", "parameters": [job_id, wait], "responses": job}
        },
        "/jobs": {
            "get": {
                "operationId": "findJob",
                "summary": "The job that a command began",
                "parameters": [command_id, wait],
                "responses": job,
            }
        },
    }


def _schemas() -> dict[str, Any]:
    _, found = models_json_schema(
        [(model, "serialization") for model in _MODELS], ref_template="#/components/schemas/{model}"
    )
    schemas: dict[str, Any] = found["$defs"]
    verdicts = _ref("CompletedData") | {"required": ["results"]}
    ends = [_ref("ReadyData"), _ref("RejectedData"), verdicts]
    ended = {"allOf": [_ref("EndedJob"), {"anyOf": ends}]}
    schemas["JobView"] = {"description": "A job, open or ended.", "oneOf": [_ref("OpenJob"), ended]}
    return dict(sorted(schemas.items()))


_MEANINGS = {
    400: "A parameter or the body cannot be used.",
    401: "No token, or one of nobody.",
    404: "There is none that this system may see.",
    408: "The content comes too slowly, or not at all.",
    413: "The content is larger than the system's limit.",
    503: "There is no room for one more request of this system (the message says so), or the database is away; "
    "try again later.",
}


def _problems(*statuses: int) -> dict[str, Any]:
    return {str(status): _json(_MEANINGS[status], "Problem") for status in statuses}


def _json(description: str, model: str) -> dict[str, Any]:
    return {"description": description, "content": {_JSON: {"schema": _ref(model)}}}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _parameter(
    name: str, place: str, schema: dict[str, Any], description: str, *, required: bool = False
) -> dict[str, Any]:
    return {
        "name": name,
        "in": place,
        "required": required or place == "path",
        "description": description,
        "schema": schema,
    }
