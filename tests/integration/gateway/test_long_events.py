"""An event with long texts in it: is it in the outbox as any other, and moved with its job or not at all?"""

from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict
from datetime import timedelta
from uuid import uuid4

import pytest

from shared.messaging.envelope import Event
from shared.messaging.events import ACCEPTED, AcceptedData
from shared.persistence import copying, events, jobs, long_events, moving, notices
from shared.persistence.events import INLAY, Draft
from shared.persistence.jobs import Move
from shared.pieces import Pieces
from shared.signing.states import Cause, Kind, State
from tests.gateway import delivery, sign_data

LEASE = timedelta(seconds=30)
LONG = [b"x" * 100_000, b"y" * 100_000, b"z"]


class Taker:
    """Takes what it has room for."""

    def __init__(self, lease: timedelta | None) -> None:
        self.lease = lease
        self.sizes: list[int] = []
        self.taken: list[events.Waiting] = []

    @contextmanager
    def expecting(self, sizes):
        self.sizes += sizes
        yield self.lease

    def take(self, some):
        self.taken += some


@pytest.fixture
async def claimed(pool, admission):
    await admission.handle([delivery(sign_data()) for _ in range(2)])
    return await jobs.claim(pool, Kind.SIGN, owner=uuid4(), lease=timedelta(seconds=60), limit=2)


def move_of(job, *, inlays=(LONG,)):
    data = AcceptedData(
        job_id=str(job.job_id),
        command_id=job.command_id,
        request_id="request",
        sign_url=INLAY if inlays else b"".join(LONG).decode(),
        expires_at=job.expires_at,
    )
    draft = Draft("sign_gateway", ACCEPTED, data, inlays)
    return Move(
        job=job, cause=Cause.POSTED, request_id="request", drafts=[draft], outcome="accepted", traceparent="00-7"
    )


@pytest.mark.parametrize("lease", [LEASE, None])
async def test_it_is_written_and_handed_over_as_any_other(pool, claimed, lease):
    taker, usual = Taker(lease), Taker(lease)
    moved = await long_events.move(pool, move_of(claimed[0]), taker)
    (other,) = await jobs.move_all(pool, [move_of(claimed[1], inlays=())], usual)
    assert moved is not None
    assert other is not None
    assert moved.state == other.state == State.AWAITING_SIGNER
    rows = await pool.fetch(
        "SELECT *, due_at - created_at AS waits FROM events ORDER BY job_id = $1 DESC", moved.job_id
    )
    for row, job in zip(rows, (moved, other), strict=True):
        event = Event.model_validate_json(row["body"])
        assert event.time == job.seen_at == row["created_at"] == row["waiting_since"]
        assert AcceptedData.model_validate(event.data).sign_url.encode() == b"".join(LONG)
        assert (event.id, event.subject, event.sequence) == (str(row["event_id"]), str(job.job_id), 1)
    same = ("sequence", "type", "routing_key", "traceparent", "attempts", "published_at", "waits")
    assert [rows[0][name] for name in same] == [rows[1][name] for name in same]
    assert taker.sizes == [len(rows[0]["body"])]
    assert [b"".join(one.body) for one in taker.taken if isinstance(one.body, Pieces)] == (
        [rows[0]["body"]] if lease else []
    )
    own = ("event_id", "job_id", "body", "correlation_id", "due_to")
    handed, usually = (
        [{name: value for name, value in asdict(one).items() if name not in own} for one in some]
        for some in (taker.taken, usual.taken)
    )
    assert handed == usually


async def test_where_another_was_first_it_is_neither_written_nor_handed_over(pool, claimed):
    taker = Taker(LEASE)
    await jobs.move(pool, claimed[0], Cause.LOST_CLAIM, due_in=timedelta(0))
    assert await long_events.move(pool, move_of(claimed[0]), taker) is None
    assert (taker.taken, await pool.fetchval("SELECT count(*) FROM events")) == ([], 0)


async def test_what_cannot_be_written_to_its_end_moves_nothing(pool, claimed, monkeypatch):
    taker, whole = Taker(LEASE), copying.binary_rows

    async def broken_off(rows):
        async for piece in whole(rows):
            yield piece
            raise OSError("gone")

    monkeypatch.setattr(long_events, "binary_rows", broken_off)
    with pytest.raises(OSError, match="gone"):
        await long_events.move(pool, move_of(claimed[0]), taker)
    assert await pool.fetchval("SELECT count(*) FROM events") == 0
    assert await pool.fetchval("SELECT state FROM jobs WHERE job_id = $1", claimed[0].job_id) == State.POSTING
    assert taker.taken == []


async def test_the_same_event_is_not_written_twice(pool, claimed):
    wanted = move_of(claimed[0])
    assert await long_events.move(pool, wanted)
    assert await long_events.move(pool, wanted) is None
    moved_before = await jobs.moved_before(pool, wanted.event_ids)
    assert moved_before is not None
    assert moved_before.job_id == claimed[0].job_id
    assert await pool.fetchval("SELECT count(*) FROM events") == 1


async def test_it_is_told_once_and_at_once_though_nobody_heard_of_the_commit(pool, claimed, monkeypatch):
    taker, wanted, heard = Taker(LEASE), move_of(claimed[0]), iter([False, True])

    @asynccontextmanager
    async def transaction(pool):
        async with notices.transaction(pool) as connection:
            yield connection
        if not next(heard):
            raise ConnectionResetError

    monkeypatch.setattr(long_events, "transaction", transaction)
    monkeypatch.setattr(moving, "RETRY_S", 0)
    moved = await moving.until_known(pool, lambda: long_events.move(pool, wanted, taker), wanted.event_ids)
    assert moved is not None
    assert moved.state == State.AWAITING_SIGNER
    assert taker.taken == []
    (due,) = await events.claim_due(pool, limit=10, most_bytes=10**6, lease=LEASE)
    assert due.event_id == wanted.drafts[0].event_id
