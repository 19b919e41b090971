"""How does a key in a PKCS#11 token sign?

Modules are loaded without locks of their own and a login belongs to the whole process: so one thread does everything
that one module is asked, and one user at a time has a token, logged out before the next PIN is tried.
"""

from __future__ import annotations

import asyncio
import ctypes
import hashlib
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import pkcs11
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from pkcs11.util.ec import encode_ecdsa_signature

from shared.errors import Bug, Malformed, MSignGatewayError, Transient
from shared.signatures.keys import chain_above

Result = TypeVar("Result")

_RSA_MECHANISMS = {
    "sha1": pkcs11.Mechanism.SHA1_RSA_PKCS,
    "sha224": pkcs11.Mechanism.SHA224_RSA_PKCS,
    "sha256": pkcs11.Mechanism.SHA256_RSA_PKCS,
    "sha384": pkcs11.Mechanism.SHA384_RSA_PKCS,
    "sha512": pkcs11.Mechanism.SHA512_RSA_PKCS,
}
_WRONG_PIN = (pkcs11.PinIncorrect, pkcs11.PinInvalid, pkcs11.PinLenRange)


class NoSuchToken(MSignGatewayError):
    """There is no token with this label in the module's slots, or it was taken out."""


class WrongPin(MSignGatewayError):
    """The token does not open with this PIN."""


class TokenLocked(MSignGatewayError):
    """The token itself takes no PIN any more."""


class Pkcs11Module:
    """A PKCS#11 module (cryptoki 2.40) by the path of its shared library."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="pkcs11")
        self._users: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def has(self, label: str) -> bool:
        """Tell whether a token with this label is there."""
        try:
            await self._run(lambda: self._token(label))
        except NoSuchToken:
            return False
        return True

    @asynccontextmanager
    async def open(self, label: str, pin: str) -> AsyncIterator[Pkcs11Key]:
        """Yield the signing key of a token, which works inside the block; others wait for the token meanwhile.

        Raises `NoSuchToken`, `WrongPin`, `TokenLocked`; `Malformed` for a token without a key and its certificate;
        `Transient` when the module fails otherwise.
        """
        async with self._users[label]:
            session = await self._session(label, pin)
            try:
                yield await self._run(lambda: _key_in(session, pin, self._run))
            finally:
                await self._run(session.close)

    async def _session(self, label: str, pin: str) -> Any:
        """Log in; a login whose user has gone meanwhile is ended, since it would keep everybody else out."""
        login = asyncio.ensure_future(self._run(lambda: self._login(label, pin)))
        try:
            return await asyncio.shield(login)
        except asyncio.CancelledError:
            await asyncio.wait([login])
            if not login.exception():
                await self._run(login.result().close)
            raise

    def _token(self, label: str) -> Any:
        try:
            return pkcs11.lib(str(self._path)).get_token(token_label=label)
        except (pkcs11.NoSuchToken, pkcs11.TokenNotPresent) as error:
            raise NoSuchToken("there is no such token") from error

    def _login(self, label: str, pin: str) -> Any:
        token = self._token(label)
        try:
            return token.open(user_pin=pin)
        except pkcs11.PKCS11Error as error:
            self._close_sessions(token)
            if isinstance(error, _WRONG_PIN):
                raise WrongPin("the token does not open with this PIN") from error
            if isinstance(error, pkcs11.PinLocked):
                raise TokenLocked("the token is locked") from error
            raise

    def _close_sessions(self, token: Any) -> None:
        """Close what a refused login leaves open: python-pkcs11 has no handle of it, but the token is ours alone now.

        The module is loaded already, so its own function (cryptoki section 5.6) answers for the same sessions.
        """
        ctypes.CDLL(str(self._path)).C_CloseAllSessions(ctypes.c_ulong(token.slot.slot_id))

    async def _run(self, work: Callable[[], Result]) -> Result:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except pkcs11.PKCS11Error as error:
            raise Transient(f"the PKCS#11 module failed: {type(error).__name__}") from error


class Pkcs11Key:
    """The `SigningKey` of an open token.

    With `pin_per_signature` (CKA_ALWAYS_AUTHENTICATE) the PIN that opened the token is good for one signature.
    """

    def __init__(
        self,
        key: Any,
        certificate: x509.Certificate,
        chain: tuple[x509.Certificate, ...],
        pin: str | None,
        run: Callable[[Callable[[], bytes]], Any],
    ) -> None:
        self._key = key
        self.certificate = certificate
        self.chain = chain
        self._pin = pin
        self._run = run
        self.pin_per_signature = pin is not None

    async def sign(self, data: bytes, digest: str = "sha256") -> bytes:
        """Sign `data` hashed with `digest`: RSA PKCS#1 v1.5, or ECDSA as DER.

        Raises `Bug` for a second signature with a PIN that was good for one.
        """
        if self.pin_per_signature and self._pin is None:
            raise Bug("this token asks for its PIN before each signature")
        pin, self._pin = self._pin, None
        if isinstance(self.certificate.public_key(), ec.EllipticCurvePublicKey):
            hashed = hashlib.new(digest, data).digest()
            raw = await self._run(lambda: self._key.sign(hashed, mechanism=pkcs11.Mechanism.ECDSA, pin=pin))
            return bytes(encode_ecdsa_signature(raw))
        mechanism = _RSA_MECHANISMS[digest]
        return bytes(await self._run(lambda: self._key.sign(data, mechanism=mechanism, pin=pin)))


def _key_in(session: Any, pin: str, run: Callable[[Callable[[], bytes]], Any]) -> Pkcs11Key:
    keys = list(session.get_objects({pkcs11.Attribute.CLASS: pkcs11.ObjectClass.PRIVATE_KEY}))
    stored = session.get_objects({pkcs11.Attribute.CLASS: pkcs11.ObjectClass.CERTIFICATE})
    certificates = [x509.load_der_x509_certificate(one[pkcs11.Attribute.VALUE]) for one in stored]
    issuers = {one.issuer for one in certificates}
    leaves = [one for one in certificates if one.subject not in issuers]
    if len(keys) != 1 or len(leaves) != 1:
        raise Malformed("the token must hold one private key and its certificate", code="token")
    asks = bool(keys[0][pkcs11.Attribute.ALWAYS_AUTHENTICATE])
    return Pkcs11Key(keys[0], leaves[0], chain_above(leaves[0], certificates), pin if asks else None, run)
