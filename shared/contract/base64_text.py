"""How does base64 become bytes while it is still arriving?"""

from typing import Protocol

import pybase64

PIECE_CHARACTERS = 64 * 1024

_SPACE = b" \t\r\n"
_DIGITS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="


class Value(Protocol):
    """Where the bytes go, piece by piece."""

    def write(self, piece: bytes, /) -> object:
        """Take the next bytes."""


class Base64Text:
    """The text of one `xs:base64Binary` (XML Schema part 2, 3.2.16): white space anywhere, padding only at the end."""

    def __init__(self, value: Value) -> None:
        self._value = value
        self._is_base64 = True
        self._pieces: list[str] = []
        self._waiting = 0
        self._rest = b""
        self._padded = False

    def feed(self, text: str) -> None:
        """Take the next characters."""
        self._pieces.append(text)
        self._waiting += len(text)
        if self._waiting >= PIECE_CHARACTERS:
            self._decode()

    def take(self, text: bytes) -> bool:
        """Take the next characters if base64 may go on with them, else none of them; tell which."""
        self._decode()
        if not self._is_base64:
            return False
        digits = self._rest + text
        if (decoded := _decoded(digits)) is None:
            decoded = _decoded(digits := digits.translate(None, _SPACE))
        rest = digits[len(digits) // 4 * 4 :].translate(None, _SPACE)
        if decoded is None or rest.translate(None, _DIGITS) or (self._padded and (decoded or rest)):
            return False
        self._rest = rest
        if decoded:
            self._padded = digits.endswith(b"=", 0, len(digits) // 4 * 4)
            self._value.write(decoded)
        return True

    def close(self) -> bool:
        """Tell whether the text was base64: only then the value has all of its bytes."""
        self._decode()
        return self._is_base64 and not self._rest

    def _decode(self) -> None:
        if self._waiting:
            text, self._pieces, self._waiting = "".join(self._pieces), [], 0
            self._is_base64 = self.take(text.encode("ascii", errors="replace"))


def _decoded(digits: bytes) -> bytes | None:
    """The bytes of all whole groups of four; None for what is no base64."""
    try:
        return pybase64.b64decode(memoryview(digits)[: len(digits) // 4 * 4], validate=True)
    except ValueError:
        return None
