"""PostSignRequest is not idempotent: what is known, and what is told, when its connection breaks at each point?"""

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest

from msign_gateway.infrastructure.ports import free_ports
from services.sign_gateway.deadlines import take_back_lost
from services.sign_gateway.posting import Poster
from shared.contract.client import MSignClient
from shared.signing.breaker import Breaker
from shared.signing.links import Links
from tests.gateway import delivery, events_of, only_job, sign_data
from tests.integration.encryption.fronts import Files, make_files
from tests.integration.gateway.breaking import BreakingMSign, Point, Talk, http

PATIENCE_S = 60.0
HANGS_FOR_S = 3.0
"""How long a call waits for a server that does not answer: enough for all that comes before, on a slow machine too."""
LARGE = b"%PDF-1.7\n" + b"x" * 4_000_000


async def reset_at_once(talk: Talk) -> None:
    talk.reset()


async def reset_in_the_headers(talk: Talk) -> None:
    await talk.reader.readexactly(20)
    talk.reset()


async def reset_in_the_body(talk: Talk) -> None:
    await talk.reader.readexactly(await talk.head() - 10)
    talk.reset()


async def reset_early_in_a_large_body(talk: Talk) -> None:
    await talk.head()
    await talk.reader.readexactly(100_000)
    talk.reset()


async def hang_early_in_a_large_body(talk: Talk) -> None:
    await talk.head()
    await talk.hang()


async def reset_before_the_answer(talk: Talk) -> None:
    await talk.whole()
    talk.reset()


async def hang_before_the_answer(talk: Talk) -> None:
    await talk.whole()
    await talk.hang()


async def reset_in_the_answers_headers(talk: Talk) -> None:
    await talk.whole()
    await talk.say(talk.answer()[0][:30])
    talk.reset()


async def hang_in_the_answers_headers(talk: Talk) -> None:
    await talk.whole()
    await talk.say(talk.answer()[0][:30])
    await talk.hang()


async def reset_in_the_answers_body(talk: Talk) -> None:
    await talk.whole()
    head, body = talk.answer()
    await talk.say(head + body[:-40])
    talk.reset()


async def hang_in_the_answers_body(talk: Talk) -> None:
    await talk.whole()
    head, body = talk.answer()
    await talk.say(head + body[:-40])
    await talk.hang()


async def no_good_bye(talk: Talk) -> None:
    await talk.whole()
    await talk.say(b"".join(talk.answer()))
    talk.reset()


def answers(status: int, body: bytes = b"<html>no</html>", content_type: str = "text/html") -> Point:
    """Whoever stands in between answers."""

    async def answer(talk: Talk) -> None:
        await talk.whole()
        await talk.say(http(status, content_type, len(body)) + body)
        await talk.reader.read()

    answer.__name__ = f"http_{status}_{len(body)}_bytes"
    return answer


async def no_http(talk: Talk) -> None:
    await talk.whole()
    await talk.say(b"\x00\x01 what?\r\n\r\n")
    talk.reset()


@dataclass(frozen=True)
class Known:
    """What is on record of such an attempt, whether it counts against the job, and whether MSign counts as down."""

    outcome: str
    counts: bool = True
    down: bool = False


AMBIGUOUS, NOT_POSTED = Known("ambiguous"), Known("failed")
DOWN = Known("failed", counts=False, down=True)

POINTS: list[tuple[Point, Known]] = [
    (reset_at_once, AMBIGUOUS),  # the connection stood, and nobody tells how much of what was written was read
    (reset_in_the_headers, AMBIGUOUS),
    (reset_in_the_body, AMBIGUOUS),
    (reset_before_the_answer, AMBIGUOUS),
    (hang_before_the_answer, AMBIGUOUS),
    (reset_in_the_answers_headers, AMBIGUOUS),
    (hang_in_the_answers_headers, AMBIGUOUS),
    (reset_in_the_answers_body, AMBIGUOUS),
    (hang_in_the_answers_body, AMBIGUOUS),
    (no_http, AMBIGUOUS),
    (answers(200), AMBIGUOUS),
    (answers(200, b"<Envelope", "text/xml"), AMBIGUOUS),
    (answers(200, b"<a/>", "text/xml"), AMBIGUOUS),
    (answers(500), AMBIGUOUS),
    (answers(502), AMBIGUOUS),
    (answers(504), AMBIGUOUS),
    (answers(503), Known("ambiguous", counts=False, down=True)),
    (answers(404), DOWN),
    (answers(403), DOWN),
    (answers(302), NOT_POSTED),
    (answers(429), NOT_POSTED),
]
IN_A_LARGE_BODY: list[tuple[Point, Known]] = [
    (reset_early_in_a_large_body, NOT_POSTED),
    (hang_early_in_a_large_body, NOT_POSTED),
]


def time_for(point: Point) -> float:
    return HANGS_FOR_S if point.__name__.startswith("hang") else PATIENCE_S


def named(cases: list[tuple[Point, Known]]) -> list[object]:
    return [pytest.param(point, known, id=point.__name__) for point, known in cases]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return make_files(tmp_path_factory.mktemp("tls"), "msign")


@pytest.fixture
async def server(files: Files) -> AsyncIterator[BreakingMSign]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(files.cert, files.key)
    async with BreakingMSign().running(context) as running:
        yield running


@dataclass
class Bench:
    """A poster towards a server that breaks, and what became of its job."""

    pool: asyncpg.Pool
    poster: Poster
    breaker: Breaker

    async def attempt(self) -> None:
        await self.pool.execute("UPDATE jobs SET due_at = now()")
        (job,) = await self.poster.claim(1)
        await self.poster.post(job)

    async def outcomes(self) -> list[tuple[str, str | None]]:
        rows = await self.pool.fetch("SELECT outcome, request_id FROM post_attempts ORDER BY attempt")
        return [(row["outcome"], row["request_id"]) for row in rows]

    async def told(self) -> list[tuple[str, str]]:
        return [(event["type"].split(".")[2], event["data"]["request_id"]) for event in await events_of(self.pool)]


@asynccontextmanager
async def open_bench(
    pool: asyncpg.Pool, links: Links, port: int, files: Files, *, timeout_s: float = PATIENCE_S, connect_s: float = 20
) -> AsyncIterator[Bench]:
    async with MSignClient.connect(
        url=f"https://127.0.0.1:{port}/MSign.svc",
        client_cert=files.cert, client_key=files.key, ca_bundle=files.ca, timeout_s=timeout_s, connect_s=connect_s,
    ) as client:  # fmt: skip
        breaker = Breaker()
        yield Bench(pool, Poster(pool, client, breaker, links), breaker)


@pytest.fixture
async def bench(pool: asyncpg.Pool, links: Links, server: BreakingMSign, files: Files) -> AsyncIterator[Bench]:
    async with open_bench(pool, links, server.port, files) as opened:
        yield opened


async def fails_as(bench: Bench, known: Known) -> None:
    """Make an attempt that fails, and look at what is known of it."""
    await bench.attempt()
    job = await only_job(bench.pool)
    assert await bench.outcomes() == [(known.outcome, None)]
    assert (job["state"], job["failures"]) == ("received", int(known.counts))
    assert bench.breaker.open is known.down
    assert await bench.told() == []


async def then_works(bench: Bench) -> None:
    """The next attempt hands its RequestID out, once."""
    await bench.attempt()
    (_, last) = await bench.outcomes()
    assert last[0] == "accepted"
    assert await bench.told() == [("accepted", last[1])]
    assert (await only_job(bench.pool))["request_id"] == last[1]


@pytest.mark.parametrize(("point", "known"), named(POINTS))
async def test_wherever_it_breaks_one_request_is_handed_out(pool, admission, links, files, server, bench, point, known):
    server.points = [point]
    await admission.handle([delivery(sign_data())])
    async with open_bench(pool, links, server.port, files, timeout_s=time_for(point)) as first:
        await fails_as(first, known)
    await then_works(bench)


@pytest.mark.parametrize(("point", "known"), named(IN_A_LARGE_BODY))
async def test_a_message_that_was_never_handed_over_whole_was_not_posted(
    pool, admission, links, files, server, bench, point, known
):
    server.points = [point]
    contents = [{"content": base64.b64encode(LARGE).decode(), "name": "large.pdf"}]
    await admission.handle([delivery(sign_data(content_type="Pdf", contents=contents))])
    async with open_bench(pool, links, server.port, files, timeout_s=time_for(point)) as first:
        await fails_as(first, known)
    await then_works(bench)


async def test_an_answer_without_a_good_bye_is_an_answer(admission, server, bench):
    server.points = [no_good_bye]
    await admission.handle([delivery(sign_data())])
    await bench.attempt()
    assert [outcome for outcome, _ in await bench.outcomes()] == ["accepted"]


async def test_a_refused_connection_posts_nothing(pool, admission, links, files):
    (port,) = free_ports(1)
    await admission.handle([delivery(sign_data())])
    async with open_bench(pool, links, port, files) as bench:
        await fails_as(bench, DOWN)


@pytest.mark.parametrize("hangs", [False, True])
async def test_a_broken_tls_handshake_posts_nothing(pool, admission, links, files, hangs):
    async def break_it(talk: Talk) -> None:
        await talk.reader.read(100)
        if hangs:
            await talk.hang()
        talk.reset()

    await admission.handle([delivery(sign_data())])
    async with (
        BreakingMSign(points=[break_it]).running(None) as plain,
        open_bench(pool, links, plain.port, files, connect_s=1 if hangs else 20) as bench,
    ):
        await fails_as(bench, DOWN)


async def test_a_server_with_a_certificate_of_somebody_else_gets_nothing(
    pool, admission, links, server, files, tmp_path: Path
):
    strangers = make_files(tmp_path, "stranger", authority="theirs")
    await admission.handle([delivery(sign_data())])
    async with open_bench(pool, links, server.port, Files(files.cert, files.key, strangers.ca)) as bench:
        await fails_as(bench, DOWN)


async def test_a_request_that_is_known_only_after_its_claim_was_lost_is_an_orphan(pool, admission, server, bench):
    asked, may_answer = asyncio.Event(), asyncio.Event()

    async def late(talk: Talk) -> None:
        await talk.whole()
        talk.request_id = "request-late"
        asked.set()
        await may_answer.wait()
        await talk.say(b"".join(talk.answer()))
        await talk.reader.read()

    server.points = [late]
    await admission.handle([delivery(sign_data())])
    first = asyncio.create_task(bench.attempt())
    await asked.wait()
    await pool.execute("UPDATE jobs SET lease_until = now() - interval '1 second'")
    assert await take_back_lost(pool) == 1
    await bench.attempt()
    may_answer.set()
    await first
    assert await bench.outcomes() == [("orphaned", "request-late"), ("accepted", "request-1")]
    assert await bench.told() == [("accepted", "request-1")]
