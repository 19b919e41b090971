"""What can go wrong while infrastructure is prepared, in words that a person can act on?"""

from shared.errors import MSignGatewayError


class InfrastructureError(MSignGatewayError):
    """A broker or a database could not be found, started or administered."""
