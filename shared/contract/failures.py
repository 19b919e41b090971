"""Of what did a call of MSign fail? One word of a closed list, for numbers and traces."""

from shared.contract.arriving import NotKept
from shared.contract.faults import AuthenticationFailed, FaultCode, MSignFault
from shared.contract.transport import AmbiguousCall, CertificateRefused, NotDone
from shared.errors import Malformed, ProviderDown, Transient

OTHER = "other"
OURS = "error"
WORDS = ("authentication", "down", "timeout", "connection", "fault", "unusable", OURS)

_WORDS: tuple[tuple[tuple[type[Exception], ...], str], ...] = (
    ((AuthenticationFailed, CertificateRefused), "authentication"),
    ((ProviderDown,), "down"),
    ((NotKept,), OURS),
    ((MSignFault,), "fault"),
    ((Malformed, Transient), "unusable"),
)


def failure_of(error: BaseException) -> str:
    """Return the word.

    `authentication`: MSign does not accept who we are; `down`: it cannot be used; `timeout`, `connection`: no answer
    came; `fault`: it said no; `unusable`: its answer cannot be used; `error`: none of MSign's doing.
    """
    match error:
        case AmbiguousCall(__cause__=TimeoutError()) | NotDone(__cause__=TimeoutError()):
            return "timeout"
        case AmbiguousCall(__cause__=Exception()) | NotDone(__cause__=Exception()):
            return "connection"
    return next((word for kinds, word in _WORDS if isinstance(error, kinds)), OURS)


def fault_code(fault: MSignFault) -> str:
    """Return the contract's code of a fault, `other` for one that it does not name."""
    return fault.code if fault.code in list(FaultCode) else OTHER
