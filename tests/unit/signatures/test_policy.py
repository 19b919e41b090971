"""From which day on is an algorithm or a key warned of and refused, and which policy files are refused themselves?"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from asn1crypto import keys
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from shared.errors import Malformed
from shared.signatures.certificates import to_asn1
from shared.signatures.policy import Policy, shipped_policy
from shared.signatures.reading import certificate_of
from shared.signatures.trust import TrustAnchors
from shared.signatures.xades.sign import sign_hash
from tests.pki import EPOCH, SIGNER_NAME, Authority, LocalTimestamper, TestPki, ec_key, name_of, now_utc, rsa_key
from tests.verifying import verify_hash_signature

HASH = hashlib.sha256(b"an act").digest()
NOW = datetime(2026, 5, 1, tzinfo=UTC)
LONG_AGO = datetime(2012, 5, 1, tzinfo=UTC)


def told(complaints) -> list[tuple[str, bool]]:
    return [(one.reason.code, one.refused) for one in complaints]


def test_the_shipped_policy_refuses_md5_warns_of_sha1_and_accepts_sha256():
    policy = shipped_policy()
    assert told(policy.on_digests({"md5"}, NOW)) == [("weak_digest", True)]
    assert told(policy.on_digests({"sha1"}, NOW)) == [("weak_digest", False)]
    assert told(policy.on_digests({"sha256", "sha512", "sha3_256"}, NOW)) == []


@pytest.mark.parametrize(
    ("key", "at", "expected"),
    [
        (rsa_key("weak", 1024), NOW, [True]),
        (rsa_key("weak", 1024), LONG_AGO, [False]),
        (rsa_key("md-person"), NOW, []),
        (ec_key("p256"), NOW, []),
    ],
)
def test_a_key_counts_on_the_day_of_signing(pki, key, at, expected):
    owner = to_asn1(pki.person(key).certificate)
    assert [refused for _, refused in told(shipped_policy().on_key(owner, at))] == expected


@pytest.mark.parametrize(
    "curve", [ec.SECP256R1, ec.SECP384R1, ec.SECP521R1, ec.BrainpoolP256R1, ec.BrainpoolP384R1, ec.BrainpoolP512R1]
)
def test_every_curve_of_at_least_256_bits_is_accepted(pki, curve):
    assert shipped_policy().on_key(to_asn1(pki.person(ec_key("any", curve)).certificate), NOW) == ()


def test_edwards_curves_are_accepted(pki):
    owner = pki.issuing.issue(name_of(*SIGNER_NAME), ed25519.Ed25519PrivateKey.generate().public_key())
    assert shipped_policy().on_key(to_asn1(owner), NOW) == ()


def test_a_key_on_a_curve_of_somebodys_own_is_refused(pki):
    owner = asn1_x509.Certificate.load(pki.person(ec_key("p256")).certificate.public_bytes(Encoding.DER))
    owner.public_key["algorithm"]["parameters"] = keys.ECDomainParameters(
        name="specified",
        value={
            "version": 1,
            "field_id": {"field_type": "prime_field", "parameters": 2**255 - 19},
            "curve": {"a": b"\1", "b": b"\2"},
            "base": b"\4" + bytes(64),
            "order": 2**255 - 20,
        },
    )
    for one in (owner, certificate_of(owner.dump())):
        assert told(shipped_policy().on_key(one, NOW)) == [("weak_key", True)]


def written(tmp_path: Path, text: str) -> Policy:
    path = tmp_path / "own.toml"
    path.write_text(text)
    return Policy.from_file(path)


def test_a_policy_of_ones_own_refuses_from_a_day_on(tmp_path):
    policy = written(tmp_path, '[[digest]]\nnames = ["sha256"]\nwarn_from = 2024-01-01\nrefuse_from = 2026-05-02\n')
    assert told(policy.on_digests({"sha256"}, datetime(2023, 12, 31, 23, 59, tzinfo=UTC))) == []
    assert told(policy.on_digests({"sha256"}, NOW)) == [("weak_digest", False)]
    assert told(policy.on_digests({"sha256"}, datetime(2026, 5, 2, tzinfo=UTC))) == [("weak_digest", True)]


@pytest.mark.parametrize(
    "text",
    [
        "nonsense",
        "[revokation]\n",
        '[revocation]\nunknown = "maybe"\n',
        "[revocation]\nmax_age_days = 1\n",
        "[[digest]]\nrefuse_from = 2024-01-01\n",
        '[[digest]]\nnames = ["md5"]\nrefuse_from = "soon"\n',
        '[[key]]\nfamily = "rot13"\nbelow_bits = 26\n',
        '[[key]]\nfamily = "rsa"\n',
    ],
)
def test_a_policy_that_cannot_be_meant_is_refused_by_name(tmp_path, text):
    with pytest.raises(Malformed, match=r"own\.toml"):
        written(tmp_path, text)


def test_a_policy_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(Malformed, match=r"none\.toml"):
        Policy.from_file(tmp_path / "none.toml")


async def judged(pki: TestPki, policy: Policy, at: datetime):
    signed = await sign_hash(HASH, pki.signer, pki.timestamper.telling(at), signed_at=at)
    anchors = TrustAnchors.of([pki.root.certificate], policy)
    report = await verify_hash_signature(signed, HASH, anchors)
    return report, report.signatures[0]


async def test_policy_counts_on_the_day_that_the_timestamp_proves(pki, tmp_path):
    policy = written(tmp_path, '[[digest]]\nnames = ["sha256"]\nwarn_from = 2023-01-01\nrefuse_from = 2025-01-01\n')
    report, one = await judged(pki, policy, EPOCH.replace(month=3))
    assert (report.valid, one.refused) == (True, False)
    assert "weak_digest" in one.reason
    report, one = await judged(pki, policy, now_utc(-1))
    assert (report.valid, one.refused, one.integrity, one.trust) == (False, True, "passed", "trusted")
    assert "weak_digest: the signature uses sha256" in report.reason


async def test_policy_looks_at_the_certificates_above_a_timestamping_authority(pki, tmp_path):
    policy = written(tmp_path, '[[key]]\nfamily = "rsa"\nbelow_bits = 2048\nrefuse_from = 2025-01-01\n')
    weak = TestPki.make("weak")
    key = rsa_key("weak authority", 1024)
    above = Authority(key, weak.root.issue(name_of((NameOID.COMMON_NAME, "weak")), key.public_key(), ca=True))
    stamping = rsa_key("weak stamps")
    leaf = above.issue(name_of((NameOID.COMMON_NAME, "stamps")), stamping.public_key(), timestamping=True)
    timestamper = LocalTimestamper(stamping, leaf, above.chain)
    signed = await sign_hash(HASH, pki.signer, timestamper, signed_at=now_utc())
    anchors = TrustAnchors.of([pki.issuing.certificate, weak.root.certificate], policy)
    report = await verify_hash_signature(signed, HASH, anchors)
    assert (report.valid, report.signatures[0].timestamp) == (False, "passed")
    assert report.reason == "weak_key: the authority's key of 1024 bits is too short"


async def test_policy_looks_at_timestamps_and_authorities_too(pki, tmp_path):
    policy = written(tmp_path, '[[key]]\nfamily = "rsa"\nbelow_bits = 4096\nrefuse_from = 2025-01-01\n')
    _, one = await judged(pki, policy, now_utc(-1))
    assert {"the signer's key", "the timestamp's key", "the authority's key"} <= {
        reason.sentence.split(" of ")[0] for reason in one.reasons
    }
