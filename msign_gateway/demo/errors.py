"""What does a demo say when something is not as it should be?"""

from shared.errors import MSignGatewayError


class DemoError(MSignGatewayError):
    """A step did not turn out as it should; the message is for people."""


def expect(condition: object, sentence: str) -> None:
    """Raise `DemoError` with the sentence unless the condition holds."""
    if not condition:
        raise DemoError(sentence)
