"""The infrastructure's own keys are replaced while it serves."""

import asyncio
import hashlib
import shutil

import pytest
from aiohttp.test_utils import TestClient, TestServer
from asn1crypto import cms
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from services.msign.pki.app import create_pki_app
from services.msign.pki.architecture import CONFIGURATION, Architecture
from services.msign.pki.create import pem_of_key
from services.msign.pki.plan import TSA
from shared.signatures.timestamps import HttpTimestamper


@pytest.fixture
def directory(pki_dir, tmp_path):
    """A copy that may be changed."""
    return shutil.copytree(pki_dir, tmp_path / "pki")


def replace(directory, key, text=None):
    """Put a key in place, and then the configuration, as an operator does."""
    (directory / "keys" / f"{TSA}.pem").write_bytes(pem_of_key(key))
    fresh = directory / "fresh"
    fresh.write_text(text or (directory / CONFIGURATION).read_text())
    fresh.replace(directory / CONFIGURATION)


async def test_the_next_timestamp_is_made_with_the_key_that_was_put_in_place(directory):
    told: list[Architecture] = []
    watched = Architecture.watched(directory, told=told.append)
    key = rsa.generate_private_key(65537, 2048)
    async with TestClient(TestServer(create_pki_app(watched.current))) as client:
        timestamper = HttpTimestamper(str(client.make_url("/pki/tsa/tsa")), client.session, timeout_s=60)
        before = await stamped_with(timestamper)
        assert before == watched.current().certificate(TSA)
        await asyncio.to_thread(replace, directory, key)
        after = await stamped_with(timestamper)
    assert after.public_key() == key.public_key() != before.public_key()
    assert len(told) == 2


async def stamped_with(timestamper):
    """The certificate of the authority whose token comes now."""
    token = await timestamper.stamp(hashlib.sha256(b"a signature's value").digest())
    chosen = cms.ContentInfo.load(token)["content"]["certificates"]
    authorities = [x509.load_der_x509_certificate(one.dump()) for one in chosen]
    return next(one for one in authorities if "TSA" in one.subject.rfc4514_string())


@pytest.mark.parametrize("text", ["{", "pki-architectures: {}", "- a list"])
def test_a_configuration_that_is_none_is_refused_and_the_old_one_serves_on(directory, text):
    watched = Architecture.watched(directory)
    before = watched.current()
    replace(directory, rsa.generate_private_key(65537, 2048), text)
    assert watched.current() is before
