"""Which settings does `verifier` have?"""

from pydantic import Field

from shared.connections import ReadableFile
from shared.signing.settings import GatewaySettings


class Settings(GatewaySettings):
    """Those of every gateway service, and how MSign is asked."""

    systems_file: ReadableFile
    """The registry of systems (JSON): the same as sign_gateway's."""
    verify_concurrency: int = Field(default=4, ge=1, le=256)
    """How many VerifySignatures calls one replica makes at once."""
    verify_batch_count: int = Field(default=50, ge=1, le=1000)
    """How many signatures one call carries at most."""
    verify_batch_bytes: int = Field(default=8 * 1024 * 1024, ge=1024)
    """How many bytes of signatures one call carries at most; a larger one goes alone."""
    verify_deadline_hours: float = Field(default=24, gt=0)
    """When a job that MSign never answers is rejected."""
