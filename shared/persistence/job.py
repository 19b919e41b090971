"""What is known of a job? Its row as it stood when it was read, and what it is about."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from shared.signing.states import FINAL, Kind, State


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A row of `jobs` as it stood at `seen_at`; `command` is the command's data without its contents."""

    job_id: UUID
    kind: Kind
    system: str
    command_id: str
    state: State
    command: dict[str, Any]
    traceparent: str | None
    created_at: datetime
    expires_at: datetime
    due_at: datetime | None
    attempt: int
    failures: int
    polls: int
    request_id: str | None
    event_count: int
    history_count: int
    seen_at: datetime
    posted_at: datetime | None = None
    returned_at: datetime | None = None

    @classmethod
    def of(cls, row: Any) -> Job:
        """Return what a row of a statement says, which may have more columns."""
        values = {name: row[name] for name in _COLUMNS}
        return cls(**values | {"kind": Kind(row["kind"]), "state": State(row["state"])})

    @property
    def final(self) -> bool:
        """Whether nothing will happen to the job any more."""
        return self.state in FINAL


@dataclass(frozen=True, slots=True, kw_only=True)
class JobContent:
    """One content of a job: what to sign, or the signature to verify (`hash` is then what was signed)."""

    position: int
    ref: str
    correlation_id: str | None = None
    name: str | None = None
    multiple_signatures: bool = False
    hash: bytes | None = None


_COLUMNS = tuple(field.name for field in fields(Job))
