"""What did the e-Service ask for when it sent the browser to us, and may it? (contract section 2)"""

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar
from urllib.parse import SplitResult, urlsplit

from shared.contract.models import Instrument, Language
from shared.errors import Malformed

MAX_RELAY_STATE_BYTES = 2048
MAX_URL_CHARACTERS = 2048
ChoiceT = TypeVar("ChoiceT", bound=StrEnum)
_DEFAULT_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """The parameters of the browser form; `relay_state` None means that none was given."""

    return_url: str
    relay_state: str | None = None
    instrument: Instrument | None = None
    msisdn: str | None = None
    language: Language | None = None


def read_entry(parameters: Iterable[tuple[str, str]], return_origins: tuple[str, ...]) -> Entry:
    """Return the parameters, whose names count without regard to case.

    Unknown names, instruments and languages are passed over. Raises `Malformed` with the code of the page's text for a
    ReturnUrl that is missing or not allowed, a RelayState that is too long or a MSISDN that is no number.
    """
    given: Mapping[str, str] = {name.lower(): value for name, value in reversed(list(parameters))}
    relay_state = given.get("relaystate")
    if relay_state is not None and len(relay_state.encode("utf-8", "surrogatepass")) > MAX_RELAY_STATE_BYTES:
        raise Malformed("RelayState is longer than 2 KiB", field="RelayState", code="relay_state_too_long")
    msisdn = given.get("msisdn") or None
    if msisdn is not None and not (msisdn.isascii() and msisdn.isdigit() and len(msisdn) <= 15):
        raise Malformed("MSISDN is not a phone number in digits", field="MSISDN", code="msisdn_invalid")
    return Entry(
        return_url=check_return_url(given.get("returnurl", ""), return_origins),
        relay_state=relay_state,
        instrument=_instrument(given.get("instrument")),
        msisdn=msisdn,
        language=_member(Language, given.get("lang")),
    )


def check_return_url(url: str, return_origins: tuple[str, ...]) -> str:
    """Return `url` if results may go there: https, or http on loopback; within `return_origins` if there are any."""
    if not url:
        raise Malformed("ReturnUrl is missing", field="ReturnUrl", code="return_url_missing")
    try:
        parts = urlsplit(url)
        origin = origin_of(parts)
    except ValueError as error:
        raise _not_allowed() from error
    plain = len(url) <= MAX_URL_CHARACTERS and url.isprintable() and " " not in url and "\\" not in url
    secure = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))
    if not (plain and secure and parts.hostname and parts.username is None and parts.password is None):
        raise _not_allowed()
    if return_origins and origin not in {origin_of(urlsplit(allowed)) for allowed in return_origins}:
        raise _not_allowed()
    return url


def origin_of(parts: SplitResult) -> tuple[str, str, int | None]:
    """Return scheme, host and port (RFC 6454); raises `ValueError` for a port that is no number."""
    return parts.scheme, parts.hostname or "", parts.port or _DEFAULT_PORTS.get(parts.scheme)


def is_loopback(host: str) -> bool:
    """Tell whether a host names this very machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _instrument(value: str | None) -> Instrument | None:
    """Return the instrument; newer clients say mobisign for the phone."""
    named = _member(Instrument, value)
    return Instrument.MOBILE if named is Instrument.MOBISIGN else named


def _member(kind: type[ChoiceT], value: str | None) -> ChoiceT | None:
    try:
        return kind((value or "").lower())
    except ValueError:
        return None


def _not_allowed() -> Malformed:
    return Malformed("ReturnUrl is not allowed", field="ReturnUrl", code="return_url_not_allowed")
