"""Which handler does each operation's call go to?"""

from collections.abc import Awaitable, Callable
from typing import Any

from services.msign.consumers import Consumer
from services.msign.handlers import MSign
from services.msign.soap.arguments import Arguments

_HANDLERS: dict[str, Callable[[MSign], Callable[..., Awaitable[Any]]]] = {
    "PostSignRequest": lambda msign: msign.post_sign_request,
    "GetSignResponse": lambda msign: msign.get_sign_response,
    "VerifySignatures": lambda msign: msign.verify_signatures,
}


async def handle(msign: MSign, consumer: Consumer, name: str, arguments: Arguments) -> Any:
    """Do the work; returns what `write_answer` takes."""
    return await _HANDLERS[name](msign)(consumer, *arguments)
