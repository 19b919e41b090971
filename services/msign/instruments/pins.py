"""Does this PIN open this token, now, and may its owner sign?"""

import hashlib
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from services.msign.instruments.certificates import CertificateCheck
from services.msign.instruments.instrument import OpenKey, Refusal, Refused
from services.msign.instruments.stores import TokenStore
from services.msign.instruments.tries import PinTries
from services.msign.metrics import TOKENS_OPENED
from shared.errors import Transient
from shared.signatures.pkcs11 import NoSuchToken, TokenLocked, WrongPin

_PIN = re.compile(r"[0-9]{4,12}")


class PinnedTokens:
    """The tokens of a store, each with its own count of PIN tries; cards and SIMs alike."""

    def __init__(self, store: TokenStore, tries: PinTries, certificates: CertificateCheck) -> None:
        self._store = store
        self._tries = tries
        self._certificates = certificates

    async def has(self, label: str) -> bool:
        """Tell whether there is such a token."""
        return await self._store.has(label)

    @asynccontextmanager
    async def open(self, label: str, pin: str) -> AsyncIterator[OpenKey]:
        """Yield the key of the token `label`, `<instrument>-<number>`, that `pin` opens; it works inside the block.

        Raises `Transient` when the store fails, which costs no try, and `Refused`: no such token, a wrong PIN (with the
        tries left), a token locked by wrong PINs, or a certificate that is not good any more. A PIN that cannot be one
        is wrong too and costs a try, as on a card.
        """
        instrument = label.partition("-")[0]
        async with AsyncExitStack() as session:
            try:
                opened = await session.enter_async_context(self._opened(label, pin))
                await self._certificates.check(opened.key)
            except Refused as error:
                TOKENS_OPENED.labels(instrument, error.why.value).inc()
                raise
            TOKENS_OPENED.labels(instrument, "opened").inc()
            yield opened

    @asynccontextmanager
    async def _opened(self, label: str, pin: str) -> AsyncIterator[OpenKey]:
        token = counted_as(label)
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
            except Transient:
                await self._tries.give_back(token)
                raise
            except TokenLocked:
                raise Refused(Refusal.LOCKED) from None
            except NoSuchToken:
                raise Refused(Refusal.UNKNOWN_TOKEN) from None
            await self._tries.succeeded(token)
            yield opened


def counted_as(label: str) -> str:
    """Return the name under which a token's tries are counted: never with the owner's number itself."""
    instrument, _, number = label.partition("-")
    return f"{instrument}:{hashlib.sha256(number.encode()).hexdigest()}"


def _wrong(left: int) -> Refused:
    return Refused(Refusal.WRONG_PIN, tries_left=left) if left else Refused(Refusal.LOCKED)
