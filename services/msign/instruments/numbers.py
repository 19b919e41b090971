"""Which number does somebody mean? People set spaces and dashes into them, and write a phone's in several ways."""

import re

COUNTRY = "373"
"""Moldova's country code (ITU-T E.164)."""
IDNP_PATTERN = r"\s*(?:[0-9]\s*){13}"
PHONE_PATTERN = r"[\s+\(]*(?:[0-9][\s\(\).\-\/]*){8,17}"
WRITTEN_LENGTH = 32
"""How many characters a number may have as it is written."""

_BETWEEN = re.compile(r"[\s().\-/]")
_NATIONAL = re.compile(r"0([0-9]{8})")


def digits(written: str) -> str:
    """Return a number without what stands between its digits."""
    return _BETWEEN.sub("", written)


def phone_number(written: str) -> str:
    """Return a phone's number with its country code alone: `+373 69 000 017`, `00373…` and `069 000 017` are one."""
    plain = digits(written).removeprefix("+").removeprefix("00")
    national = _NATIONAL.fullmatch(plain)
    return COUNTRY + national[1] if national else plain
