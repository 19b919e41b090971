"""Are jobs worked on soon that were claimed over a connection which broke before anybody learned of it?"""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import asyncpg
import pytest

from services.sign_gateway.handlers import SignPolicy, sign_intent
from services.sign_gateway.posting import AtOnce, Poster
from shared.messaging.intake import Done
from shared.persistence import contents, intake, jobs
from shared.persistence.grouping import Grouped
from shared.signing import worker as working
from shared.signing.admission import Admission
from shared.signing.breaker import Breaker
from shared.signing.worker import Worker
from tests.gateway import delivery, events_of, eventually, sign_data

BROKE = asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation")


@dataclass
class Running:
    """A worker that rests until it is told to look, and its poster."""

    worker: Worker
    poster: Poster
    look: asyncio.Event
    rests: asyncio.Event

    async def looks(self):
        self.rests.clear()
        self.look.set()
        await self.rests.wait()

    async def posts_all(self, pool, number):
        async def posted():
            self.look.set()
            return await pool.fetchval("SELECT count(*) = $1 FROM jobs WHERE state = 'awaiting_signer'", number)

        await eventually(posted)
        assert len(await events_of(pool)) == number


@pytest.fixture
async def running(pool, msign, links, monkeypatch):
    monkeypatch.setattr(working, "RETRY_S", 0.01)
    breaker, rests, look = Breaker(), asyncio.Event(), asyncio.Event()
    poster = Poster(pool, msign, breaker, links)

    async def idle():
        rests.set()
        await look.wait()
        look.clear()

    worker = Worker(
        "post", claim=poster.claim, work=poster.post, idle=idle, breaker=breaker, concurrency=5,
        give_back=poster.give_back,
    )  # fmt: skip
    task = asyncio.create_task(worker.run())
    await rests.wait()
    yield Running(worker, poster, look, rests)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def breaking_once(monkeypatch, module, name):
    """Let one call of `name` do what it does, and nobody learn of it."""
    real = getattr(module, name)
    broken: list[object] = []

    async def breaks(*asked, **named):
        answer = await real(*asked, **named)
        if not broken and answer:
            broken.append(answer)
            raise BROKE
        return answer

    monkeypatch.setattr(module, name, breaks)


async def test_what_was_claimed_as_it_began(pool, systems, msign, running, monkeypatch):
    at_once = AtOnce(running.poster, running.worker)
    admission = Admission(pool, systems, sign_intent(SignPolicy(timedelta(hours=24), 4096)), at_once)
    breaking_once(monkeypatch, intake, "begin")
    commands = [delivery(sign_data()) for _ in range(2)]
    with pytest.raises(asyncpg.ConnectionDoesNotExistError):
        await admission.handle(commands)
    assert await pool.fetchval("SELECT count(*) FROM jobs WHERE state = 'posting'") == 2
    assert await admission.handle(commands) == [Done("duplicate"), Done("duplicate")]
    await running.posts_all(pool, 2)
    assert len(msign.posted) == 2


async def test_what_was_claimed_later(pool, admission, msign, running, monkeypatch):
    breaking_once(monkeypatch, jobs, "claim")
    await admission.handle([delivery(sign_data()) for _ in range(3)])
    await running.posts_all(pool, 3)
    assert len(msign.posted) == 3


async def test_what_was_broken_off_before_msign_was_asked(pool, admission, msign, running, monkeypatch):
    breaking_once(monkeypatch, contents, "of_jobs")
    monkeypatch.setattr(running.poster, "_contents", Grouped(partial(contents.of_jobs, pool)))
    await admission.handle([delivery(sign_data())])
    await running.posts_all(pool, 1)
    assert len(msign.posted) == 1


async def test_what_goes_wrong_for_another_reason_is_not_begun_again_at_once(
    pool, admission, msign, running, monkeypatch
):
    moves = asyncio.Event()

    async def wrong(_):
        moves.set()
        raise asyncpg.UndefinedColumnError("there is no such column yet")

    monkeypatch.setattr(running.poster, "_moves", wrong)
    await admission.handle([delivery(sign_data())])
    running.look.set()
    await moves.wait()
    for _ in range(4):
        await running.looks()
    assert len(msign.posted) == 1
    assert await pool.fetchval("SELECT state FROM jobs") == "posting"


async def test_what_others_work_on_is_left_to_them(pool, admission, msign, links):
    await admission.handle([delivery(sign_data()) for _ in range(3)])
    poster, other = (Poster(pool, msign, Breaker(), links) for _ in range(2))
    mine, also_mine = await poster.claim(2)
    (theirs,) = await other.claim(1)
    await poster.give_back([mine.job_id])
    states = {row["job_id"]: row["state"] for row in await pool.fetch("SELECT job_id, state FROM jobs")}
    assert states == {mine.job_id: "posting", also_mine.job_id: "received", theirs.job_id: "posting"}
