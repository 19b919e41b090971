"""What is done about work that an earlier run left in a database which is used again?"""

import asyncpg

_EVENTS = "UPDATE events SET due_at = NULL, published_at = now() WHERE due_at IS NOT NULL"
_JOBS = """
UPDATE jobs SET state = 'completed', due_at = NULL, claimed_by = NULL, lease_until = NULL
WHERE state IN ('received', 'posting', 'awaiting_signer')
"""


async def forget_open_work(database_url: str) -> None:
    """End whatever is under way, so that the next run has nothing but its own work."""
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute(_EVENTS)
        await connection.execute(_JOBS)
    finally:
        await connection.close()
