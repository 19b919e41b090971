import json
import stat
import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from services.msign.pki.architecture import Architecture
from services.msign.pki.create import create
from services.msign.pki.people import PEOPLE, Flaw, Person
from shared.errors import Malformed
from shared.signatures.certificates import display_subject, personal_number
from shared.signatures.keys import MemoryKey


def openssl(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, check=False)


def token(pki_dir: Path, person: Person) -> bytes:
    return (pki_dir / person.token_file).read_bytes()


@pytest.mark.parametrize("person", [one for one in PEOPLE if one.flaw is not Flaw.EXPIRED], ids=lambda one: one.label)
def test_openssl_verifies_a_person_up_to_the_root(pki_dir, tmp_path, person):
    key = MemoryKey.from_pkcs12(token(pki_dir, person), person.pin)
    leaf = tmp_path / "leaf.pem"
    leaf.write_bytes(key.certificate.public_bytes(Encoding.PEM))
    trust = pki_dir / "trust"
    result = openssl(
        "verify", "-x509_strict", "-CAfile", trust / "mdtrustca.pem", "-untrusted", trust / "MDQSign.pem", leaf
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert personal_number(key.certificate) == person.idnp
    assert len(key.chain) == 2


@pytest.mark.parametrize(("name", "purpose"), [("server", "sslserver"), ("consumer1", "sslclient")])
def test_openssl_accepts_tls_certificates_for_their_purpose_only(pki_dir, name, purpose):
    tls = pki_dir / "tls"
    other = {"sslserver": "sslclient", "sslclient": "sslserver"}[purpose]
    good = openssl("verify", "-purpose", purpose, "-CAfile", tls / "ca.pem", tls / f"{name}.pem")
    bad = openssl("verify", "-purpose", other, "-CAfile", tls / "ca.pem", tls / f"{name}.pem")
    assert good.returncode == 0, good.stderr
    assert bad.returncode != 0


def test_a_legal_persons_subject_is_shown_in_the_profiles_form(pki_dir):
    person = next(one for one in PEOPLE if one.subject)
    shown = display_subject(MemoryKey.from_pkcs12(token(pki_dir, person), person.pin).certificate)
    assert "T=Administrator" in shown
    assert 'Phone="+37300000001"' in shown
    assert shown.endswith(f"SERIALNUMBER={person.idnp}, CN={person.name}")


def test_the_timestamping_certificate_has_only_that_purpose_and_says_so_critically(pki_dir):
    certificate = Architecture.load(pki_dir).certificate("tsa")
    purpose = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    assert purpose.critical
    assert list(purpose.value) == [ExtendedKeyUsageOID.TIME_STAMPING]


def test_certificates_name_their_status_services_on_the_pki_port(pki_dir):
    certificate = x509.load_pem_x509_certificate((pki_dir / "tls" / "consumer1.pem").read_bytes())
    access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    assert access[0].access_location.value == "http://127.0.0.1:9/pki/ocsp/tls-ca"
    assert points[0].full_name[0].value == "http://127.0.0.1:9/pki/crls/tls-ca/latest.crl"


def test_a_wrong_pin_does_not_open_a_token(pki_dir):
    with pytest.raises(Malformed):
        MemoryKey.from_pkcs12(token(pki_dir, PEOPLE[0]), "9999")


def test_every_file_is_readable_by_its_owner_only(pki_dir):
    files = [path for path in pki_dir.rglob("*") if path.is_file()]
    assert files
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_the_live_services_have_nobodys_private_key_but_their_own(pki_dir):
    private = {path.stem for path in (pki_dir / "keys").iterdir() if b"PRIVATE KEY" in path.read_bytes()}
    assert private == {"mdtrustca", "mdqsign", "tsa", "tls-ca", "ocsp-mdtrustca", "ocsp-mdqsign", "ocsp-tls-ca"}


def test_an_existing_infrastructure_is_never_overwritten(pki_dir):
    before = (pki_dir / "certomancer.yaml").read_bytes()
    with pytest.raises(Malformed, match="never overwritten"):
        create(pki_dir, pki_url="http://127.0.0.1:9", server_names=["localhost"])
    assert (pki_dir / "certomancer.yaml").read_bytes() == before


def test_the_list_of_people_has_what_the_demo_prints(pki_dir):
    people = json.loads((pki_dir / "people.json").read_text(encoding="utf-8"))
    assert {person["idnp"] for person in people} == {person.idnp for person in PEOPLE}
    assert all(person["pin"] and person["instrument"] for person in people)


def test_two_loads_of_one_directory_give_the_same_certificates(pki_dir):
    assert Architecture.load(pki_dir).certificate("tsa") == Architecture.load(pki_dir).certificate("tsa")


def test_a_directory_without_an_infrastructure_is_refused_with_a_word_on_how_to_make_one(tmp_path):
    with pytest.raises(Malformed, match="make one"):
        Architecture.load(tmp_path)


def test_an_expired_certificate_is_refused_by_openssl_for_that_reason_alone(pki_dir, tmp_path):
    person = next(one for one in PEOPLE if one.flaw is Flaw.EXPIRED)
    leaf = tmp_path / "leaf.pem"
    leaf.write_bytes(MemoryKey.from_pkcs12(token(pki_dir, person), person.pin).certificate.public_bytes(Encoding.PEM))
    trust = ("-CAfile", pki_dir / "trust" / "mdtrustca.pem", "-untrusted", pki_dir / "trust" / "MDQSign.pem")
    assert "certificate has expired" in openssl("verify", *trust, leaf).stderr
    assert openssl("verify", "-no_check_time", *trust, leaf).returncode == 0


def test_every_instrument_has_two_good_owners_and_one_person_has_them_all():
    good = [person for person in PEOPLE if not person.flaw]
    instruments = {person.instrument for person in PEOPLE}
    assert all(len([one for one in good if one.instrument == name]) >= 2 for name in instruments)
    assert {person.instrument for person in good if person.name == "Ana Exemplu"} == instruments
