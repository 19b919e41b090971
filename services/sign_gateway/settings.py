"""Which settings does `sign_gateway` have?"""

from pydantic import Field

from shared.connections import ReadableFile
from shared.keys import Keys
from shared.settings import Port, url_text
from shared.signing.settings import GatewaySettings


class Settings(GatewaySettings):
    """Those of every gateway service, and what intake, posting, polling and the internal HTTP API need."""

    systems_file: ReadableFile
    """The registry of systems (JSON): origins, limits, hashes of tokens."""
    link_secret: Keys
    """The keys that sign links and RelayStates, newest first, 32 characters or more each; the same in every replica
    and in callback_web.
    """
    public_url: url_text("https", "http")  # type: ignore[valid-type]
    """Where callback_web is for browsers: links to sign begin with it."""
    http_host: str = "127.0.0.1"
    """The address that the internal HTTP API listens on."""
    http_port: Port
    """The port of the internal HTTP API: contents and jobs, for systems with a token."""
    sign_deadline_hours: float = Field(default=24, gt=0)
    """How long users may take to sign when a command names no deadline."""
    sign_grace_minutes: float = Field(default=15, ge=0)
    """How long MSign is still asked after a job's deadline; the same in callback_web."""
    retention_days: float = Field(default=7, ge=1)
    """How long a finished job, its command's id and its results are kept; contents without a job, too."""
    post_concurrency: int = Field(default=32, ge=1, le=256)
    """How many PostSignRequest calls one replica makes at once; divided by MSign's time for a call, the most jobs a
    second. The default is what a WCF service on two cores works on at once if nobody set more (16 a core).
    """
    poll_concurrency: int = Field(default=4, ge=1, le=256)
    """How many GetSignResponse calls one replica's poller makes at once."""
