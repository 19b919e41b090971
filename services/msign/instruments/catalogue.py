"""Which instruments does this instance offer?"""

from services.msign.instruments.certificates import CertificateCheck
from services.msign.instruments.guesses import Guesses, Limited
from services.msign.instruments.instrument import SigningInstrument
from services.msign.instruments.stores import TokenStore
from services.msign.instruments.tax import KeyFiles
from services.msign.instruments.tokens import Tokens
from services.msign.instruments.tries import PinTries
from shared.contract.models import Instrument

Catalogue = dict[Instrument, SigningInstrument]

ASKS_EACH_TIME = frozenset({Instrument.NATIONALID})
"""Whose tokens want the PIN before each signature, as identity cards do."""
TOKENS = (Instrument.MOLDSIGN, Instrument.NATIONALID, Instrument.SECURESIGN)


def catalogue(
    store: TokenStore, tries: PinTries, certificates: CertificateCheck, guesses: Guesses | None = None
) -> Catalogue:
    """Return the instruments by name, in the order in which the selection page shows them.

    With `guesses`, each takes only so many wrong entries from the page of one request.
    """
    offered: list[SigningInstrument] = [
        Tokens(name, store, tries, certificates, pin_per_document=name in ASKS_EACH_TIME) for name in TOKENS
    ]
    offered.append(KeyFiles(certificates))
    return {one.name: Limited(one, guesses) if guesses else one for one in offered}
