"""What are the parameters of the browser forms called? (contract section 2)"""

from collections.abc import Iterable

RETURN_URL = "ReturnUrl"
INSTRUMENT = "Instrument"
MSISDN = "MSISDN"
RELAY_STATE = "RelayState"
LANG = "lang"
REQUEST_ID = "RequestID"

_NAMES = {name.lower(): name for name in (RETURN_URL, INSTRUMENT, MSISDN, RELAY_STATE, LANG, REQUEST_ID)}


def read_form(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The parameters under their contract names, matched without regard to case; the first of equal ones counts."""
    found: dict[str, str] = {}
    for name, value in pairs:
        known = _NAMES.get(name.lower())
        if known:
            found.setdefault(known, value)
    return found
