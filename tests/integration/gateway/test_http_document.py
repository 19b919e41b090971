"""Does the internal HTTP API answer what its OpenAPI document says, and nothing else?"""

import asyncio
import hashlib
import json
import uuid

import pytest
from aiohttp import test_utils, web
from jsonschema import Draft202012Validator
from jsonschema.validators import validator_for

from msign_gateway.openapi import openapi
from services.sign_gateway.http import Api, create_app
from services.sign_gateway.posting import Poster
from shared import pace
from shared.contract.faults import InvalidParameter
from shared.persistence.notices import Notices
from shared.signing.breaker import Breaker
from tests.gateway import delivery, sign_data

DOCUMENT = openapi("1")
MINE = {"Authorization": "Bearer token-declaratii"}
BODY = b"%PDF-1.7 a made-up document"
REF = f"sha256:{hashlib.sha256(BODY).hexdigest()}"
NOBODYS = f"sha256:{64 * '0'}"


async def never():
    """A body that does not come to its end."""
    yield b"x"
    await asyncio.Event().wait()


ANSWERS = [
    ("put", "/contents", 201, {}),
    ("put", "/contents", 400, {"data": b""}),
    ("put", "/contents", 401, {"headers": {}}),
    ("put", "/contents", 408, {"data": never()}),
    ("put", "/contents", 413, {"data": b"x" * 101}),
    ("put", "/contents", 503, {}),
    ("get", "/contents/{ref}", 200, {}),
    ("get", "/contents/{ref}", 401, {"headers": {}}),
    ("get", "/contents/{ref}", 404, {"ref": NOBODYS}),
    ("get", "/contents/{ref}", 503, {}),
    ("get", "/jobs/{job_id}", 200, {}),
    ("get", "/jobs/{job_id}", 400, {"job_id": "1"}),
    ("get", "/jobs/{job_id}", 401, {"headers": {}}),
    ("get", "/jobs/{job_id}", 404, {"job_id": uuid.UUID(int=0)}),
    ("get", "/jobs/{job_id}", 503, {}),
    ("get", "/jobs", 200, {}),
    ("get", "/jobs", 400, {"params": {}}),
    ("get", "/jobs", 401, {"headers": {}}),
    ("get", "/jobs", 404, {"params": {"command_id": "nobody's"}}),
    ("get", "/jobs", 503, {}),
]


def documented():
    return {
        (method, path, int(status))
        for path, item in DOCUMENT["paths"].items()
        for method, operation in item.items()
        for status in operation["responses"]
    }


@pytest.fixture
def app(pool, database_url, links, systems, tmp_path):
    registry = tmp_path / "systems.json"
    registered = json.loads(registry.read_text())
    registered["systems"][0]["limits"] = {"content_bytes": 100}
    registry.write_text(json.dumps(registered))
    return create_app(Api(pool, Notices(database_url), links), systems)


@pytest.fixture
async def api(app):
    async with test_utils.TestClient(test_utils.TestServer(app)) as client:
        yield client


@pytest.fixture
async def job_id(admission, pool):
    """A sign job with one content stored before."""
    await admission.handle([delivery(sign_data(), id="command-1")])
    return await pool.fetchval("SELECT job_id FROM jobs")


def check(schema, body):
    whole = schema | {"components": DOCUMENT["components"]}
    Draft202012Validator(whole, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(body)


async def post_all(pool, msign, links):
    poster = Poster(pool, msign, Breaker(), links)
    for job in await poster.claim(10):
        await poster.post(job)


def test_the_document_describes_every_route_and_no_other(app):
    routes = {
        (route.method.lower(), route.resource.canonical)
        for route in app.router.routes()
        if route.method != "HEAD" and isinstance(route.resource, web.Resource)
    }
    assert {(method, path) for method, path, _ in documented()} == routes


def test_every_documented_answer_is_asked_for():
    assert {(method, path, status) for method, path, status, _ in ANSWERS} == documented()


def test_every_schema_of_the_document_is_one():
    for schema in DOCUMENT["components"]["schemas"].values():
        validator_for(schema, Draft202012Validator).check_schema(schema)


@pytest.mark.parametrize(("method", "path", "status", "changes"), ANSWERS)
async def test_the_service_answers_as_the_document_says(api, pool, job_id, method, path, status, changes, monkeypatch):
    await api.put("/contents", data=BODY, headers=MINE)
    monkeypatch.setattr(pace, "LONGEST_PAUSE_S", 0.1 if status == 408 else 60)
    if status == 503:
        await pool.close()
    places = {"ref": REF, "job_id": job_id, "command_id": "command-1"} | changes
    asked = {"headers": MINE, "data": BODY if method == "put" else None}
    asked["params"] = {"command_id": "command-1"} if path == "/jobs" else None
    asked |= {name: value for name, value in changes.items() if name in {"headers", "data", "params"}}
    response = await api.request(method, path.format(**places), **asked)
    assert response.status == status
    (kind, content) = next(iter(DOCUMENT["paths"][path][method]["responses"][str(status)]["content"].items()))
    assert response.content_type == kind
    if kind == "application/json":
        check(content["schema"], await response.json())


async def test_a_job_is_described_at_each_of_its_stations(api, pool, admission, msign, links, job_id):
    schema = {"$ref": "#/components/schemas/JobView"}
    states = []

    async def look(where):
        view = await (await api.get(f"/jobs/{where}", headers=MINE)).json()
        check(schema, view)
        states.append(view["state"])

    await look(job_id)
    await post_all(pool, msign, links)
    await look(job_id)
    msign.post_answers = [InvalidParameter("Contents[0].Content: bad")]
    await admission.handle([delivery(sign_data(), id="command-2")])
    await post_all(pool, msign, links)
    await look(await pool.fetchval("SELECT job_id FROM jobs WHERE command_id = 'command-2'"))
    assert states == ["received", "awaiting_signer", "rejected"]


def test_an_ended_job_without_its_outcome_is_no_job():
    problems = Draft202012Validator(
        {"$ref": "#/components/schemas/JobView", "components": DOCUMENT["components"]}
    ).iter_errors(
        dict.fromkeys(("expires_at", "request_id", "sign_url"))
        | {"job_id": "j", "command_id": "c", "kind": "sign", "state": "completed", "created_at": "2026-01-01T00:00:00Z"}
    )
    assert list(problems)
