"""What the doctor finds at the addresses that browsers need."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from aiohttp import test_utils, web

from services.callback_web.handlers import Pages, create_app

AWAY = "http://127.0.0.1:9"


@pytest.fixture
async def callback(links) -> AsyncIterator[str]:
    """The real pages; the doctor's link is none, so that they need nothing behind them."""
    pages = Pages(None, links, None, frontend_url=AWAY)  # type: ignore[arg-type]
    async with test_utils.TestServer(create_app(pages)) as server:
        yield str(server.make_url(""))


@pytest.fixture
async def other() -> AsyncIterator[tuple[dict[str, object], str]]:
    """A server that answers what the test says."""
    says: dict[str, object] = {"status": 200}

    async def answer(_: web.Request) -> web.Response:
        return web.Response(**says)  # type: ignore[arg-type]

    app = web.Application()
    app.add_routes([web.get("/{path:.*}", answer)])
    async with test_utils.TestServer(app) as server:
        yield says, str(server.make_url(""))


async def test_pages_that_answer_are_well(diagnose, callback, other):
    found = await diagnose("web", PUBLIC_URL=callback, MSIGN_FRONTEND_URL=other[1])
    assert found.exit_code == 0
    assert {found.outcome(check) for check in found} == {"ok"}
    assert "callback_web answers" in found.detail("PUBLIC_URL")


async def test_something_else_at_our_address_is_a_warning(diagnose, other):
    found = await diagnose("web", PUBLIC_URL=other[1], MSIGN_FRONTEND_URL=other[1])
    assert (found.outcome("PUBLIC_URL"), found.exit_code) == ("warning", 0)
    assert "not callback_web" in found.detail("PUBLIC_URL")


async def test_what_does_not_answer_is_a_warning_and_with_strict_a_failure(diagnose):
    found = await diagnose("web", PUBLIC_URL=AWAY, MSIGN_FRONTEND_URL=AWAY)
    assert (found.outcome("PUBLIC_URL"), found.outcome("MSIGN_FRONTEND_URL"), found.exit_code) == (
        "warning",
        "warning",
        0,
    )


async def test_an_error_of_the_sign_pages_server_is_a_warning(diagnose, callback, other):
    other[0]["status"] = 503
    found = await diagnose("web", PUBLIC_URL=callback, MSIGN_FRONTEND_URL=other[1])
    assert "503" in found.detail("MSIGN_FRONTEND_URL")
    assert found.outcome("MSIGN_FRONTEND_URL") == "warning"


async def test_an_msign_whose_clock_is_an_hour_off_is_found(diagnose, callback, other):
    other[0]["headers"] = {"Date": format_datetime(datetime.now(UTC) - timedelta(hours=1), usegmt=True)}
    found = await diagnose("web", PUBLIC_URL=callback, MSIGN_FRONTEND_URL=other[1])
    assert (found.outcome("MSign's clock"), found.exit_code) == ("failed", 1)


async def test_an_address_in_the_clear_that_is_not_this_machine_is_a_warning(diagnose):
    found = await diagnose("web", PUBLIC_URL="http://sign.invalid", MSIGN_FRONTEND_URL=AWAY)
    assert found.outcome("PUBLIC_URL encryption") == "warning"
    assert "https://" in found.detail("PUBLIC_URL encryption")
