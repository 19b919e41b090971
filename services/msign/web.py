"""How do the Sign Page and the PKI services come to run beside the API?

`WebSettings` are their settings, `serve_web` runs both ports; the service's composition root uses both.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import structlog
from pydantic import DirectoryPath, Field, FilePath

from services.msign.instruments.catalogue import ASKS_EACH_TIME, catalogue
from services.msign.instruments.certificates import LiveCheck
from services.msign.instruments.guesses import Guesses
from services.msign.instruments.mobile import Mobile, subscribers_of
from services.msign.instruments.pins import PinnedTokens
from services.msign.instruments.stores import FileStore, Pkcs11Store, TokenStore
from services.msign.instruments.tries import StoredTries
from services.msign.judging import Judges
from services.msign.mandates import StoredMandates
from services.msign.pages.app import create_web_app
from services.msign.pages.parts import Parts
from services.msign.pages.ports import Requests
from services.msign.pages.seal import Seal
from services.msign.pages.visits import StoredVisits
from services.msign.pki.app import create_pki_app
from services.msign.pki.architecture import Architecture
from services.msign.public.home import Published
from services.msign.public.verdicts import VerdictSeal
from services.msign.signing.claims import StoredClaims
from services.msign.watching import show_certificates
from shared.keys import Keyring, Keys
from shared.lifecycle import serve_http
from shared.settings import Port, ServiceSettings
from shared.signatures.timestamps import HttpTimestamper

log = structlog.get_logger(__name__)


class WebSettings(ServiceSettings):
    """What the pages and the PKI services need."""

    web_host: str = "127.0.0.1"
    """The address that the pages' port listens on."""
    web_port: Port
    """The port of the Sign Page and the other pages."""
    web_url: str | None = Field(default=None, pattern=r"^https?://[^/?#@\s]+/?$")
    """The pages' address for browsers, `https://host[:port]`: set it where TLS ends at a proxy, so that cookies travel
    over https only.
    """
    web_secret: Keys
    """The keys that seal the pages' forms, newest first, 32 characters or more each; the same in every replica."""
    pki_dir: Path
    """The folder of our PKI: CAs, people's certificates and tokens."""
    pki_host: str = "127.0.0.1"
    """The address that the PKI port listens on."""
    pki_port: Port
    """The port of the time-stamping service, OCSP responders, CRLs and CA certificates."""
    timestamp_url: str | None = None
    """A time-stamping service (RFC 3161); without it, our own."""
    show_people: bool = False
    """Print the made-up people with their PINs beside the PIN form: for demonstrations."""
    pkcs11_module: FilePath | None = None
    """The library of the tokens' PKCS#11 module; without it, tokens are PKCS#12 files of `PKI_DIR`."""
    mobile_timeout_s: float = Field(default=120, gt=0)
    """How many seconds a phone has to answer."""
    trust_dir: DirectoryPath
    """The folder of the anchors (PEM) that signers' certificates must lead to."""
    policy_file: FilePath | None = None
    """Which algorithms are too weak (TOML), in place of the policy that is shipped."""


@asynccontextmanager
async def serve_web(
    settings: WebSettings, pool: Any, requests: Requests, judges: Judges, *, api_url: str
) -> AsyncIterator[None]:
    """Serve the web port and the PKI port over the provider's database `pool` until the block ends.

    `api_url` is where the SOAP endpoint answers: the home page says so.
    """
    watched = await asyncio.to_thread(Architecture.watched, settings.pki_dir, told=show_certificates)
    pki = watched.current()
    async with (
        serve_http(create_pki_app(watched.current), host=settings.pki_host, port=settings.pki_port),
        aiohttp.ClientSession() as session,
        serve_http(
            create_web_app(parts_of(settings, pool, requests, session, pki, judges, api_url=api_url)),
            host=settings.web_host,
            port=settings.web_port,
        ),
    ):
        log.info("pages_served", url=settings.web_url or f"http://{settings.web_host}:{settings.web_port}")
        yield


def parts_of(
    settings: WebSettings,
    pool: Any,
    requests: Requests,
    session: aiohttp.ClientSession,
    pki: Architecture,
    judges: Judges,
    *,
    api_url: str | None = None,
) -> Parts:
    """Return what the pages work with; without `api_url` the home page names no addresses."""
    certificates = LiveCheck(judges.anchors, judges.fetcher)
    timestamp_url = settings.timestamp_url or pki.timestamp_url
    keyring = Keyring.following(settings.follow("web_secret"))
    store, tries = store_of(settings), StoredTries(pool)
    subscribers, sims = subscribers_of(settings.pki_dir), PinnedTokens(store, tries, certificates)
    timeout = timedelta(seconds=settings.mobile_timeout_s)
    return Parts(
        verifier=judges.verifier,
        requests=requests,
        mandates=StoredMandates(pool),
        visits=StoredVisits(pool),
        claims=StoredClaims(pool),
        instruments=catalogue(store, tries, certificates, Guesses(pool)),
        mobile=Mobile(pool, sims, tries, subscribers, timeout=timeout) if subscribers else None,
        timestamper=HttpTimestamper(timestamp_url, session),
        seal=Seal(keyring),
        verdicts=VerdictSeal(keyring),
        people=people_of(settings.pki_dir) if settings.show_people else (),
        web_url=settings.web_url,
        published=Published(api_url=api_url, timestamp_url=timestamp_url, authorities=pki.authorities())
        if api_url
        else None,
    )


def store_of(settings: WebSettings) -> TokenStore:
    """Return where the tokens' keys are."""
    if settings.pkcs11_module:
        return Pkcs11Store(settings.pkcs11_module)
    log.warning("tokens_are_files", reason="PKCS11_MODULE is not set")
    return FileStore(settings.pki_dir / "tokens", tuple(f"{name}-" for name in ASKS_EACH_TIME))


def people_of(pki_dir: Path) -> tuple[dict[str, str], ...]:
    """Return the rows of `people.json`."""
    return tuple(json.loads((pki_dir / "people.json").read_text(encoding="utf-8")))
