"""How does somebody sign with a token under a PIN: MoldSign, the identity card, SecureSign?"""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from services.msign.instruments.certificates import CertificateCheck
from services.msign.instruments.instrument import IDNP, Field, FieldKind, OpenKey, Refusal, Refused
from services.msign.instruments.pins import PinnedTokens
from services.msign.instruments.stores import TokenStore
from services.msign.instruments.tries import PinTries
from shared.contract.models import Instrument as InstrumentName

_IDNP = re.compile(r"[0-9]{13}")


class Tokens:
    """The tokens of one instrument, each with its own count of PIN tries."""

    fields = (
        IDNP,
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
        self._tokens = PinnedTokens(store, tries, certificates)

    @asynccontextmanager
    async def open(self, form: Mapping[str, str | bytes]) -> AsyncIterator[OpenKey]:
        """Yield the key of the token of `form["IDNP"]` that `form["PIN"]` opens.

        Raises `Refused`: no such token, a wrong PIN (with the tries left), a token locked by wrong PINs, or a
        certificate that is not good any more. A PIN that cannot be one is wrong too and costs a try, as on a card.
        """
        idnp, pin = IDNP.read(str(form.get("IDNP", ""))), str(form.get("PIN", ""))
        label = f"{self.name}-{idnp}"
        if not _IDNP.fullmatch(idnp) or not await self._tokens.has(label):
            raise Refused(Refusal.UNKNOWN_TOKEN)
        async with self._tokens.open(label, pin) as opened:
            yield opened
