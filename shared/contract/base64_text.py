"""How does base64 become bytes while it is still arriving?"""

import binascii
from typing import Protocol

PIECE_CHARACTERS = 64 * 1024


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

    def close(self) -> bool:
        """Tell whether the text was base64: only then the value has all of its bytes."""
        self._decode()
        return self._is_base64 and not self._rest

    def _decode(self) -> None:
        text, self._pieces, self._waiting = "".join(self._pieces), [], 0
        digits = text.encode("ascii", errors="replace").translate(None, b" \t\r\n")
        if not self._is_base64 or not digits:
            return
        digits = self._rest + digits
        whole, self._rest = digits[: len(digits) // 4 * 4], digits[len(digits) // 4 * 4 :]
        try:
            decoded = binascii.a2b_base64(whole, strict_mode=True)
        except binascii.Error:
            self._is_base64 = False
            return
        self._is_base64 = not self._padded
        self._padded = whole.endswith(b"=")
        self._value.write(decoded)
