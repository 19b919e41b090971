"""What systems may ask over HTTP inside the house, and what they are not told."""

import asyncio
import hashlib
import io
import tempfile
import uuid
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest
from aiohttp import test_utils

from services.sign_gateway import http
from services.sign_gateway.http import Api, create_app
from services.sign_gateway.posting import Poster
from shared.contract.faults import InvalidParameter
from shared.persistence import intake, jobs
from shared.persistence.intake import NewJob
from shared.persistence.notices import Notices
from shared.signing.breaker import Breaker
from shared.signing.states import Kind
from tests.gateway import delivery, only_job, sign_data

MINE = {"Authorization": "Bearer token-declaratii"}
THEIRS = {"Authorization": "Bearer token-registru"}
PDF = b"%PDF-1.7 a made-up document"
REF = f"sha256:{hashlib.sha256(PDF).hexdigest()}"


class ListeningNotices(Notices):
    """Says when somebody begins to listen."""

    def __init__(self, url):
        super().__init__(url)
        self.waiting = asyncio.Event()

    def listening(self, channel, payload=None):
        self.waiting.set()
        return super().listening(channel, payload)


@pytest.fixture
def notices(database_url):
    return ListeningNotices(database_url)


@pytest.fixture
async def api(pool, notices, links, systems):
    app = create_app(Api(pool, notices, links), systems)
    async with test_utils.TestClient(test_utils.TestServer(app)) as client:
        yield client


@pytest.fixture
async def heard(notices):
    """Notices really arrive from the database."""
    task = asyncio.create_task(notices.run())
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def post_all(pool, msign, links):
    poster = Poster(pool, msign, Breaker(), links)
    for job in await poster.claim(10):
        await poster.post(job)


async def field_of(response):
    return (await response.json())["error"]["field"]


@pytest.mark.parametrize(
    "value",
    [None, "", "Bearer", "Bearer ", "Bearer wrong", "Basic token-declaratii", "token-declaratii", "Bearer \udcff", "é"],
)
@pytest.mark.parametrize(
    ("method", "path"),
    [("PUT", "/contents"), ("GET", f"/contents/{REF}"), ("GET", f"/jobs/{uuid.UUID(int=17)}"), ("GET", "/jobs")],
)
async def test_nobody_gets_in_without_a_token(api, method, path, value):
    headers = {} if value is None else {"Authorization": value}
    response = await api.request(method, path, headers=headers)
    assert response.status == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert await field_of(response) == "Authorization"


async def test_a_stored_content_comes_back_byte_for_byte(api):
    stored = await api.put("/contents", data=PDF, headers=MINE)
    assert (stored.status, await stored.json()) == (201, {"ref": REF, "size": len(PDF)})
    fetched = await api.get(f"/contents/{REF}", headers=MINE)
    assert (fetched.status, await fetched.read()) == (200, PDF)
    assert fetched.content_type == "application/octet-stream"
    assert fetched.headers["X-Content-Type-Options"] == "nosniff"


async def test_storing_the_same_content_again_changes_nothing(api, pool):
    for _ in range(2):
        assert (await (await api.put("/contents", data=PDF, headers=MINE)).json())["ref"] == REF
    assert await pool.fetchval("SELECT count(*) FROM contents") == 1


async def test_another_systems_content_is_not_there(api):
    await api.put("/contents", data=PDF, headers=MINE)
    assert (await api.get(f"/contents/{REF}", headers=THEIRS)).status == 404


@pytest.mark.parametrize("ref", [REF, "x", "sha256:", "sha256:" + "A" * 64, REF + "%0A", "%00", "..%2f..", "%ff"])
async def test_what_is_not_stored_is_404_whatever_it_looks_like(api, ref):
    response = await api.get(f"/contents/{ref}", headers=MINE)
    assert response.status == 404


async def test_an_empty_content_is_refused(api):
    response = await api.put("/contents", data=b"", headers=MINE)
    assert (response.status, await field_of(response)) == (400, "body")


@pytest.fixture
def allow(tmp_path):
    """Sets how large a content of `declaratii` may be."""

    def bytes_at_most(count):
        registry = tmp_path / "systems.json"
        registered = orjson.loads(registry.read_bytes())
        registered["systems"][0]["limits"] = {"content_bytes": count}
        registry.write_bytes(orjson.dumps(registered))

    return bytes_at_most


async def pieces(size):
    """A body whose length is not told before."""
    for _ in range(size):
        yield b"x"


@pytest.mark.parametrize("body", [lambda size: b"x" * size, pieces])
async def test_a_content_above_the_systems_limit_is_refused(api, allow, pool, body):
    allow(10)
    response = await api.put("/contents", data=body(11), headers=MINE)
    assert (response.status, await field_of(response)) == (413, "body")
    assert (await api.put("/contents", data=body(10), headers=MINE)).status == 201
    assert await pool.fetchval("SELECT count(*) FROM contents") == 1


async def test_a_content_above_the_usual_limit_is_stored_for_whom_the_limit_is_higher(api, allow):
    allow(65 * 1024 * 1024)
    stored = await api.put("/contents", data=io.BytesIO(b"x" * (65 * 1024 * 1024)), headers=MINE)
    assert stored.status == 201
    refused = await api.put("/contents", data=io.BytesIO(b"x" * (64 * 1024 * 1024 + 1)), headers=THEIRS)
    assert (refused.status, await field_of(refused)) == (413, "body")


async def test_a_job_shows_where_it_stands_on_its_way(api, pool, admission, msign, links):
    await admission.handle([delivery(sign_data(), id="command-1")])
    job_id = (await only_job(pool))["job_id"]
    received = await (await api.get(f"/jobs/{job_id}", headers=MINE)).json()
    assert (received["state"], received["sign_url"], received["command_id"]) == ("received", None, "command-1")
    await post_all(pool, msign, links)
    posted = await (await api.get("/jobs", params={"command_id": "command-1"}, headers=MINE)).json()
    assert posted["state"] == "awaiting_signer"
    assert posted["sign_url"] == links.sign_url(job_id)
    assert posted["job_id"] == str(job_id)


async def test_a_finished_job_shows_its_final_event_and_no_way_to_the_sign_page(api, pool, admission, msign, links):
    msign.post_answers = [InvalidParameter("Contents[0].Content: bad")]
    await admission.handle([delivery(sign_data())])
    await post_all(pool, msign, links)
    job_id = (await only_job(pool))["job_id"]
    view = await (await api.get(f"/jobs/{job_id}?wait_s=30", headers=MINE)).json()
    assert (view["state"], view["sign_url"]) == ("rejected", None)
    assert view["errors"][0]["code"] == "refused_by_msign"


@pytest.mark.parametrize("path", ["/jobs/{job_id}", "/jobs?command_id=command-1"])
async def test_another_systems_job_is_not_there(api, pool, admission, path):
    await admission.handle([delivery(sign_data(), id="command-1")])
    path = path.format(job_id=(await only_job(pool))["job_id"])
    assert (await api.get(path, headers=MINE)).status == 200
    response = await api.get(path, headers=THEIRS)
    assert (response.status, await field_of(response)) == (404, "job")


async def test_waiting_tells_no_difference_between_a_foreign_job_and_none(api, pool, admission, msign, links, heard):
    await admission.handle([delivery(sign_data())])
    job_id = (await only_job(pool))["job_id"]
    await post_all(pool, msign, links)
    await pool.execute("UPDATE jobs SET state = 'completed'")
    async with asyncio.TaskGroup() as group:
        foreign = group.create_task(api.get(f"/jobs/{job_id}?wait_s=0.3", headers=THEIRS))
        none = group.create_task(api.get(f"/jobs/{uuid.uuid4()}?wait_s=0.3", headers=THEIRS))
        await asyncio.wait({foreign}, timeout=0.2)
        assert not foreign.done()
    assert (foreign.result().status, none.result().status) == (404, 404)


async def test_waiting_ends_when_the_job_changes(api, pool, admission, msign, links, notices, heard):
    await admission.handle([delivery(sign_data())])
    job_id = (await only_job(pool))["job_id"]
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        asked = group.create_task(api.get(f"/jobs/{job_id}?wait_s=30", headers=MINE))
        await notices.waiting.wait()
        await post_all(pool, msign, links)
    assert (await asked.result().json())["state"] == "awaiting_signer"


async def test_waiting_for_a_command_ends_when_its_job_begins(api, admission, notices, heard):
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        asked = group.create_task(api.get("/jobs?command_id=command-1&wait_s=30", headers=MINE))
        await notices.waiting.wait()
        await admission.handle([delivery(sign_data(), id="command-1")])
    assert (await asked.result().json())["state"] == "received"


async def test_a_change_between_the_look_and_the_waiting_is_not_slept_over(
    api, pool, admission, msign, links, notices, monkeypatch
):
    await admission.handle([delivery(sign_data())])
    job_id = (await only_job(pool))["job_id"]
    monkeypatch.setattr(http, "LOOK_EVERY_S", 60)
    looks: list[str] = []

    async def posted_after_the_second_look(pool, job_id):
        job = await get(pool, job_id)
        assert job
        looks.append(job.state)
        if len(looks) == 2:
            await post_all(pool, msign, links)
        return job

    get = jobs.get
    monkeypatch.setattr(jobs, "get", posted_after_the_second_look)
    async with asyncio.timeout(60):
        answer = await api.get(f"/jobs/{job_id}?wait_s=30", headers=MINE)
    assert (await answer.json())["state"] == "awaiting_signer"
    assert looks == ["received", "received", "awaiting_signer"]


async def test_waiting_ends_with_the_time(api, pool, admission):
    await admission.handle([delivery(sign_data())])
    job_id = (await only_job(pool))["job_id"]
    async with asyncio.timeout(60):
        response = await api.get(f"/jobs/{job_id}?wait_s=0.05", headers=MINE)
    assert (await response.json())["state"] == "received"


@pytest.mark.parametrize("wait_s", ["soon", "nan", "inf", "-1", "1e999", "", "1,5"])
async def test_a_wait_that_is_no_number_of_seconds_is_refused(api, wait_s):
    response = await api.get(f"/jobs/{uuid.uuid4()}", params={"wait_s": wait_s}, headers=MINE)
    assert (response.status, await field_of(response)) == (400, "wait_s")


@pytest.mark.parametrize(
    ("path", "status", "field"),
    [
        ("/jobs/not-a-uuid", 400, "job_id"),
        ("/jobs", 400, "command_id"),
        ("/jobs?command_id=", 400, "command_id"),
        ("/jobs?command_id=%00", 404, "job"),
        ("/jobs?command_id=%FF", 404, "job"),
        ("/elsewhere", 404, "request"),
    ],
)
async def test_errors_name_what_is_wrong_as_json(api, path, status, field):
    response = await api.get(path, headers=MINE)
    assert (response.status, await field_of(response)) == (status, field)


async def test_a_wrong_method_says_which_are_allowed(api):
    response = await api.post("/contents", data=PDF, headers=MINE)
    assert (response.status, await field_of(response)) == (405, "request")
    assert response.headers["Allow"] == "PUT"


async def test_without_the_database_the_answer_is_503_as_json(api, pool):
    await pool.close()
    response = await api.get(f"/jobs/{uuid.uuid4()}", headers=MINE)
    assert (response.status, await field_of(response)) == (503, "request")


async def test_a_content_that_the_disk_has_no_room_for_is_answered_with_503(api, pool, monkeypatch):
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda: Path("/dev/full").open("w+b"))  # noqa: SIM115
    response = await api.put("/contents", data=io.BytesIO(b"x" * 2 * http.IN_MEMORY_BYTES), headers=MINE)
    assert (response.status, await field_of(response)) == (503, "request")
    assert await pool.fetchval("SELECT count(*) FROM contents") == 0


async def test_a_verification_job_has_no_deadline(api, pool):
    now = datetime.now(UTC)
    new = NewJob(
        job_id=uuid.uuid4(), system="declaratii", command_id="command-2", digest=b"", command="{}", traceparent=None,
        expires_at=now,
    )  # fmt: skip
    (job,) = await intake.begin(pool, Kind.VERIFICATION, [new], {}, now)
    view = await (await api.get(f"/jobs/{job.job_id}", headers=MINE)).json()
    assert (view["kind"], view["expires_at"]) == ("verification", None)
