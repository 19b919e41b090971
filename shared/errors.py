"""Which kinds of failure are there, and what does each mean for a retry?

One tree: `Malformed` is never retried, `Transient` is retried later, `Bug` stops the work and pages somebody.
"""


class MSignGatewayError(Exception):
    """The root of everything that this project raises on purpose."""


class Malformed(MSignGatewayError):
    """The input breaks a rule; trying again cannot help.

    `field` names the part at fault (a JSON Pointer or a contract path, "" when it is the whole), `code` is one of
    a closed list.
    """

    def __init__(self, message: str, *, field: str = "", code: str = "invalid") -> None:
        super().__init__(message)
        self.field = field
        self.code = code


class Transient(MSignGatewayError):
    """Something outside did not work this time; the same call may work later.

    `may_have_acted` tells whether what was asked may have been done all the same: nobody knows, unless it says no.
    """

    may_have_acted = True


class ProviderDown(Transient):
    """MSign as a whole cannot be used now: no attempt of a job is to blame."""

    may_have_acted = False


class Bug(MSignGatewayError):
    """An assumption of ours is wrong; retrying would only repeat it."""
