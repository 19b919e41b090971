"""A verdict is told once, though the database breaks off before or after its commit."""

from contextlib import asynccontextmanager

import asyncpg
import pytest

from services.verifier import verifying
from shared.contract.faults import InvalidParameter
from shared.persistence import moving, notices
from tests.gateway import only_job
from tests.integration.verifying.verification import command, only_event

BROKE = asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation")


@pytest.fixture
def breaking(monkeypatch):
    """Break the next transaction, before its commit or after."""
    monkeypatch.setattr(moving, "RETRY_S", 0.01)
    real = notices.transaction

    def breaks(where):
        left = [where]

        @asynccontextmanager
        async def transaction(pool):
            at = left.pop() if left else None
            async with real(pool) as connection:
                yield connection
                if at == "before":
                    raise BROKE
            if at == "after":
                raise BROKE

        monkeypatch.setattr(verifying, "transaction", transaction)

    return breaks


@pytest.mark.parametrize("where", ["before", "after"])
@pytest.mark.parametrize(
    "ends",
    [([], "completed", "msign.verification.completed.v1"),
     ([InvalidParameter("no")], "rejected", "msign.verification.rejected.v1")],
)  # fmt: skip
async def test_an_end_is_committed_once(pool, verifications, verifier, msign, breaking, where, ends):
    await verifications.handle([command()])
    (job,) = await verifier.claim(1)
    answers, state, told = ends
    msign.answers = list(answers)
    breaking(where)
    await verifier.verify(job)
    assert (await only_job(pool))["state"] == state
    await only_event(pool, told)
    assert await pool.fetchval("SELECT count(*) FROM verdicts") == 0
    assert len(msign.requests) == 1
