"""A gateway in parts: the real database, and an MSign that answers what the test says."""

import hashlib
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import asyncpg
import orjson
import pytest

from services.sign_gateway.handlers import SignPolicy, sign_intent
from shared.keys import Keyring
from shared.persistence.pool import open_pool
from shared.signing.admission import Admission
from shared.signing.links import Links
from shared.systems import Systems
from tests.gateway import KEY, FakeMSign


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[asyncpg.Pool]:
    async with open_pool(database_url) as opened:
        yield opened


@pytest.fixture
def systems(tmp_path: Path) -> Systems:
    registered = [
        {
            "name": name,
            "return_origins": [f"https://{name}.example"],
            "token_sha256": hashlib.sha256(f"token-{name}".encode()).hexdigest(),
        }
        for name in ("declaratii", "registru")
    ]
    path = tmp_path / "systems.json"
    path.write_bytes(orjson.dumps({"systems": registered}))
    return Systems(path)


@pytest.fixture
def admission(pool: asyncpg.Pool, systems: Systems) -> Admission:
    return Admission(pool, systems, sign_intent(SignPolicy(timedelta(hours=24), 4 * 1024 * 1024)))


@pytest.fixture
def links() -> Links:
    return Links(Keyring(KEY), "https://sign.example")


@pytest.fixture
def msign() -> FakeMSign:
    return FakeMSign()
