"""How does somebody sign with a key file, as the tax service hands them out?"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from services.msign.instruments.certificates import CertificateCheck
from services.msign.instruments.instrument import Field, FieldKind, OpenKey, Refusal, Refused
from services.msign.metrics import TOKENS_OPENED
from shared.contract.models import Instrument
from shared.errors import Malformed
from shared.signatures.keys import MemoryKey

MAX_FILE_BYTES = 128 * 1024


class KeyFiles:
    """A PKCS#12 file that its owner uploads with its password; neither is kept."""

    name = Instrument.TAX
    pin_per_document = False
    fields = (
        Field("KeyFile", FieldKind.FILE, max_length=MAX_FILE_BYTES),
        Field("Password", FieldKind.SECRET, max_length=128),
    )

    def __init__(self, certificates: CertificateCheck) -> None:
        self._certificates = certificates

    @asynccontextmanager
    async def open(self, form: Mapping[str, str | bytes]) -> AsyncIterator[OpenKey]:
        """Yield the key in `form["KeyFile"]` that `form["Password"]` opens.

        Raises `Refused` for what is no key file or another's password (which of the two cannot be told), and for a
        certificate that is not good for signing.
        """
        try:
            key = await _key_in(form.get("KeyFile", b""), str(form.get("Password", "")))
            await self._certificates.check(key)
        except Refused as error:
            TOKENS_OPENED.labels(self.name.value, error.why.value).inc()
            raise
        TOKENS_OPENED.labels(self.name.value, "opened").inc()
        yield OpenKey(key)


async def _key_in(data: str | bytes, password: str) -> MemoryKey:
    if not isinstance(data, bytes) or not data or len(data) > MAX_FILE_BYTES:
        raise Refused(Refusal.KEY_FILE_UNREADABLE)
    try:
        return await asyncio.to_thread(MemoryKey.from_pkcs12, data, password)
    except Malformed:
        raise Refused(Refusal.KEY_FILE_UNREADABLE) from None
