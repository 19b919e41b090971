"""What is this instance, what can one do here, and where do its services answer?"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from services.msign.pages.render import Renderer
from services.msign.pages.wishes import wished
from services.msign.pki.architecture import Authority
from shared.contract.models import Instrument


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """Where the services answer that systems and validators use: the SOAP endpoint, timestamps, each CA's own."""

    api_url: str
    timestamp_url: str
    authorities: tuple[Authority, ...]


class HomePage:
    """The page at `/`; without `published` it names no addresses."""

    def __init__(self, instruments: Sequence[Instrument], published: Published | None = None) -> None:
        self._instruments = instruments
        self._published = published
        self._renderer = Renderer(Path(__file__).parent / "templates")

    async def show(self, request: web.Request) -> web.Response:
        """Show the page."""
        return self._renderer.page(
            "home.html", wished(request), instruments=self._instruments, published=self._published
        )
