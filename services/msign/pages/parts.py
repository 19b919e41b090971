"""What do the pages work with?"""

from dataclasses import dataclass, field
from secrets import token_urlsafe

from aiohttp import web

from services.msign.instruments.catalogue import Catalogue
from services.msign.instruments.mobile import Mobile
from services.msign.mandates import Mandates, NoMandates
from services.msign.pages.ports import Requests
from services.msign.pages.seal import Seal
from services.msign.pages.visits import Visits
from services.msign.public.home import Published
from services.msign.public.verdicts import VerdictSeal
from services.msign.signing.claims import Claims
from shared.contract.models import Instrument
from shared.keys import Keyring
from shared.signatures.timestamps import Timestamper
from shared.signatures.trust import TrustAnchors
from shared.signatures.verify import Verifier


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Everything; `verifier` judges what is uploaded at `/verify`.

    `people` are shown beside the PIN form of test instances; without `mobile` no phone can sign. `mandates`
    say who may sign for somebody else. `web_url` is the pages' address as browsers see it, where that is not the one
    that requests come to; `published` are the addresses that the home page names.
    """

    requests: Requests
    visits: Visits
    claims: Claims
    instruments: Catalogue
    timestamper: Timestamper
    seal: Seal
    verifier: Verifier = field(default_factory=lambda: Verifier(TrustAnchors.of(())))
    mandates: Mandates = field(default_factory=NoMandates)
    mobile: Mobile | None = None
    people: tuple[dict[str, str], ...] = ()
    web_url: str | None = None
    verdicts: VerdictSeal = field(default_factory=lambda: VerdictSeal(Keyring(token_urlsafe())))
    published: Published | None = None

    @property
    def offered(self) -> tuple[Instrument, ...]:
        """The instruments, in the order in which they are shown."""
        return (*((Instrument.MOBILE,) if self.mobile else ()), *self.instruments)

    def address(self, request: web.Request) -> str:
        """Return the pages' address as the browser sees it, without a slash at the end."""
        return (self.web_url or f"{request.scheme}://{request.host}").rstrip("/")

    def is_secure(self, request: web.Request) -> bool:
        """Tell whether the browser sees https, so that its cookies must not travel otherwise."""
        return self.address(request).startswith("https:")
