"""What was uploaded for verification, and what is known of the content? Read in memory, within limits."""

import base64
import binascii
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from services.msign.pages.forms import Form
from services.msign.pages.texts import Complaint
from services.msign.public.texts import NO_FILE, NO_HASH
from shared.errors import MSignGatewayError
from shared.signatures.algorithms import digest_of_length
from shared.signatures.content import Digest, KnownContent, Original

MAX_UPLOAD_BYTES = 32 * 1024 * 1024


class BadUpload(MSignGatewayError):
    """What was uploaded cannot be judged; the complaint says why, `status` is HTTP's."""

    def __init__(self, complaint: Complaint, *, status: int = 400) -> None:
        super().__init__(complaint.wrong.one)
        self.complaint = complaint
        self.status = status


@dataclass(frozen=True, slots=True)
class Upload:
    """A signed file, and what the person knows of the content that it signs."""

    signed: bytes
    content: KnownContent | None

    @property
    def is_pdf(self) -> bool:
        """Whether a PDF header stands in the first 1024 bytes, where readers look for it."""
        return b"%PDF-" in self.signed[:1024]


def read_upload(form: Form) -> Upload:
    """Return what the form holds: files `File` and `Original`, text `Hash`; raises `BadUpload`."""
    signed, original, typed = form.get("File"), form.get("Original"), form.get("Hash")
    if not isinstance(signed, bytes) or not signed:
        raise BadUpload(NO_FILE)
    if isinstance(original, bytes) and original:
        return Upload(signed, Original(original))
    if isinstance(typed, str) and typed.strip():
        return Upload(signed, Digest(read_hash(typed)))
    return Upload(signed, None)


def read_hash(typed: str) -> bytes:
    """Return a hash typed as hexadecimal or base64; raises `BadUpload` when it is neither of a known length."""
    text = "".join(typed.split()).replace(":", "")
    for decode in (bytes.fromhex, lambda one: base64.b64decode(one, validate=True)):
        try:
            value = decode(text)
        except (ValueError, binascii.Error):
            continue
        if digest_of_length(len(value)):
            return value
    raise BadUpload(NO_HASH)


class Throttle:
    """Lets so many calls through in any `seconds`, and so many at once."""

    def __init__(self, calls: int, seconds: float, at_once: int, now: Callable[[], float] = monotonic) -> None:
        self._calls, self._seconds, self._at_once, self._now = calls, seconds, at_once, now
        self._begun: deque[float] = deque()
        self._running = 0

    def begin(self) -> bool:
        """Whether one more may begin now; if so, `end` must follow."""
        now = self._now()
        while self._begun and self._begun[0] <= now - self._seconds:
            self._begun.popleft()
        if self._running >= self._at_once or len(self._begun) >= self._calls:
            return False
        self._begun.append(now)
        self._running += 1
        return True

    def end(self) -> None:
        """One that had begun is over."""
        self._running -= 1
