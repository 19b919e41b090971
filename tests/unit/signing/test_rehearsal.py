"""Before the first signature comes back, its whole way was gone once, by each thread that will work on one."""

import asyncio
import tempfile
import threading
from pathlib import Path

from structlog.testing import capture_logs

from shared.signing import rehearsal
from shared.signing.rehearsal import THREADS, rehearse
from shared.signing.results import Outcome, judge


def workers() -> set[str]:
    return {one.name for one in threading.enumerate() if one.name.startswith("worker")}


async def test_each_thread_judges_an_answer_from_its_spool(monkeypatch):
    found: list[tuple[str, Outcome]] = []
    both = threading.Barrier(THREADS)

    def judged(*args, **options) -> Outcome:
        both.wait(5)
        outcome = judge(*args, **options)
        assert outcome is not None
        found.append((threading.current_thread().name, outcome))
        return outcome

    monkeypatch.setattr(rehearsal, "judge", judged)
    await rehearse()
    assert {name for name, _ in found} == workers()
    assert len(found) == THREADS
    for _, outcome in found:
        assert outcome.begins_with[0] is not None
        assert not isinstance(outcome.signatures[0], bytes)
        assert outcome.reason == "content_mismatch"  # nobody signed it


async def test_afterwards_there_are_no_more_threads_than_that():
    await rehearse()
    before = workers()
    await asyncio.gather(*(asyncio.to_thread(int) for _ in range(20)))
    assert workers() == before


async def test_a_full_disk_keeps_nobody_from_starting(monkeypatch):
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda: Path("/dev/full").open("w+b"))  # noqa: SIM115
    with capture_logs() as logs:
        await rehearse()
    assert [(one["event"], one["error"]) for one in logs] == [("rehearsal_failed", "NotKept")]
