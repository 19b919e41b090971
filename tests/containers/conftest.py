"""Which container engine do these tests run with, and which images? What is there; else what can be made here.

Without an engine, or without the stand-ins for the official images, the tests are skipped and say why.
"""

from collections.abc import Callable, Iterator

import pytest

from tests.containers.engine import NoEngine, running_engine
from tests.containers.images import NoImage, image


@pytest.fixture(scope="session")
def engine() -> Iterator[None]:
    """A Docker engine that answers."""
    try:
        with running_engine():
            yield
    except NoEngine as error:
        pytest.skip(f"no container engine: {error}")


@pytest.fixture(scope="session")
def image_of(engine: None) -> Callable[[str], str]:
    """Returns the name of an image that is there: `rabbitmq`, `postgres`, `haproxy` or, of this checkout, `gateway`."""

    def found(what: str) -> str:
        try:
            return image(what)
        except NoImage as error:
            if what == "gateway":
                raise
            pytest.skip(f"no image: {error}")

    return found
