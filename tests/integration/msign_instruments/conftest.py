"""SoftHSM with tokens of its own."""

from pathlib import Path

import pkcs11
import pytest

from msign_gateway.infrastructure.softhsm import find_module
from services.msign.pki.hsm import Token, make_tokens
from tests.pki import TestPki, rsa_key

PIN = "123456"
CARDS = {"moldsign-1": False, "moldsign-2": False, "nationalid-1": True}
"""Tokens by label, and whether each asks for its PIN before every signature."""


@pytest.fixture(scope="module")
def softhsm(tmp_path_factory) -> Path:
    """The module, with the tokens `CARDS` under `PIN`."""
    module = find_module()
    assert module, "SoftHSM is not installed"
    pkcs11.unload(str(module))  # whoever loaded it before had other tokens
    signer = TestPki.make().signer
    certificates = (signer.certificate, *signer.chain)
    tokens = [Token(label, PIN, rsa_key("md-person"), certificates, asks) for label, asks in CARDS.items()]
    make_tokens(module, tmp_path_factory.mktemp("hsm"), tokens)
    yield module
    pkcs11.unload(str(module))
