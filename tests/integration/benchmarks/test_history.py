"""Copies of a job are jobs like it: the tables' references hold, and a gateway can work behind them."""

from benchmarks.scale.history import multiply
from benchmarks.signing.leftovers import forget_open_work
from shared.persistence.pool import open_pool
from tests.gateway import delivery, sign_data

WITH_NOTHING_BEHIND = """
SELECT count(*) FROM jobs
WHERE NOT EXISTS (SELECT FROM inbox WHERE inbox.job_id = jobs.job_id)
   OR NOT EXISTS (SELECT FROM job_history WHERE job_history.job_id = jobs.job_id)
   OR NOT EXISTS (SELECT FROM job_contents JOIN contents USING (ref)
                  WHERE job_contents.job_id = jobs.job_id AND contents.system = jobs.system)
"""


async def test_every_copy_has_all_that_belongs_to_it(pool, admission, database_url):
    await admission.handle([delivery(sign_data())])
    await multiply(database_url, 40)
    assert await pool.fetchval("SELECT count(*) FROM jobs") == 41
    assert await pool.fetchval("SELECT count(DISTINCT command_id) FROM jobs") == 41
    assert await pool.fetchval(WITH_NOTHING_BEHIND) == 0


async def test_events_of_copies_are_due_where_that_is_wanted(pool, admission, database_url):
    await admission.handle([delivery(sign_data(content_type="Nonsense"))])
    await multiply(database_url, 10, due_events=True)
    due = "SELECT count(*) FROM events JOIN jobs USING (job_id) WHERE due_at <= now()"
    assert await pool.fetchval(due.replace("due_at", "events.due_at")) == 11


async def test_what_an_earlier_run_left_under_way_is_over(admission, database_url):
    await admission.handle([delivery(sign_data())])
    await forget_open_work(database_url)
    async with open_pool(database_url) as pool:
        assert await pool.fetchval("SELECT count(*) FROM jobs WHERE state = 'received' OR due_at IS NOT NULL") == 0
        assert await pool.fetchval("SELECT count(*) FROM events WHERE due_at IS NOT NULL") == 0
