"""What is remembered of certificates and their names is what reading them anew would give."""

from __future__ import annotations

import copy
import pickle
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier

import pytest
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from shared.signatures import certificates, reading
from shared.signatures.certificates import issuer_key, name_key, subject_key, to_asn1
from shared.signatures.memory import Memory
from shared.signatures.reading import MAX_REMEMBERED_BYTES, certificate_of, encoded, fact, shared
from tests.pki import TestPki, ec_key, name_of


def outcome(prepare, value: str) -> str | None:
    try:
        return prepare(asn1_x509.NameTypeAndValue(), value)
    except ValueError:
        return None


@given(st.text(st.characters(max_codepoint=127)))
def test_plain_values_are_prepared_as_asn1crypto_does(value):
    assert outcome(reading.prepared, value) == outcome(reading.AS_IT_COMES, value)


@given(st.text(max_size=300))
def test_all_values_are_prepared_as_asn1crypto_does(value):
    for _ in range(2):
        assert outcome(reading.prepared, value) == outcome(reading.AS_IT_COMES, value)


@pytest.mark.parametrize(
    "value", ["", " ", "  a   b ", "Chișinău", "Straße", "\u00ad", "\ue000", "aא", "A" * 5000, "ă" * 999]
)
def test_special_values_are_prepared_as_asn1crypto_does(value):
    assert outcome(reading.prepared, value) == outcome(reading.AS_IT_COMES, value)


def test_names_are_compared_so_everywhere():
    one = name_of((NameOID.COMMON_NAME, "Ana  Exemplu")).public_bytes()
    other = name_of((NameOID.COMMON_NAME, "ANA EXEMPLU")).public_bytes()
    assert asn1_x509.Name.load(one) == asn1_x509.Name.load(other)
    assert name_key(asn1_x509.Name.load(one)) == name_key(asn1_x509.Name.load(other))
    assert asn1_x509.NameTypeAndValue._ldap_string_prep is reading.prepared


def test_a_certificate_is_read_once():
    der = TestPki.make().root.certificate.public_bytes(Encoding.DER)
    assert certificate_of(der) is certificate_of(bytes(bytearray(der)))
    assert shared(asn1_x509.Certificate.load(der)) is certificate_of(der)
    assert certificate_of(der).dump() == der


def test_an_encoding_with_something_behind_it_is_none():
    der = TestPki.make().root.certificate.public_bytes(Encoding.DER)
    with pytest.raises(ValueError, match="trailing"):
        certificate_of(der + b"\0")


def test_a_key_that_only_stands_somewhere_in_a_certificate_is_not_its_own():
    """Its own is for RSASSA-PSS alone, which `cryptography` does not tell."""
    odd = asn1_x509.Certificate.load(TestPki.make().signer.certificate.public_bytes(Encoding.DER))
    key = odd["tbs_certificate"]["subject_public_key_info"]
    odd["tbs_certificate"]["extensions"].append({"extn_id": "1.2.3.4", "extn_value": key.dump()})
    ordinary = certificate_of(odd.dump(force=True))
    key["algorithm"] = {"algorithm": "rsassa_pss"}
    assert reading.quickly(ordinary) is not None
    assert reading.quickly(certificate_of(odd.dump(force=True))) is None


def test_a_large_certificate_is_not_kept():
    name = name_of(*((NameOID.ORGANIZATIONAL_UNIT_NAME, f"{number} " * 20) for number in range(100)))
    der = TestPki.make().issuing.issue(name, ec_key("large").public_key()).public_bytes(Encoding.DER)
    assert len(der) > MAX_REMEMBERED_BYTES
    assert certificate_of(der) is not certificate_of(der)
    assert certificate_of(der).dump() == der


def test_threads_that_share_a_certificate_see_all_of_it_or_wait():
    """asn1crypto reads and gathers in steps, and another thread would take some of them for all."""
    der = TestPki.make().signer.certificate.public_bytes(Encoding.DER)
    plain = asn1_x509.Certificate.load(der)
    asked = (
        lambda one: one.native,
        lambda one: one.key_usage_value.native,
        lambda one: one["tbs_certificate"]["extensions"].native,
        lambda one: one.subject.hashable,
    )
    expected = [ask(plain) for ask in asked]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(len(asked)) as threads:
            for _ in range(100):
                reading._read.cache_clear()
                kept, start = certificate_of(der), Barrier(len(asked))
                told = threads.map(partial(_told, kept, start), asked)
                assert list(told) == expected
    finally:
        sys.setswitchinterval(interval)


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda one: one.copy(), lambda one: one.untag(), lambda one: one.retag({})]
)
def test_a_copy_may_be_changed_and_leaves_what_is_shared_alone(copied):
    der = TestPki.make().signer.certificate.public_bytes(Encoding.DER)
    own = copied(certificate_of(der))
    assert own.dump() == der
    own["tbs_certificate"]["serial_number"] = 5
    assert own.serial_number == 5
    assert own.dump(force=True) != der
    assert certificate_of(der).dump() == der
    assert certificate_of(der)["tbs_certificate"]["serial_number"].native == certificate_of(der).serial_number != 5


def test_a_certificate_travels_between_processes_as_its_encoding():
    kept = certificate_of(TestPki.make().signer.certificate.public_bytes(Encoding.DER))
    assert pickle.loads(pickle.dumps(kept)) is kept


def _told(certificate, start: Barrier, ask):
    start.wait(10)
    return ask(certificate)


def test_a_large_name_is_compared_and_not_kept():
    one, other = (
        asn1_x509.Name.load(name_of(*((NameOID.ORGANIZATIONAL_UNIT_NAME, text * 10) for _ in range(30))).public_bytes())
        for text in ("ana ", "ANA ")
    )
    held = certificates._prepared.cache_info().currsize
    assert name_key(one) == name_key(other)
    assert certificates._prepared.cache_info().currsize == held


def test_what_cannot_be_read_is_left_as_it_is():
    broken = asn1_x509.Certificate.load(b"\x30\x03\x02\x01\x01")
    assert shared(broken) is broken


def test_facts_are_kept_with_certificates_that_are_kept_and_only_there():
    told = []

    @fact
    def serial(certificate) -> int:
        told.append(certificate)
        return certificate.serial_number

    @fact
    def fails(certificate) -> int:
        told.append(certificate)
        raise ValueError("odd")

    made = TestPki.make().issuing.certificate
    kept, lazy = to_asn1(made), asn1_x509.Certificate.load(made.public_bytes(Encoding.DER))
    assert [serial(kept), serial(kept), serial(lazy), serial(lazy)] == [made.serial_number] * 4
    assert told == [kept, lazy, lazy]
    for _ in range(2):
        with pytest.raises(ValueError, match="odd"):
            fails(kept)
    assert told[3:] == [kept, kept]


def test_facts_of_one_certificate_are_not_told_of_another():
    pki = TestPki.make()
    certificates = [to_asn1(one) for one in (pki.root.certificate, pki.issuing.certificate)] * 2
    assert [subject_key(one) for one in certificates] == [name_key(one.subject) for one in certificates]
    assert [issuer_key(one) for one in certificates] == [name_key(one.issuer) for one in certificates]
    assert subject_key(certificates[0]) != subject_key(certificates[1])
    assert [encoded(one) for one in certificates] == [one.dump() for one in certificates]


def test_what_was_asked_for_longest_ago_is_forgotten_first():
    memory: Memory[str, int] = Memory(2)
    memory.put("one", 1)
    memory.put("two", 2)
    assert memory.get("one") == 1
    memory.put("three", 3)
    assert [memory.get(key) for key in ("one", "two", "three")] == [1, None, 3]
    memory.clear()
    assert memory.get("one") is None
