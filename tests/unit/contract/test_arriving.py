"""What becomes of an answer that there is no room for, or that nobody wants any more? Nothing of it stays."""

import gc
import tempfile
from pathlib import Path

import pytest

from shared.contract.arriving import Arriving, NotKept
from shared.contract.failures import OURS, failure_of
from shared.contract.wsdl import ENVELOPE, NAMESPACE
from shared.spool import PIECE_BYTES
from tests.gateway import eventually

STEP_BYTES = 64 * 1024
ANSWER = (
    f'<Envelope xmlns="{ENVELOPE}"><Body><R xmlns="{NAMESPACE}"><Signature>'
    f"{'AAAA' * PIECE_BYTES}</Signature></R></Body></Envelope>"
).encode()


@pytest.fixture
def files(monkeypatch):
    """The files of which something was made; no garbage is collected meanwhile."""
    made, make = [], tempfile.TemporaryFile

    def temporary_file():
        made.append(make())
        return made[-1]

    monkeypatch.setattr(tempfile, "TemporaryFile", temporary_file)
    gc.disable()
    yield made
    gc.enable()


async def all_closed(files):
    return [file.closed for file in files] == [True]


async def feed(arriving, body, step=STEP_BYTES):
    for start in range(0, len(body), step):
        await arriving.feed(body[start : start + step])


@pytest.mark.parametrize("step", [len(ANSWER), STEP_BYTES])
async def test_a_full_disk_is_not_held_against_msign(monkeypatch, step):
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda: Path("/dev/full").open("w+b"))  # noqa: SIM115
    with pytest.raises(NotKept, match="No space left") as raised:
        await feed(Arriving("utf-8"), ANSWER, step)
    assert failure_of(raised.value) == OURS


async def test_the_files_of_an_answer_go_with_it(files):
    arriving = Arriving("utf-8")
    await feed(arriving, ANSWER)
    arrived = await arriving.end()
    arriving.let_go()
    assert [file.closed for file in files] == [False]
    del arrived
    await eventually(lambda: all_closed(files))  # a thread may hold it for a moment still


async def test_the_files_of_an_answer_that_breaks_off_go_at_once(files):
    arriving = Arriving("utf-8")
    await feed(arriving, ANSWER[: -len(ANSWER) // 4])
    arriving.let_go()
    await eventually(lambda: all_closed(files))
