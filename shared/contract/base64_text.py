"""How does base64 become bytes while it is still arriving?"""

import binascii
import io

PIECE_CHARACTERS = 64 * 1024


class Base64Text:
    """The value of one `xs:base64Binary` (XML Schema part 2, 3.2.16): white space anywhere, padding only at the end."""

    def __init__(self) -> None:
        self._bytes: io.BytesIO | None = io.BytesIO()
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

    def close(self) -> bytes | None:
        """Return the bytes; None when the text was not base64."""
        self._decode()
        return None if self._bytes is None or self._rest else self._bytes.getvalue()

    def _decode(self) -> None:
        text, self._pieces, self._waiting = "".join(self._pieces), [], 0
        digits = text.encode("ascii", errors="replace").translate(None, b" \t\r\n")
        if self._bytes is None or not digits:
            return
        digits = self._rest + digits
        whole, self._rest = digits[: len(digits) // 4 * 4], digits[len(digits) // 4 * 4 :]
        try:
            self._bytes.write(binascii.a2b_base64(whole, strict_mode=True))
        except binascii.Error:
            self._bytes = None
        if self._padded:
            self._bytes = None
        self._padded = whole.endswith(b"=")
