"""Which settings does `sign_gateway` have?"""

from pydantic import Field

from shared.connections import ReadableFile
from shared.keys import Keys
from shared.settings import Port, url_text
from shared.signing.settings import GatewaySettings


class Settings(GatewaySettings):
    """Those of every gateway service, and what intake, posting, polling and the internal HTTP API need.

    A finished job, its command's id and its results are kept for `retention_days`; stored contents without a job, too.
    """

    systems_file: ReadableFile
    link_secret: Keys
    public_url: url_text("https", "http")  # type: ignore[valid-type]
    http_host: str = "127.0.0.1"
    http_port: Port
    sign_deadline_hours: float = Field(default=24, gt=0)
    sign_grace_minutes: float = Field(default=15, ge=0)
    retention_days: float = Field(default=7, ge=1)
    post_concurrency: int = Field(default=8, ge=1, le=256)
    poll_concurrency: int = Field(default=4, ge=1, le=256)
