"""A real provider process, a small e-Service, and Chromium between them: one of each for the whole session."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from msign_gateway.infrastructure import Infrastructure
from tests.browser.e_service import EService, running_e_service
from tests.browser.opening import Open, launched
from tests.msign_process import RunningMSign, running_msign

session = pytest_asyncio.fixture(scope="session", loop_scope="session")


@session
async def msign(
    infrastructure: Infrastructure, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[RunningMSign]:
    async with running_msign(infrastructure, tmp_path_factory.mktemp("msign")) as running:
        yield running


@session
async def service(msign: RunningMSign) -> AsyncIterator[EService]:
    async with running_e_service(msign) as running:
        yield running


@session
async def chromium() -> AsyncIterator[Browser]:
    async with launched("chromium-headless-shell") as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="session")
async def e_service(service: EService) -> EService:
    """The e-Service, before a provider that has seen no wrong PIN and called no phone yet."""
    await service.msign.forget()
    return service


@pytest_asyncio.fixture(loop_scope="session")
async def open_page(chromium: Browser) -> AsyncIterator[Open]:
    """Opens pages for one test, which fails when anything went wrong in one of them; see `Open`."""
    opener = Open(chromium)
    yield opener
    await opener.close()
    assert opener.problems == []
