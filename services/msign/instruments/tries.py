"""How many wrong PINs may still be entered, whichever process is asked?"""

from typing import Any, Protocol

MAX_TRIES = 3


class PinTries(Protocol):
    """Counts PIN entries per token."""

    async def take(self, token: str) -> int | None:
        """Use up one try before the PIN is looked at; returns how many are left, None when the token is locked."""

    async def give_back(self, token: str) -> None:
        """The PIN was not looked at: that try is there again."""

    async def succeeded(self, token: str) -> None:
        """The PIN was right: all tries are there again."""


class StoredTries:
    """PIN tries in the provider's database.

    A try is taken before the PIN is checked, so that parallel guesses cannot share one.
    """

    def __init__(self, pool: Any) -> None:
        self._pool = pool

    async def take(self, token: str) -> int | None:
        """Use up one try before the PIN is looked at; returns how many are left, None when the token is locked."""
        used = await self._pool.fetchval(_TAKE, token, MAX_TRIES)
        return None if used is None else MAX_TRIES - int(used)

    async def give_back(self, token: str) -> None:
        """The PIN was not looked at: that try is there again."""
        await self._pool.execute("UPDATE token_tries SET used = used - 1 WHERE token = $1 AND used > 0", token)

    async def succeeded(self, token: str) -> None:
        """The PIN was right: all tries are there again."""
        await self._pool.execute("UPDATE token_tries SET used = 0 WHERE token = $1", token)

    async def locked(self, token: str) -> bool:
        """Tell whether the token takes no PIN any more, without using up a try."""
        return bool(await self._pool.fetchval(_LOCKED, token, MAX_TRIES))

    async def all(self) -> list[tuple[str, int]]:
        """Return the tokens with used-up tries, and how many each has used."""
        rows = await self._pool.fetch("SELECT token, used FROM token_tries WHERE used > 0 ORDER BY token")
        return [(row["token"], row["used"]) for row in rows]

    async def unlock(self, token: str) -> bool:
        """Give a token all its tries back; False when it had them."""
        return await self._pool.fetchval(_UNLOCK, token) is not None


_TAKE = """
INSERT INTO token_tries AS tries (token, used) VALUES ($1, 1)
ON CONFLICT (token) DO UPDATE SET used = tries.used + 1 WHERE tries.used < $2
RETURNING used
"""
_LOCKED = "SELECT used >= $2 FROM token_tries WHERE token = $1"
_UNLOCK = "UPDATE token_tries SET used = 0 WHERE token = $1 AND used > 0 RETURNING token"
