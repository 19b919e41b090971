"""Which settings does `verifier` have?"""

from pydantic import Field

from shared.signing.settings import GatewaySettings, ReadableFile


class Settings(GatewaySettings):
    """Those of every gateway service, and how many verifications run at once."""

    systems_file: ReadableFile
    verify_concurrency: int = Field(default=4, ge=1, le=256)
