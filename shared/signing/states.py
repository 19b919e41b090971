"""Which states does a job have, and which transition leads from which to which?

The only place that knows; everything that changes a job asks `transition` first. A final state is never left.
"""

from enum import StrEnum

from shared.errors import Bug


class Kind(StrEnum):
    """The two kinds of job."""

    SIGN = "sign"
    VERIFICATION = "verification"


class State(StrEnum):
    """Where a job stands."""

    RECEIVED = "received"
    POSTING = "posting"
    AWAITING_SIGNER = "awaiting_signer"
    VERIFYING = "verifying"
    COMPLETED = "completed"
    FAILED = "failed"
    EXPIRED = "expired"
    REJECTED = "rejected"


class Cause(StrEnum):
    """What moves a job."""

    INTAKE = "intake"
    CLAIM = "claim"
    RETRY = "retry"
    LOST_CLAIM = "lost_claim"
    POSTED = "posted"
    REFUSED = "refused"
    SIGNED = "signed"
    NOT_SIGNED = "not_signed"
    DEADLINE = "deadline"
    VERIFIED = "verified"


FINAL = frozenset({State.COMPLETED, State.FAILED, State.EXPIRED, State.REJECTED})

_TRANSITIONS: dict[Kind, dict[tuple[State, Cause], State]] = {
    Kind.SIGN: {
        (State.RECEIVED, Cause.CLAIM): State.POSTING,
        (State.RECEIVED, Cause.REFUSED): State.REJECTED,
        (State.RECEIVED, Cause.DEADLINE): State.EXPIRED,
        (State.POSTING, Cause.RETRY): State.RECEIVED,
        (State.POSTING, Cause.LOST_CLAIM): State.RECEIVED,
        (State.POSTING, Cause.POSTED): State.AWAITING_SIGNER,
        (State.POSTING, Cause.REFUSED): State.REJECTED,
        (State.POSTING, Cause.DEADLINE): State.EXPIRED,
        (State.AWAITING_SIGNER, Cause.SIGNED): State.COMPLETED,
        (State.AWAITING_SIGNER, Cause.NOT_SIGNED): State.FAILED,
        (State.AWAITING_SIGNER, Cause.DEADLINE): State.EXPIRED,
    },
    Kind.VERIFICATION: {
        (State.RECEIVED, Cause.CLAIM): State.VERIFYING,
        (State.RECEIVED, Cause.REFUSED): State.REJECTED,
        (State.VERIFYING, Cause.RETRY): State.RECEIVED,
        (State.VERIFYING, Cause.LOST_CLAIM): State.RECEIVED,
        (State.VERIFYING, Cause.VERIFIED): State.COMPLETED,
        (State.VERIFYING, Cause.REFUSED): State.REJECTED,
    },
}

CLAIMED = {Kind.SIGN: State.POSTING, Kind.VERIFICATION: State.VERIFYING}


def transition(kind: Kind, state: State, cause: Cause) -> State:
    """Return the state that `cause` leads to from `state`; raises `Bug` where there is no such way."""
    try:
        return _TRANSITIONS[kind][state, cause]
    except KeyError:
        raise Bug(f"a {kind} job cannot go from {state} by {cause}") from None
