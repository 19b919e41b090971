"""Is every return counted, and harmless where it is not the user's own?"""

import uuid

import pytest
from prometheus_client import REGISTRY

from tests.integration.callback.browsing import DECLINED, come_back, path_of, query_of


def counted(outcome):
    return REGISTRY.get_sample_value("msign_gateway_returns_total", {"outcome": outcome}) or 0


@pytest.fixture
def count():
    """Tells how many returns of an outcome were counted since the test began."""
    before = {outcome: counted(outcome) for outcome in ("refused", "settled", "pending")}
    return lambda outcome: counted(outcome) - before[outcome]


@pytest.mark.parametrize(
    "changes",
    [
        {"RelayState": f"{uuid.uuid4()}.forged"},
        {"RelayState": None, "RequestID": None},
        {"RequestID": "0" * 32},
        {"RelayState": "x" * 70_000},
    ],
    ids=["forged", "missing", "foreign", "oversized"],
)
async def test_a_return_that_is_not_ours_is_counted_and_does_nothing(browser, links, pool, msign, post, count, changes):
    job = await post()
    response = await come_back(browser, links, job, **changes)
    assert response.status in {400, 413}
    assert count("refused") == 1
    assert msign.asked == 0
    assert await pool.fetchval("SELECT state FROM jobs") == "awaiting_signer"


async def test_a_return_with_the_relay_state_of_another_systems_job_is_counted_and_touches_neither(
    browser, links, pool, msign, post, count
):
    mine, theirs = await post(), await post(system="registru", return_url="https://registru.example/back")
    response = await come_back(browser, links, mine, RelayState=links.relay_state(theirs.job_id))
    assert response.status == 400
    assert count("refused") == 1
    assert msign.asked == 0
    assert await pool.fetch("SELECT 1 FROM jobs WHERE state <> 'awaiting_signer'") == []


async def test_a_replayed_return_is_counted_again_and_asks_and_changes_nothing(browser, links, msign, post, count):
    job = await post()
    msign.response = DECLINED
    first, again = [await come_back(browser, links, job) for _ in "12"]
    assert query_of(first) == query_of(again)
    assert count("settled") == 2
    assert msign.asked == 1


@pytest.mark.usefixtures("hurried")
async def test_a_return_before_the_user_has_signed_is_counted_as_pending(browser, links, post, count):
    job = await post()
    assert dict(query_of(await come_back(browser, links, job)))["status"] == "Pending"
    assert count("pending") == 1


async def test_no_answer_of_the_public_port_lets_an_address_leak(browser, links, msign, post):
    job = await post()
    msign.response = DECLINED
    answers = [
        await browser.get(path_of(links.sign_url(job.job_id))),
        await browser.get(f"/sign/{job.job_id}?t=forged"),
        await come_back(browser, links, job),
        await come_back(browser, links, job, RelayState="forged"),
        await come_back(browser, links, job, RelayState="x" * 70_000),
        await browser.get("/nothing"),
    ]
    for answer in answers:
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cache-Control"] == "no-store"
