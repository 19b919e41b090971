"""How does `msign-gateway verify` go through its files or its batch, and with which exit code does it end?

Everything is read in processes that can be killed, one for each core; answers come in the order of the questions.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
import typer

from msign_gateway.commands import verify_report
from msign_gateway.commands.verify_cases import Case, Unusable, as_data, judge, load_anchors, read_case
from shared.signatures.fetching import NO_NETWORK, HttpFetcher, public_connector
from shared.signatures.trust import TrustAnchors
from shared.signatures.verdict import Report
from shared.signatures.verify import Verifier
from shared.signatures.workers import Workers
from shared.telemetry.logging import configure_logging

EXIT_VERDICT = 0
EXIT_UNUSABLE = 2

Question = TypeVar("Question")
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Wishes:
    """How to verify: a directory of anchors, a policy file, whether the network may be used, and how to print."""

    trust: Path | None = None
    policy: Path | None = None
    online: bool = False
    as_json: bool = False


def run_files(files: list[Path], content: str | None, wishes: Wishes) -> int:
    """Verify and print; the exit code is 0 when there is a verdict on everything, else 2."""
    return _run(lambda anchors: _files(files, content, anchors, wishes), wishes)


def run_batch(batch: Path, wishes: Wishes) -> int:
    """Verify and print one line for each case; the exit code is 0 when the batch could be read."""
    return _run(lambda anchors: _batch(_lines(batch), batch.parent, anchors, wishes), wishes)


def _run(work: Callable[[TrustAnchors], Awaitable[int]], wishes: Wishes) -> int:
    configure_logging("verify", level="error")

    async def done() -> int:
        return await work(load_anchors(wishes.trust, wishes.policy))

    try:
        return asyncio.run(done())
    except Unusable as error:
        if wishes.as_json:
            _print({"error": str(error)})
        else:
            typer.echo(str(error), err=True)
        return EXIT_UNUSABLE


async def _files(files: list[Path], content: str | None, anchors: TrustAnchors, wishes: Wishes) -> int:
    code = EXIT_VERDICT
    async with _verifier(anchors, online=wishes.online) as (verifier, at_once):

        async def answer(file: Path) -> tuple[Path, Report | Unusable]:
            return file, await _judged(Case(file, content=content), verifier)

        async for file, found in _in_order(files, answer, at_once):
            if isinstance(found, Unusable):
                code = EXIT_UNUSABLE
            _tell(file, found, named=len(files) > 1, as_json=wishes.as_json)
    return code


async def _batch(lines: list[str], base: Path, anchors: TrustAnchors, wishes: Wishes) -> int:
    """One line for each case, in order; a case that cannot be used does not stop the others."""
    async with _verifier(anchors, online=wishes.online) as (verifier, at_once):
        _print({"ready": True})

        async def answer(line: str) -> dict[str, Any]:
            try:
                case_id, case = read_case(line, base)
            except Unusable as error:
                return {"case_id": error.case_id, "error": str(error)}
            return {"case_id": case_id} | _data(await _judged(case, verifier))

        async for found in _in_order(lines, answer, at_once):
            _print(found)
    return EXIT_VERDICT


async def _judged(case: Case, verifier: Verifier) -> Report | Unusable:
    try:
        return await judge(case, verifier)
    except Unusable as error:
        return error


async def _in_order(
    questions: Iterable[Question], answer: Callable[[Question], Awaitable[Answer]], at_once: int
) -> AsyncIterator[Answer]:
    """Work on a few questions at once and yield the answers in the order of the questions."""
    waiting: list[asyncio.Future[Answer]] = []
    for question in questions:
        if len(waiting) == at_once:
            yield await waiting.pop(0)
        waiting.append(asyncio.ensure_future(answer(question)))
    for future in waiting:
        yield await future


@asynccontextmanager
async def _verifier(anchors: TrustAnchors, *, online: bool) -> AsyncIterator[tuple[Verifier, int]]:
    """A verifier, and how many questions to put to it at once: enough to keep its processes busy."""
    async with AsyncExitStack() as stack:
        workers = await stack.enter_async_context(Workers(log_level="error"))
        if not online:
            yield Verifier(anchors, NO_NETWORK, workers.run), 2 * workers.count
            return
        session = await stack.enter_async_context(aiohttp.ClientSession())
        strangers = await stack.enter_async_context(aiohttp.ClientSession(connector=public_connector()))
        yield Verifier(anchors, HttpFetcher(session, strangers), workers.run), 2 * workers.count


def _tell(file: Path, found: Report | Unusable, *, named: bool, as_json: bool) -> None:
    if as_json:
        _print(({"file": str(file)} if named else {}) | _data(found))
    elif isinstance(found, Unusable):
        verify_report.show_problem(file, str(found))
    else:
        verify_report.show(file, found)


def _data(found: Report | Unusable) -> dict[str, Any]:
    return {"error": str(found)} if isinstance(found, Unusable) else as_data(found)


def _lines(batch: Path) -> list[str]:
    try:
        return [line for line in batch.read_text(encoding="utf-8").split("\n") if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise Unusable(f"{batch} cannot be read") from error


def _print(answer: dict[str, Any]) -> None:
    print(json.dumps(answer, ensure_ascii=False), flush=True)  # noqa: T201
