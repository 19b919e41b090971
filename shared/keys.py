"""Which keys does a secret hold? One or more, separated by white space or commas.

The first signs or seals, all of them are believed: so a key can be replaced while what was made with the old one still
goes about.
"""

import re
from collections.abc import Callable
from typing import Annotated

from pydantic import AfterValidator

MINIMUM_KEY_CHARACTERS = 32


def parse_keys(text: str) -> tuple[str, ...]:
    """Return the keys of a secret, newest first; raises `ValueError` for none or a short one."""
    keys = tuple(part for part in re.split(r"[\s,]+", text) if part)
    if not keys or any(len(key) < MINIMUM_KEY_CHARACTERS for key in keys):
        raise ValueError(f"needs at least one key, each of at least {MINIMUM_KEY_CHARACTERS} characters")
    return keys


def _keys(text: str) -> str:
    parse_keys(text)
    return text


Keys = Annotated[str, AfterValidator(_keys)]
"""A setting that holds keys, as the text that was given."""


class Keyring:
    """The keys of this moment, for who signs or seals."""

    def __init__(self, *keys: str) -> None:
        self._keys: Callable[[], tuple[str, ...]] = lambda: keys

    @classmethod
    def following(cls, secret: Callable[[], str]) -> "Keyring":
        """Return the keys of the secret that `secret` tells at each use."""
        ring = cls()
        ring._keys = lambda: parse_keys(secret())
        return ring

    @property
    def oldest_first(self) -> list[str]:
        """The keys as itsdangerous wants them: it signs with the last one."""
        return list(reversed(self._keys()))
