"""Which settings does `verifier` have?"""

from pydantic import Field

from shared.connections import ReadableFile
from shared.signing.settings import GatewaySettings


class Settings(GatewaySettings):
    """Those of every gateway service, and how MSign is asked.

    `verify_concurrency` calls run at once, each for at most `verify_batch_count` signatures of `verify_batch_bytes`
    together. A job that MSign never answers is rejected after `verify_deadline_hours`.
    """

    systems_file: ReadableFile
    verify_concurrency: int = Field(default=4, ge=1, le=256)
    verify_batch_count: int = Field(default=50, ge=1, le=1000)
    verify_batch_bytes: int = Field(default=8 * 1024 * 1024, ge=1024)
    verify_deadline_hours: float = Field(default=24, gt=0)
