"""Where is my signature? What an operator sees of jobs in a real database, and what is never shown."""

import asyncio
import json
import signal
import sys
import uuid
from asyncio.subprocess import PIPE
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from msign_gateway.cli import app
from msign_gateway.commands import jobs_watch
from services.sign_gateway.deadlines import expire_overdue
from services.sign_gateway.posting import Poster
from shared.contract.faults import InvalidParameter
from shared.errors import Transient
from shared.persistence import inquiries, jobs
from shared.signing.breaker import Breaker
from tests.gateway import delivery, only_job, sign_data
from tests.pki import IDNP

COMMAND = Path(sys.executable).parent / "msign-gateway"


@pytest.fixture
def run(database_url):
    """Run `jobs …` as an operator does; returns the result."""

    def call(*arguments):
        environment = {"DATABASE_URL": database_url, "COLUMNS": "200"}
        return CliRunner().invoke(app, ["jobs", *arguments], env=environment)

    async def invoke(*arguments):
        return await asyncio.to_thread(call, *arguments)

    return invoke


@pytest.fixture
def begin(pool, admission, msign, links):
    """Take a command in, and post what can be posted."""

    async def begun(command_id="command-1", *, system="declaratii", post=True, **changes):
        data = sign_data(return_url=f"https://{system}.example/", **changes)
        await admission.handle([delivery(data, system=system, id=command_id)])
        poster = Poster(pool, msign, Breaker(), links)
        for job in await poster.claim(10) if post else []:
            await poster.post(job)

    return begun


async def test_the_list_tells_state_and_system_newest_first_and_can_be_narrowed(run, begin):
    await begin("first")
    await begin("second", system="registru", post=False)
    everything = json.loads((await run("list", "--json")).stdout)
    assert [(job["command_id"], job["state"], job["overdue"]) for job in everything] == [
        ("second", "received", False),
        ("first", "awaiting_signer", False),
    ]
    narrowed = [
        ("--system", "registru"), ("--state", "received"), ("--limit", "1"),
    ]  # fmt: skip
    for filters in narrowed:
        found = json.loads((await run("list", "--json", *filters)).stdout)
        assert [job["command_id"] for job in found] == ["second"], filters
    assert json.loads((await run("list", "--json", "--kind", "verification")).stdout) == []


async def test_for_people_the_list_is_a_table_with_whole_ids(run, begin, pool):
    await begin()
    result = await run("list")
    assert str((await only_job(pool))["job_id"]) in result.stdout
    assert "awaiting_signer" in result.stdout
    assert "overdue" not in result.stdout


async def test_no_jobs_is_a_sentence(run):
    assert (await run("list")).stdout == "no such jobs\n"


@pytest.mark.parametrize(
    "neglect",
    ["expires_at = now() - interval '21 minutes'", "due_at = now() - interval '2 minutes'"],
    ids=["past its deadline", "nobody took it"],
)
async def test_an_overdue_job_is_told_from_one_that_is_not(run, begin, pool, neglect):
    await begin("late")
    await begin("in time")
    await pool.execute(f"UPDATE jobs SET {neglect} WHERE command_id = 'late'")
    found = json.loads((await run("list", "--json", "--overdue")).stdout)
    assert [job["command_id"] for job in found] == ["late"]
    assert "overdue" in (await run("show", "late")).stdout


async def test_a_job_is_found_by_its_id_and_by_its_commands(run, begin, pool):
    command_id = str(uuid.uuid4())
    await begin(command_id)
    job_id = str((await only_job(pool))["job_id"])
    for wanted in (job_id, command_id):
        shown = json.loads((await run("show", wanted, "--json")).stdout)
        assert shown["job"]["job_id"] == job_id


async def test_a_command_id_of_two_systems_must_be_told_apart(run, begin):
    await begin("same")
    await begin("same", system="registru")
    result = await run("show", "same")
    assert (result.exit_code, result.stderr) == (
        1,
        "jobs: same is a command of declaratii, registru: say which by --system\n",
    )
    shown = json.loads((await run("show", "same", "--system", "registru", "--json")).stdout)
    assert shown["job"]["system"] == "registru"


@pytest.mark.parametrize("wanted", ["nothing", str(uuid.UUID(int=17)), "'; --"])
async def test_a_job_that_is_not_there_is_a_sentence(run, begin, wanted):
    await begin()
    result = await run("show", wanted)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"jobs: there is no job {wanted}")


async def test_the_timeline_tells_a_failed_attempt_the_request_and_what_the_broker_has(run, begin, pool, msign):
    msign.post_answers = [Transient("the connection broke"), "request-7"]
    await begin()
    waiting = (await run("show", "command-1")).stdout
    assert "waits for attempt 2 at" in waiting
    await pool.execute("UPDATE jobs SET due_at = now()")
    await begin("other")
    shown = (await run("show", "command-1")).stdout
    assert "PostSignRequest, attempt 1: ambiguous" in shown
    told = ["the command came in", "it is tried again later", "attempt 2: accepted, RequestID request-7"]
    places = [shown.index(sentence) for sentence in told]
    assert places == sorted(places)
    assert "waits for the signer, until" in shown
    assert "msign.sign_request.accepted.v1 waits for the broker for" in shown
    await pool.execute("UPDATE events SET due_at = NULL, published_at = now()")
    assert "the broker has msign.sign_request.accepted.v1" in (await run("show", "command-1")).stdout


async def test_a_rejection_says_what_was_wrong_without_long_numbers(run, begin, msign):
    msign.post_answers = [InvalidParameter(f"ExpectedSigner.ID: {IDNP} is unknown")]
    await begin(expected_signer={"id": IDNP})
    shown = (await run("show", "command-1")).stdout
    assert "refused_by_msign" in shown
    assert "ExpectedSigner.ID: … is unknown" in shown
    assert IDNP not in shown


async def test_nothing_that_the_command_said_is_shown(run, begin, pool):
    await begin(expected_signer={"id": IDNP}, short_description="Secret", msisdn="37369000000")
    for arguments in (["list", "--json"], ["show", "command-1"], ["show", "command-1", "--json"]):
        shown = (await run(*arguments)).stdout
        assert not [said for said in (IDNP, "Secret", "37369000000", "basket 7") if said in shown]


async def test_an_expired_job_tells_its_outcome(run, begin, pool):
    await begin(post=False)
    await pool.execute("UPDATE jobs SET expires_at = $1", datetime.now(UTC) - timedelta(seconds=1))
    await expire_overdue(pool)
    await pool.execute("UPDATE events SET published_at = now()")
    shown = (await run("show", "command-1")).stdout
    assert shown.startswith("expired")
    assert "msign.sign_response.ready.v1: Expired" in shown


async def test_an_end_tells_why_and_whether_the_system_knows(run, begin, pool, msign):
    msign.post_answers = [InvalidParameter("MSISDN is not valid")]
    await begin()
    shown = (await run("show", "command-1")).stdout
    assert "MSign refused it" in shown
    assert "its system was not told yet" in shown
    assert "– signer came back  →  ✗ rejected  →  ● system told" in shown
    await pool.execute("UPDATE events SET due_at = NULL, published_at = now()")
    shown = (await run("show", "command-1")).stdout
    assert "its system was told" in shown
    assert "✓ system told" in shown


async def test_a_signer_who_came_back_is_a_moment_of_the_timeline(run, begin, pool):
    await begin()
    assert "✓ at MSign  →  ● signer came back" in (await run("show", "command-1")).stdout
    await jobs.note_return(pool, (await only_job(pool))["job_id"])
    shown = (await run("show", "command-1")).stdout
    assert "the signer's browser came back" in shown
    assert "✓ signer came back  →  ● signed" in shown


async def test_a_poll_that_did_not_happen_is_not_promised(run, begin, pool):
    await begin()
    await pool.execute("UPDATE jobs SET due_at = now() - interval '2 minutes'")
    shown = (await run("show", "command-1")).stdout
    assert "MSign should have been asked at" in shown
    assert "is sign_gateway running?" in shown


async def test_watching_one_job_tells_all_and_ends_with_it(run, begin, pool):
    await begin(post=False)
    await pool.execute("UPDATE jobs SET expires_at = $1", datetime.now(UTC) - timedelta(seconds=1))
    watching = asyncio.create_task(run("watch", "command-1", "--json"))
    await expire_overdue(pool)
    async with asyncio.timeout(60):
        result = await watching
    assert [json.loads(line)["to_state"] for line in result.stdout.splitlines()] == ["received", "expired"]


async def test_watching_all_tells_what_changes_from_now_on(begin, pool, database_url):
    await begin("before")
    changes: asyncio.Queue[inquiries.Change] = asyncio.Queue()
    looked = asyncio.Event()
    seen = inquiries.changes

    async def noticed(*args, **kwargs):
        found = await seen(*args, **kwargs)
        looked.set()
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inquiries, "changes", noticed)
        following = asyncio.create_task(jobs_watch.follow(pool, database_url, None, "declaratii", changes.put_nowait))
        try:
            async with asyncio.timeout(60):
                await looked.wait()
                await begin("theirs", system="registru")
                await begin("after")
                await pool.execute("UPDATE jobs SET due_at = now()")
                told = [await changes.get() for _ in range(3)]
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
    assert [(change.command_id, change.to_state) for change in told] == [
        ("after", "received"),
        ("after", "posting"),
        ("after", "awaiting_signer"),
    ]


async def test_an_interrupt_ends_the_watching_quietly(begin, database_url):
    await begin()
    watching = await asyncio.create_subprocess_exec(
        COMMAND, "jobs", "watch", "command-1", "--database-url", database_url, stdout=PIPE, stderr=PIPE
    )
    assert watching.stdout is not None
    async with asyncio.timeout(60):
        assert b"received" in await watching.stdout.readline()
        watching.send_signal(signal.SIGINT)
        _, err = await watching.communicate()
    assert (watching.returncode, err) == (130, b"")


async def test_a_database_without_our_tables_says_what_to_do(empty_database_url):
    command = ["jobs", "list", "--database-url", empty_database_url]
    result = await asyncio.to_thread(CliRunner().invoke, app, command)
    assert result.exit_code == 1
    assert "migrate" in result.stderr


@pytest.mark.parametrize(
    ("url", "code", "said"),
    [
        ("postgresql://nobody@127.0.0.1:1/none", 1, "jobs: the database of DATABASE_URL cannot be used"),
        ("no url", 2, "setting DATABASE_URL: "),
    ],
)
async def test_a_database_that_cannot_be_reached_is_a_sentence(url, code, said):
    result = await asyncio.to_thread(CliRunner().invoke, app, ["jobs", "list", "--database-url", url])
    assert result.exit_code == code
    assert result.stderr.startswith(said)
    assert result.stderr.count("\n") == 1
