"""Which key files sign, whatever program made them?"""

import subprocess

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)

from services.msign.instruments.instrument import Refusal, Refused
from services.msign.instruments.tax import MAX_FILE_BYTES, KeyFiles
from tests.pki import TestPki, ec_key, rsa_key
from tests.provider import AnyCertificate

PASSWORD = "Parolă-17"


def key_file(key=None) -> bytes:
    signer = TestPki.make().person(key) if key else TestPki.make().signer
    return pkcs12.serialize_key_and_certificates(
        b"key", key or rsa_key("md-person"), signer.certificate, signer.chain,
        BestAvailableEncryption(PASSWORD.encode()),
    )  # fmt: skip


async def refusal(**form: str | bytes) -> Refusal:
    with pytest.raises(Refused) as caught:
        async with KeyFiles(AnyCertificate()).open(form):
            pass
    return caught.value.why


@pytest.mark.parametrize("key", [rsa_key("md-person"), ec_key("tax")], ids=["rsa", "ec"])
async def test_a_key_file_opens_with_its_password(key):
    async with KeyFiles(AnyCertificate()).open({"KeyFile": key_file(key), "Password": PASSWORD}) as opened:
        assert await opened.key.sign(b"data")
        assert len(opened.key.chain) == 2


@pytest.fixture(params=["PBE-SHA1-3DES", "PBE-SHA1-RC2-40"])
def old_key_file(tmp_path, request):
    """A key file as programs made it twenty years ago, by openssl."""
    key = rsa_key("md-person").private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "key.pem").write_bytes(key)
    (tmp_path / "cert.pem").write_bytes(TestPki.make().signer.certificate.public_bytes(Encoding.PEM))
    subprocess.run(
        ["openssl", "pkcs12", "-export", "-legacy", "-inkey", "key.pem", "-in", "cert.pem", "-out", "key.p12",
         "-keypbe", request.param, "-certpbe", request.param, "-macalg", "sha1", "-passout", "pass:old"],
        cwd=tmp_path, check=True, capture_output=True,
    )  # fmt: skip
    return (tmp_path / "key.p12").read_bytes()


async def test_a_key_file_in_an_old_encryption_opens_too(old_key_file):
    async with KeyFiles(AnyCertificate()).open({"KeyFile": old_key_file, "Password": "old"}) as opened:
        assert opened.key.certificate.public_key() == rsa_key("md-person").public_key()


@pytest.mark.parametrize(
    "form",
    [
        {"KeyFile": key_file(), "Password": "wrong"},
        {"KeyFile": key_file()},
        {"KeyFile": b"garbage", "Password": PASSWORD},
        {"KeyFile": key_file()[:-40], "Password": PASSWORD},
        {"KeyFile": b"", "Password": PASSWORD},
        {"KeyFile": "text", "Password": PASSWORD},
        {"KeyFile": b"\x30" * (MAX_FILE_BYTES + 1), "Password": PASSWORD},
        {},
    ],
    ids=["wrong password", "no password", "garbage", "cut short", "empty", "no file", "too large", "nothing"],
)
async def test_what_is_no_key_file_and_a_wrong_password_are_refused_alike(form):
    assert await refusal(**form) is Refusal.KEY_FILE_UNREADABLE
