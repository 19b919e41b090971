"""The status on the ops port: the right numbers, nothing of people, and an answer when something is away."""

import asyncio
import re
from datetime import timedelta
from unittest.mock import AsyncMock

import pytest
from aio_pika import Message

from services.sign_gateway.status import looking, surroundings
from services.sign_gateway.status.page import SCRIPT, STYLE
from shared.errors import ProviderDown
from shared.messaging import broker
from shared.messaging.topology import COMMANDS, CommandQueue, declare_commands

AGO = timedelta(minutes=20)


@pytest.fixture
def state(client):
    """Ask for the state of a window."""

    async def asked(window="hour", *, status=200):
        async with client.get(f"/status.json?window={window}") as answer:
            assert answer.status == status
            return await answer.json()

    return asked


@pytest.fixture
def stale(monkeypatch):
    """Let every look read anew."""
    monkeypatch.setattr(looking, "FRESH_S", -1.0)


def section(told, kind="sign"):
    (found,) = (one for one in told["state"]["sections"] if one["kind"] == kind)
    return found


async def test_the_funnel_tells_how_far_jobs_came_and_what_became_of_them(begun, state):
    await begun("completed", ago=AGO, posted=1, returned=30, finished=31)
    await begun("expired", ago=AGO, posted=1, finished=600)
    await begun("rejected", ago=AGO, finished=1, system="declaratii")
    await begun("awaiting_signer", ago=AGO, posted=1)
    await begun("completed", ago=AGO, kind="verification", finished=2)
    told = await state()
    funnel = section(told)["funnel"]
    assert (funnel["received"], funnel["posted"], funnel["returned"]) == (4, 3, 1)
    assert funnel["ended"] == {"completed": 1, "failed": 0, "expired": 1, "rejected": 1, "open": 1}
    assert {name: one["received"] for name, one in section(told)["by_system"].items()} == {
        "declaratii": 1, "registru": 3,
    }  # fmt: skip
    assert section(told, "verification")["funnel"]["ended"]["completed"] == 1


async def test_stages_are_told_within_a_tenth(begun, state):
    for seconds in (10.0, 20.0, 30.0):
        await begun("completed", ago=AGO, posted=0.25, returned=seconds, finished=seconds + 0.5)
    stages = section(await state())["stages"]
    for stage, which, seconds in (("received_to_posted", "median_s", 0.25), ("returned_to_ready", "p95_s", 0.5)):
        found = [value for value in stages[stage][which] if value is not None]
        assert found  # several, if a step of time ended among the jobs
        assert found == pytest.approx([seconds] * len(found), rel=0.2)


@pytest.mark.parametrize(("window", "received"), [("hour", 1), ("day", 2), ("week", 3), ("decade", 2)])
async def test_each_window_has_its_own_jobs(begun, state, window, received):
    for ago in (AGO, timedelta(hours=20), timedelta(days=5), timedelta(days=9)):
        await begun("completed", ago=ago, posted=1, finished=60)
    told = await state(window)
    assert section(told)["funnel"]["received"] == received
    assert told["state"]["window"]["step_s"] * len(told["state"]["steps"]) == told["state"]["window"]["span_s"]


async def test_a_job_counts_once_while_it_goes_on_and_after_it_has_ended(begun, state, stale, pool, monkeypatch):
    job_id = await begun("awaiting_signer", ago=AGO, posted=1)
    assert section(await state())["funnel"]["ended"]["open"] == 1
    await pool.execute(
        "UPDATE jobs SET state = 'completed', due_at = NULL, finished_at = now() WHERE job_id = $1", job_id
    )
    for unsettled in (looking.UNSETTLED, timedelta(0), timedelta(0)):
        monkeypatch.setattr(looking, "UNSETTLED", unsettled)
        funnel = section(await state())["funnel"]
        assert (funnel["received"], funnel["ended"]["completed"], funnel["ended"]["open"]) == (1, 1, 0)


async def test_what_has_settled_is_not_read_again(begun, state, stale, pool):
    await begun("completed", ago=AGO, posted=1, finished=2)
    assert section(await state())["funnel"]["received"] == 1
    await pool.execute("DELETE FROM jobs")
    assert section(await state())["funnel"]["received"] == 1


async def test_a_state_is_shown_again_for_some_seconds(begun, state, monkeypatch):
    monkeypatch.setattr(looking, "FRESH_S", 3600.0)
    assert section(await state())["funnel"]["received"] == 0
    await begun("completed", ago=AGO, posted=1, finished=2)
    assert section(await state())["funnel"]["received"] == 0


async def test_the_oldest_open_jobs_are_named_by_their_id_only(begun, client):
    job_id = await begun("awaiting_signer", ago=AGO, posted=1)
    for path in ("/status", "/status.json"):
        async with client.get(path) as answer:
            text = await answer.text()
        assert str(job_id) in text
        assert "overdue" in text
        assert "Secret" not in text


async def test_a_systems_name_cannot_bring_markup_into_the_page(begun, client):
    await begun("awaiting_signer", ago=AGO, system="<script>alert(1)</script>")
    async with client.get("/status") as answer:
        assert "<script>alert" not in await answer.text()


async def test_the_page_needs_nothing_else_and_allows_nothing_else(client):
    async with client.get("/status") as answer:
        page, policy = await answer.text(), answer.headers["Content-Security-Policy"]
    assert f"<style>{STYLE}</style>" in page
    assert f"<script>{SCRIPT}</script>" in page
    assert "unsafe" not in policy
    assert policy.startswith("default-src 'none';")
    assert not re.findall(r'\sstyle="|\son\w+="|https?://', page)


async def test_the_queues_tell_what_waits_who_reads_and_what_is_dead(connection, state, monkeypatch):
    ours = CommandQueue("status_test", "sign.request.status-test")
    monkeypatch.setattr(surroundings, "COMMAND_QUEUES", (ours, CommandQueue("never_ran", "")))
    async with connection.channel() as channel:
        commands = await declare_commands(channel, ours)
        exchange = await channel.get_exchange(COMMANDS)
        await exchange.publish(Message(b"{}"), ours.binding)
        dead = await channel.get_queue(ours.dead)
        await channel.default_exchange.publish(Message(b"{}"), ours.dead)
        (seen,) = (await state())["replica"]["queues"]
        assert seen == {"service": "status_test", "waiting": 1, "replicas": 0, "dead": 1}
        await commands.consume(AsyncMock())
        (seen,) = (await state())["replica"]["queues"]
        assert (seen["waiting"], seen["replicas"]) == (0, 1)
        for queue in (commands, dead):
            await queue.delete(if_empty=False, if_unused=False)


async def test_an_open_breaker_and_a_failing_check_are_told(service, breaker, client, state):
    async def fails():
        return False

    async def holds():
        return True

    service.ready_when("consumer", fails)
    service.troubles["publishing is blocked"] = holds
    breaker.failed(ProviderDown("refused"))
    told = (await state())["replica"]
    assert (told["breaker_open"], told["checks"]) == (True, {"consumer": False})
    assert told["warnings"] == ["publishing is blocked"]
    async with client.get("/status") as answer:
        text = await answer.text()
    assert "not called" in text
    assert "publishing is blocked" in text
    assert "not ready" in text


async def test_a_database_that_is_away_leaves_the_last_state_and_says_so(begun, client, state, stale, pool):
    await begun("completed", ago=AGO, posted=1, finished=2)
    await state()
    await pool.execute("ALTER TABLE jobs RENAME TO gone")
    told = await state(status=503)
    assert told["database_away"] is True
    assert section(told)["funnel"]["received"] == 1
    async with client.get("/status?window=hour") as answer:
        assert answer.status == 503
        assert "The database cannot be read" in await answer.text()
    async with client.get("/status?window=week") as answer:
        assert answer.status == 503


async def test_a_broker_that_is_away_is_told(connection, client, state):
    await connection.close()
    assert (await state())["replica"]["queues"] is None
    async with client.get("/status") as answer:
        assert "no answer" in await answer.text()


@pytest.mark.parametrize("silence", ["blocks", "hangs"])
async def test_a_broker_that_does_not_answer_holds_nobody_up(state, monkeypatch, silence):
    async def yes(_):
        return True

    async def never(*_):
        await asyncio.Event().wait()

    if silence == "blocks":
        monkeypatch.setattr(broker, "blocks", yes)
    else:
        monkeypatch.setattr(surroundings, "_queue", never)
        monkeypatch.setattr(surroundings, "WITHIN_S", 0.05)
    assert (await state())["replica"]["queues"] is None


async def test_other_pages_of_the_ops_port_are_not_found(client):
    for path in ("/", "/status/", "/nothing"):
        async with client.get(path) as answer:
            assert answer.status == 404
