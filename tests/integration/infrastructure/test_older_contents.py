"""What an earlier version stored in its form is there, byte for byte, after the migration."""

import os
import shutil
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from shared.persistence import contents
from shared.persistence.migrate import MIGRATIONS, migrate

INSERT = "INSERT INTO contents (system, ref, body) VALUES ('declaratii', $1, $2)"
BODIES = {"small": b"digest", "large": os.urandom(1_000_000)}


@pytest.fixture
async def connection(empty_database_url, tmp_path):
    """A database that was filled before contents had pages, and was migrated then."""
    for file in sorted(MIGRATIONS.glob("*.sql"))[:4]:
        shutil.copy(file, tmp_path)
    await migrate(empty_database_url, tmp_path)
    opened = await asyncpg.connect(empty_database_url)
    for body in BODIES.values():
        await opened.execute(INSERT, contents.ref_of(body), body)
    assert "005_pages" in await migrate(empty_database_url)
    yield opened
    await opened.close()


@pytest.mark.parametrize("which", BODIES)
async def test_contents_of_before_can_be_read(connection, which):
    body = BODIES[which]
    ref = contents.ref_of(body)
    assert await contents.size_of(connection, "declaratii", ref) == len(body)
    assert b"".join([piece async for piece in contents.pieces(connection, "declaratii", ref, len(body))]) == body
    assert (await contents.refer(connection, "declaratii", [ref]))[ref] == (len(body), body[:1024])


async def test_contents_of_before_are_forgotten_after_their_time(connection):
    later = datetime.now(UTC) + timedelta(days=1)
    assert await contents.purge(connection, before=later, limit=10) == len(BODIES)


async def test_a_version_before_stores_and_finds_small_contents_all_the_same(connection):
    await connection.execute(INSERT, contents.ref_of(b"another"), b"another")
    assert await contents.get(connection, "declaratii", contents.ref_of(b"another")) == b"another"


async def test_a_content_is_in_one_form_only(connection):
    with pytest.raises(asyncpg.CheckViolationError):
        await connection.execute("UPDATE contents SET pages_id = gen_random_uuid()")
