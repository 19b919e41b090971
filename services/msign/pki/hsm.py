"""How do the people's keys get into SoftHSM, the PKCS#11 module of test instances?"""

import os
import secrets
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pkcs11
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pkcs11.util.ec import decode_ec_private_key
from pkcs11.util.rsa import decode_rsa_private_key
from pkcs11.util.x509 import decode_x509_certificate

from shared.errors import Malformed
from shared.signatures.keys import PrivateKey

CONFIGURATION = "softhsm2.conf"
INITIALISE = "softhsm2-util"
_KEY_ID = b"\x01"


@dataclass(frozen=True, slots=True)
class Token:
    """What goes into one token; with `asks_each_time` its PIN opens one signature only."""

    label: str
    pin: str
    key: PrivateKey
    certificates: tuple[x509.Certificate, ...]
    asks_each_time: bool


def make_tokens(module: Path, directory: Path, tokens: list[Token]) -> None:
    """Put tokens into a SoftHSM of its own, whose configuration is `directory`/softhsm2.conf.

    Sets SOFTHSM2_CONF for this process, since the module reads it when it is loaded. Raises `Malformed` when SoftHSM's
    own command is missing or fails.
    """
    store = directory / "hsm"
    store.mkdir(mode=0o700)
    configuration = directory / CONFIGURATION
    configuration.write_text(f"directories.tokendir = {store}\nobjectstore.backend = file\nlog.level = ERROR\n")
    configuration.chmod(0o600)
    os.environ["SOFTHSM2_CONF"] = str(configuration)
    for token in tokens:
        _initialise(module, token)
    library = pkcs11.lib(str(module))
    for token in tokens:
        with library.get_token(token_label=token.label).open(user_pin=token.pin, rw=True) as session:
            _fill(session, token)


def _initialise(module: Path, token: Token) -> None:
    """Format a free slot; the security officer's PIN is thrown away."""
    officer = secrets.token_hex(16)
    command = [INITIALISE, "--module", str(module), "--init-token", "--free", "--label", token.label]
    try:
        subprocess.run(  # noqa: S603
            [*command, "--so-pin", officer, "--pin", token.pin], check=True, capture_output=True, text=True
        )
    except FileNotFoundError as error:
        raise Malformed(f"{INITIALISE} is not installed") from error
    except subprocess.CalledProcessError as error:
        raise Malformed(f"{INITIALISE} cannot make a token: {error.stderr.strip()}") from error


def _fill(session: Any, token: Token) -> None:
    traditional = token.key.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    elliptic = isinstance(token.key, ec.EllipticCurvePrivateKey)
    named = {pkcs11.Attribute.TOKEN: True, pkcs11.Attribute.LABEL: token.label, pkcs11.Attribute.ID: _KEY_ID}
    session.create_object(
        (decode_ec_private_key(traditional) if elliptic else decode_rsa_private_key(traditional))
        | named
        | {
            pkcs11.Attribute.SIGN: True,
            pkcs11.Attribute.PRIVATE: True,
            pkcs11.Attribute.SENSITIVE: True,
            pkcs11.Attribute.EXTRACTABLE: False,
            pkcs11.Attribute.ALWAYS_AUTHENTICATE: token.asks_each_time,
        }
    )
    for certificate in token.certificates:
        session.create_object(decode_x509_certificate(certificate.public_bytes(Encoding.DER)) | named)
