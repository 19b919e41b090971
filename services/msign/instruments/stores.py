"""Where do the tokens' keys live? In a PKCS#11 module, or in PKCS#12 files where a machine has none."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Protocol

from services.msign.instruments.instrument import OpenKey
from shared.errors import Malformed
from shared.signatures.keys import MemoryKey
from shared.signatures.pkcs11 import NoSuchToken, Pkcs11Module, WrongPin


class TokenStore(Protocol):
    """Tokens by label, `<instrument>-<IDNP>`."""

    async def has(self, label: str) -> bool:
        """Tell whether there is such a token."""

    def open(self, label: str, pin: str) -> AbstractAsyncContextManager[OpenKey]:
        """Yield a token's key; entering raises `WrongPin`, `NoSuchToken`, `TokenLocked` or `Transient`."""


class Pkcs11Store:
    """Tokens of a PKCS#11 module; each says itself whether its PIN opens one signature only."""

    def __init__(self, module: Path) -> None:
        self._module = Pkcs11Module(module)

    async def has(self, label: str) -> bool:
        """Tell whether there is such a token."""
        return await self._module.has(label)

    @asynccontextmanager
    async def open(self, label: str, pin: str) -> AsyncIterator[OpenKey]:
        """Yield a token's key; entering raises `WrongPin`, `NoSuchToken`, `TokenLocked` or `Transient`."""
        async with self._module.open(label, pin) as key:
            yield OpenKey(key, key.pin_per_signature)


class FileStore:
    """Tokens as PKCS#12 files, `<label>.p12`; the labels that begin with one of `asking` ask for each signature."""

    def __init__(self, directory: Path, asking: tuple[str, ...] = ()) -> None:
        self._directory = directory
        self._asking = asking

    async def has(self, label: str) -> bool:
        """Tell whether there is such a token."""
        return self._path(label).is_file()

    @asynccontextmanager
    async def open(self, label: str, pin: str) -> AsyncIterator[OpenKey]:
        """Yield a token's key; entering raises `WrongPin` or `NoSuchToken`."""
        if not await self.has(label):
            raise NoSuchToken("there is no such token")
        try:
            key = await asyncio.to_thread(MemoryKey.from_pkcs12, self._path(label).read_bytes(), pin)
        except Malformed as error:
            raise WrongPin("the token does not open with this PIN") from error
        yield OpenKey(key, label.startswith(self._asking) if self._asking else False)

    def _path(self, label: str) -> Path:
        return self._directory / f"{label}.p12"
