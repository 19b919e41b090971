"""Is the end of certificates told of the files as they are now?"""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from shared.telemetry.certificates import earliest_end, watched_end

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def certificate(days: int) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "client")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(NOW - timedelta(days=1)).not_valid_after(NOW + timedelta(days=days))
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "client.pem"
    path.write_bytes(certificate(90) + certificate(30) + certificate(60))
    return path


def test_the_first_of_several_to_end_counts(file):
    assert earliest_end(file) == (NOW + timedelta(days=30)).timestamp()


def test_a_replaced_file_is_read_again(file):
    end = watched_end(file)
    assert end() == (NOW + timedelta(days=30)).timestamp()
    file.write_bytes(certificate(365))
    assert end() == (NOW + timedelta(days=365)).timestamp()


@pytest.mark.parametrize("content", [b"", b"no certificate", b"-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_what_cannot_be_read_counts_as_ended_long_ago(tmp_path, content):
    path = tmp_path / "broken.pem"
    path.write_bytes(content)
    assert earliest_end(path) == 0
    assert earliest_end(tmp_path / "missing.pem") == 0
