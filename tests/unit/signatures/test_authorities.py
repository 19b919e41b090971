"""What is remembered of authorities never says more than validating the whole path does."""

from __future__ import annotations

from datetime import datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from shared.signatures.authorities import MAX_POLICIES, UNCONDITIONAL, remember, vouch
from shared.signatures.certificates import to_asn1
from shared.signatures.paths import why_invalid
from tests.pki import EPOCH, FAR, SIGNER_NAME, Authority, ec_key, name_of, now_utc, rsa_key
from tests.unit.signatures.test_paths import authority, person

ANY_POLICY = ObjectIdentifier("2.5.29.32.0")
OWN_POLICY = ObjectIdentifier("1.3.6.1.4.1.55555.1")
ROOT = authority("Plain root", rsa_key("plain root"))
ISSUING = authority("Plain issuing", rsa_key("plain issuing"), ROOT)


@pytest.fixture(autouse=True)
def forgotten():
    UNCONDITIONAL.clear()
    yield
    UNCONDITIONAL.clear()


def chain_of(leaf: x509.Certificate, *above: Authority):
    return tuple(to_asn1(one) for one in (leaf, *(one.certificate for one in above)))


def odd(by: Authority, *extensions: tuple[x509.ExtensionType, bool], ends: datetime = FAR,
        issuer: x509.Name | None = None, signer: Authority | None = None) -> x509.Certificate:  # fmt: skip
    """A certificate with these extensions, each critical or not, perhaps signed by somebody else."""
    builder = x509.CertificateBuilder().subject_name(name_of(*SIGNER_NAME)).public_key(ec_key("odd").public_key())
    builder = builder.issuer_name(issuer or by.certificate.subject).serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(EPOCH).not_valid_after(ends)
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign((signer or by).key, hashes.SHA256())


def policies(*identifiers: ObjectIdentifier) -> x509.CertificatePolicies:
    return x509.CertificatePolicies([x509.PolicyInformation(one, None) for one in identifiers])


STRANGE = x509.UnrecognizedExtension(ObjectIdentifier("1.3.6.1.4.1.55555.9"), b"\x05\x00")
IMPOSTOR = authority("Plain issuing", rsa_key("impostor"), ROOT)
LEAVES = {
    "plain": odd(ISSUING),
    "with usual extensions": odd(
        ISSUING,
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), True),
        (x509.SubjectAlternativeName([x509.RFC822Name("ana@example.org")]), True),
        (policies(OWN_POLICY), True),
    ),
    "an authority itself": odd(ISSUING, (x509.BasicConstraints(ca=True, path_length=0), True)),
    "expired": odd(ISSUING, ends=EPOCH.replace(month=2)),
    "unknown and critical": odd(ISSUING, (STRANGE, True)),
    "unknown": odd(ISSUING, (STRANGE, False)),
    "asks for policies": odd(ISSUING, (x509.PolicyConstraints(0, None), True)),
    "asks for policies it has": odd(ISSUING, (x509.PolicyConstraints(0, None), True), (policies(OWN_POLICY), False)),
    "many policies": odd(
        ISSUING, (policies(*(ObjectIdentifier(f"1.3.6.1.4.1.55555.{one}") for one in range(MAX_POLICIES + 1))), False)
    ),
    "any policy": odd(ISSUING, (policies(ANY_POLICY), False)),
    "other names": odd(ISSUING, (x509.SubjectAlternativeName([x509.RegisteredID(OWN_POLICY)]), False)),
    "restricts names": odd(ISSUING, (x509.NameConstraints([x509.DNSName("example.org")], None), True)),
    "signed by an impostor": odd(ISSUING, signer=IMPOSTOR),
    "of another issuer": odd(ISSUING, issuer=name_of((NameOID.COMMON_NAME, "Somebody"))),
    "of an issuer spelled otherwise": odd(ISSUING, issuer=name_of((NameOID.COMMON_NAME, "PLAIN  issuing"))),
}


@pytest.mark.parametrize("which", LEAVES)
@pytest.mark.parametrize("at", [EPOCH, now_utc(), FAR, FAR.replace(year=2070), EPOCH.replace(year=2000)])
def test_the_verdict_is_the_same_whether_the_authorities_are_known_or_not(which, at):
    chain = chain_of(LEAVES[which], ISSUING, ROOT)
    alone = why_invalid(chain, at)
    UNCONDITIONAL.clear()
    remember(chain_of(person(ISSUING), ISSUING, ROOT))
    assert why_invalid(chain, at) == alone


@pytest.mark.parametrize("which", ["plain", "with usual extensions", "an authority itself", "unknown", "any policy"])
def test_known_authorities_vouch_for_a_leaf_that_nobody_has_seen(which):
    chain = chain_of(LEAVES[which], ISSUING, ROOT)
    assert not vouch(chain, now_utc())
    assert why_invalid(chain_of(person(ISSUING), ISSUING, ROOT), now_utc()) is None
    assert vouch(chain, now_utc())


@pytest.mark.parametrize(
    "restriction",
    [
        x509.NameConstraints([x509.DirectoryName(name_of((NameOID.COUNTRY_NAME, "RO")))], None),
        x509.NameConstraints(None, [x509.DirectoryName(name_of((NameOID.COMMON_NAME, "Ana Exemplu")))]),
        x509.PolicyConstraints(0, None),
        x509.InhibitAnyPolicy(0),
    ],
)
def test_authorities_that_restrict_anything_vouch_for_nobody(restriction):
    strict = authority("Strict", rsa_key("strict"), ROOT, restriction)
    inner = authority("Inner", rsa_key("inner of strict"), strict)
    for above in ((strict, ROOT), (inner, strict, ROOT), (strict,)):
        chain = chain_of(person(above[0]), *above)
        remember(chain)
        assert not vouch(chain, now_utc())


def test_authorities_vouch_only_while_all_of_them_are_in_force():
    begins, ends = EPOCH.replace(month=3), EPOCH.replace(month=9)
    brief = authority("Brief", rsa_key("brief"), ROOT, begins=begins, ends=ends)
    chain = chain_of(person(brief), brief, ROOT)
    assert why_invalid(chain, begins) is None
    assert [vouch(chain, at) for at in (EPOCH, begins, ends, ends.replace(day=2))] == [False, True, True, False]
    assert why_invalid(chain, ends.replace(day=2)) is not None


def test_authorities_vouch_at_their_place_in_the_path_only():
    short = authority("Short", rsa_key("short"), ROOT, path_length=0)
    inner = authority("Inner", rsa_key("inner of short"), short)
    assert why_invalid(chain_of(person(short), short, ROOT), now_utc()) is None
    assert why_invalid(chain_of(inner.certificate, short, ROOT), now_utc()) is None
    assert why_invalid(chain_of(person(inner), inner, short, ROOT), now_utc()) is not None


def test_somebody_who_is_no_authority_never_vouches():
    pretender = Authority(rsa_key("pretender"), ISSUING.issue(name_of((NameOID.COMMON_NAME, "Pretender")),
                                                              rsa_key("pretender").public_key()))  # fmt: skip
    chain = chain_of(person(pretender), pretender, ISSUING, ROOT)
    for _ in range(2):
        assert why_invalid(chain, now_utc()) is not None
    assert not vouch(chain, now_utc())
