"""SoftHSM with tokens of its own, and an infrastructure whose services may be served at `port`."""

from collections.abc import Iterator
from pathlib import Path

import pkcs11
import pytest

from msign_gateway.infrastructure.ports import free_ports
from msign_gateway.infrastructure.softhsm import find_module
from services.msign.pki.create import create
from services.msign.pki.hsm import Token, make_tokens
from tests.pki import TestPki, ec_key, rsa_key

PIN = "123456"
CARDS = {"moldsign-1": False, "moldsign-2": False, "nationalid-1": True}
"""Tokens by label, and whether each asks for its PIN before every signature."""


@pytest.fixture(scope="module")
def softhsm(tmp_path_factory) -> Iterator[Path]:
    """The module, with the tokens `CARDS` and a P-256 one, `securesign-1`, under `PIN`."""
    module = find_module()
    assert module, "SoftHSM is not installed"
    pkcs11.unload(str(module))  # whoever loaded it before had other tokens
    pki = TestPki.make()
    certificates = (pki.signer.certificate, *pki.signer.chain)
    tokens = [Token(label, PIN, rsa_key("md-person"), certificates, asks) for label, asks in CARDS.items()]
    curve = pki.person(ec_key("card"))
    tokens.append(Token("securesign-1", PIN, ec_key("card"), (curve.certificate, *curve.chain), asks_each_time=False))
    make_tokens(module, tmp_path_factory.mktemp("hsm"), tokens)
    yield module
    pkcs11.unload(str(module))


@pytest.fixture(scope="session")
def port() -> int:
    """Where the certificates of `pki_dir` say that their status services are."""
    return free_ports(1)[0]


@pytest.fixture(scope="session")
def pki_dir(tmp_path_factory, port) -> Path:
    """An infrastructure with everybody's keys as files."""
    directory = tmp_path_factory.mktemp("pki") / "pki"
    create(directory, pki_url=f"http://127.0.0.1:{port}", server_names=["127.0.0.1"])
    return Path(directory)
