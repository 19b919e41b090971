"""Who commits something while the database is away: how often does it say so?"""

import errno
from typing import Any

import pytest
import structlog

from shared.persistence import moving
from shared.persistence.moving import until_known

NOBODY: Any = None
"""A pool that is not asked."""


async def test_what_is_tried_again_and_again_is_logged_once(monkeypatch):
    monkeypatch.setattr(moving, "RETRY_S", 0)
    errors = [ConnectionResetError(), TimeoutError(), ConnectionRefusedError()]
    moved: Any = object()

    async def make():
        if errors:
            raise errors.pop(0)
        return moved

    with structlog.testing.capture_logs() as logs:
        assert await until_known(NOBODY, make, []) is moved
    assert [line["error"] for line in logs] == ["ConnectionResetError"]


@pytest.mark.parametrize(
    "error", [KeyError("a bug"), OSError(errno.EIO, "a file of ours cannot be read"), OSError(errno.ENOSPC, "no room")]
)
async def test_what_is_wrong_with_it_is_not_tried_again(error):
    async def make():
        raise error

    with pytest.raises(type(error)):
        await until_known(NOBODY, make, [])
