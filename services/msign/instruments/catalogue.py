"""Which instruments does this instance offer?"""

from pathlib import Path

from services.msign.instruments.instrument import SigningInstrument
from services.msign.instruments.pkcs12 import Pkcs12Tokens
from services.msign.instruments.tries import PinTries
from shared.contract.models import Instrument

Catalogue = dict[Instrument, SigningInstrument]


def catalogue(pki_dir: Path, tries: PinTries) -> Catalogue:
    """Return the instruments by name, in the order in which the selection page shows them."""
    tokens = pki_dir / "tokens"
    return {Instrument.MOLDSIGN: Pkcs12Tokens(Instrument.MOLDSIGN, tokens, tries)}
