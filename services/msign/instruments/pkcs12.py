"""How does somebody sign with a token whose key is a PKCS#12 file under a PIN?"""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from services.msign.instruments.instrument import Field, FieldKind, OpenKey, Refusal, Refused
from services.msign.instruments.tries import PinTries
from shared.contract.models import Instrument as InstrumentName
from shared.errors import Malformed
from shared.signatures.keys import MemoryKey

_IDNP = re.compile(r"[0-9]{13}")
_PIN = re.compile(r"[0-9]{4,12}")

FIELDS = (
    Field("IDNP", pattern="[0-9]{13}", max_length=13),
    Field("PIN", FieldKind.SECRET, pattern="[0-9]{4,12}", max_length=12),
)


class Pkcs12Tokens:
    """The tokens of one instrument: `<directory>/<instrument>-<IDNP>.p12`, each with its own count of PIN tries."""

    fields = FIELDS
    pin_per_document = False

    def __init__(self, name: InstrumentName, directory: Path, tries: PinTries) -> None:
        self.name = name
        self._directory = directory
        self._tries = tries

    @asynccontextmanager
    async def open(self, form: Mapping[str, str | bytes]) -> AsyncIterator[OpenKey]:
        """Yield the key of the token of `form["IDNP"]` that `form["PIN"]` opens.

        Raises `Refused`: no such token, a wrong PIN (with the tries left), or a token locked by wrong PINs. A PIN that
        cannot be one is wrong too and costs a try, as on a card.
        """
        idnp, pin = str(form.get("IDNP", "")).strip(), str(form.get("PIN", ""))
        path = self._directory / f"{self.name}-{idnp}.p12"
        if not _IDNP.fullmatch(idnp) or not path.is_file():
            raise Refused(Refusal.UNKNOWN_TOKEN)
        token = f"{self.name}:{hashlib.sha256(idnp.encode()).hexdigest()}"
        left = await self._tries.take(token)
        if left is None:
            raise Refused(Refusal.LOCKED)
        if not _PIN.fullmatch(pin):
            raise _wrong(left)
        try:
            key = await asyncio.to_thread(MemoryKey.from_pkcs12, path.read_bytes(), pin)
        except Malformed as error:
            raise _wrong(left) from error
        await self._tries.succeeded(token)
        yield OpenKey(key)


def _wrong(left: int) -> Refused:
    return Refused(Refusal.WRONG_PIN, tries_left=left) if left else Refused(Refusal.LOCKED)
