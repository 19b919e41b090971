"""Registering systems from the command line."""

from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from services.msign.consumers.__main__ import app
from tests.pki import EPOCH, FAR, name_of, rsa_key


@pytest.fixture
def run(run_command):
    return lambda *arguments: run_command(app, *arguments)


@pytest.fixture
def issued(tmp_path):
    """Makes the certificate file of a system: the issuer's common name and the serial number are the test's."""

    def issue(issuer: str = "Test CA", serial: int = 0xABCD) -> Path:
        key = rsa_key("client-command")
        builder = x509.CertificateBuilder().subject_name(name_of((NameOID.COMMON_NAME, "system")))
        builder = builder.issuer_name(name_of((NameOID.COUNTRY_NAME, "MD"), (NameOID.COMMON_NAME, issuer)))
        builder = builder.public_key(key.public_key()).serial_number(serial)
        made = builder.not_valid_before(EPOCH).not_valid_after(FAR).sign(key, hashes.SHA256())
        file = Path(tmp_path) / f"{issuer}-{serial}.pem"
        file.write_bytes(made.public_bytes(Encoding.PEM))
        return file

    return issue


def test_a_system_is_added_listed_and_revoked(run, issued):
    added = run("add", "--name", "declaratii", "--certificate", issued(), "--return-origin", "https://A.example")
    assert (added.exit_code, added.output) == (0, "declaratii is registered\n")
    heading, row = run("list").output.splitlines()
    assert heading.startswith("SYSTEM      SERIAL NUMBER  STATE")
    assert row.split(maxsplit=4) == (
        ["declaratii", "ABCD", "active", "https://a.example", "Common Name: Test CA, Country: MD"]
    )
    assert run("revoke", "ab:cd").output == "ABCD of declaratii is revoked\n"
    assert "  revoked " in run("list").output


def test_adding_the_same_again_changes_nothing(run, issued):
    add = ("add", "--name", "declaratii", "--certificate", issued(), "--return-origin", "https://a.example")
    run(*add)
    before = run("list").output
    assert run(*add).exit_code == 0
    assert run(*add[:-2]).exit_code == 0
    assert run("list").output == before


def test_adding_again_lets_a_revoked_certificate_in(run, issued):
    for _ in range(2):
        assert run("add", "--name", "declaratii", "--certificate", issued()).exit_code == 0
        assert "  active  any " in run("list").output
        run("revoke", "ABCD")


def test_of_one_serial_number_by_two_issuers_only_the_named_one_is_revoked(run, issued):
    for name in ("first", "second"):
        run("add", "--name", name, "--certificate", issued(f"{name} CA"))
    unclear = run("revoke", "ABCD")
    assert unclear.exit_code == 1
    first, second = "Common Name: first CA, Country: MD", "Common Name: second CA, Country: MD"
    assert first in unclear.stderr
    assert second in unclear.stderr
    assert run("revoke", "ABCD", "--issuer", second).output == "ABCD of second is revoked\n"
    states = {line.split()[0]: line.split()[2] for line in run("list").output.splitlines()[1:]}
    assert states == {"first": "active", "second": "revoked"}
    assert run("revoke", "ABCD").output == "ABCD of first is revoked\n"


def test_what_cannot_be_done_is_said_with_exit_code_1(run, issued, tmp_path):
    run("add", "--name", "declaratii", "--certificate", issued())
    empty = tmp_path / "empty.pem"
    empty.write_text("nothing")
    for arguments, sentence in (
        (("revoke", "00FF"), "no active certificate"),
        (("revoke", "ABCD", "--issuer", "Common Name: other"), "no active certificate"),
        (("add", "--name", "x", "--certificate", empty), "holds no certificate"),
        (("add", "--name", "x", "--certificate", issued(serial=5), "--return-origin", "here"), "not an origin"),
        (("add", "--name", " ", "--certificate", issued(serial=5)), "1 to 100 characters"),
        (("add", "--name", "x", "--certificate", issued()), "belongs to another system"),
    ):
        result = run(*arguments)
        assert result.exit_code == 1
        assert sentence in result.stderr


def test_without_a_database_url_it_says_so_with_exit_code_2(run, monkeypatch):
    monkeypatch.delenv("MSIGN_DATABASE_URL")
    assert run("list").exit_code == 2
