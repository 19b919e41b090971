"""How does somebody sign with a token under a PIN: MoldSign, the identity card, SecureSign?"""

import hashlib
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

from services.msign.instruments.certificates import CertificateCheck
from services.msign.instruments.instrument import Field, FieldKind, OpenKey, Refusal, Refused
from services.msign.instruments.stores import TokenStore
from services.msign.instruments.tries import PinTries
from shared.contract.models import Instrument as InstrumentName
from shared.signatures.pkcs11 import NoSuchToken, TokenLocked, WrongPin

_IDNP = re.compile(r"[0-9]{13}")
_PIN = re.compile(r"[0-9]{4,12}")


class Tokens:
    """The tokens of one instrument, each with its own count of PIN tries."""

    fields = (
        Field("IDNP", pattern="[0-9]{13}", max_length=13),
        Field("PIN", FieldKind.SECRET, pattern="[0-9]{4,12}", max_length=12),
    )

    def __init__(
        self,
        name: InstrumentName,
        store: TokenStore,
        tries: PinTries,
        certificates: CertificateCheck,
        *,
        pin_per_document: bool = False,
    ) -> None:
        self.name = name
        self.pin_per_document = pin_per_document
        self._store = store
        self._tries = tries
        self._certificates = certificates

    @asynccontextmanager
    async def open(self, form: Mapping[str, str | bytes]) -> AsyncIterator[OpenKey]:
        """Yield the key of the token of `form["IDNP"]` that `form["PIN"]` opens.

        Raises `Refused`: no such token, a wrong PIN (with the tries left), a token locked by wrong PINs, or a
        certificate that is not good any more. A PIN that cannot be one is wrong too and costs a try, as on a card.
        """
        idnp, pin = str(form.get("IDNP", "")).strip(), str(form.get("PIN", ""))
        label = f"{self.name}-{idnp}"
        if not _IDNP.fullmatch(idnp) or not await self._store.has(label):
            raise Refused(Refusal.UNKNOWN_TOKEN)
        token = f"{self.name}:{hashlib.sha256(idnp.encode()).hexdigest()}"
        async with AsyncExitStack() as session:
            opened = await session.enter_async_context(self._opened(token, label, pin))
            await self._certificates.check(opened.key)
            yield opened

    @asynccontextmanager
    async def _opened(self, token: str, label: str, pin: str) -> AsyncIterator[OpenKey]:
        left = await self._tries.take(token)
        if left is None:
            raise Refused(Refusal.LOCKED)
        async with AsyncExitStack() as session:
            if not _PIN.fullmatch(pin):
                raise _wrong(left)
            try:
                opened = await session.enter_async_context(self._store.open(label, pin))
            except WrongPin:
                raise _wrong(left) from None
            except TokenLocked:
                raise Refused(Refusal.LOCKED) from None
            except NoSuchToken:
                raise Refused(Refusal.UNKNOWN_TOKEN) from None
            await self._tries.succeeded(token)
            yield opened


def _wrong(left: int) -> Refused:
    return Refused(Refusal.WRONG_PIN, tries_left=left) if left else Refused(Refusal.LOCKED)
