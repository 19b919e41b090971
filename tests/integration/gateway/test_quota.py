"""Does a system that asks for too much hear so, while others go on?"""

import hashlib
from datetime import timedelta

import orjson
import pytest

from services.sign_gateway.handlers import SignPolicy, sign_intent
from shared.messaging.intake import Done
from shared.signing.admission import Admission
from shared.systems import Systems
from tests.gateway import delivery, events_of, sign_data


@pytest.fixture
def admission(pool, tmp_path):
    def with_limits(**limits):
        registered = [
            {
                "name": name,
                "return_origins": [f"https://{name}.example"],
                "token_sha256": hashlib.sha256(name.encode()).hexdigest(),
                "limits": limits if name == "declaratii" else {},
            }
            for name in ("declaratii", "registru")
        ]
        (tmp_path / "systems.json").write_bytes(orjson.dumps({"systems": registered}))
        policy = SignPolicy(timedelta(hours=24), 4 * 1024 * 1024)
        return Admission(pool, Systems(tmp_path / "systems.json"), sign_intent(policy))

    return with_limits


def commands(count, system="declaratii"):
    data = sign_data(return_url=f"https://{system}.example/")
    return [delivery(data, system=system) for _ in range(count)]


async def codes(pool):
    return [error["code"] for event in await events_of(pool) for error in event["data"]["errors"]]


async def test_no_more_jobs_are_open_than_a_system_may_have(pool, admission):
    admission = admission(open_jobs=3)
    assert await admission.handle(commands(4)) == [Done("admitted")] * 3 + [Done("rejected")]
    assert await admission.handle(commands(1)) == [Done("rejected")]
    assert await codes(pool) == ["too_many_open"] * 2
    await pool.execute("UPDATE jobs SET finished_at = now()")
    assert await admission.handle(commands(1)) == [Done("admitted")]


async def test_no_more_jobs_begin_in_a_minute_than_a_system_may_begin(pool, admission):
    admission = admission(jobs_per_minute=2)
    assert await admission.handle(commands(3)) == [Done("admitted")] * 2 + [Done("rejected")]
    assert await codes(pool) == ["too_fast"]
    await pool.execute("UPDATE inbox SET received_at = received_at - interval '61 seconds'")
    assert await admission.handle(commands(1)) == [Done("admitted")]


async def test_another_system_is_not_held_up(pool, admission):
    admission = admission(open_jobs=1, jobs_per_minute=1)
    await admission.handle(commands(5))
    assert await admission.handle(commands(5, "registru")) == [Done("admitted")] * 5


async def test_a_repeated_command_is_not_counted_again(pool, admission):
    admission = admission(open_jobs=2)
    (first,) = commands(1)
    assert await admission.handle([first, first, first, *commands(1)]) == [
        Done("admitted"), Done("duplicate"), Done("duplicate"), Done("admitted"),
    ]  # fmt: skip
