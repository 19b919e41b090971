"""What is said at once of ordinary timestamps is what asn1crypto and pyHanko find out about them, and never more."""

from __future__ import annotations

import hashlib
import random
import re
from base64 import b64decode
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import algos, cms, core, tsp
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.serialization import Encoding

from shared.signatures import tokens
from shared.signatures.der import GENERALIZED_TIME, SEQUENCE, only
from shared.signatures.ordinary import proof_of, read_token
from shared.signatures.tokens import TokenVerdict, judge_imprint, judge_token
from shared.signatures.trust import TrustAnchors
from tests.pki import LocalTimestamper, ec_key, name_of
from tests.unit.signatures.test_mutations import damaged
from tests.unit.signatures.test_token_attacks import ATTACKS, DIGEST, OTHER, PKI, TOKEN, changed, named_by_key

FIXTURES = Path(__file__).parents[2] / "fixtures" / "xades"
ROUNDS = 1500
HASHES = {"sha1": hashes.SHA1(), "sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}
ANCHORS = TrustAnchors.of([PKI.root.certificate])
ON_CURVE = LocalTimestamper(
    ec_key("tsa"),  # type: ignore[arg-type]
    PKI.issuing.issue(PKI.timestamper.certificate.subject, ec_key("tsa").public_key(), timestamping=True),
    PKI.timestamper.chain,
)
Change = Callable[[Any], None]


def remade(
    *,
    info: Change = lambda _: None,
    time: bytes = b"",
    signer: Change = lambda _: None,
    by: LocalTimestamper = PKI.timestamper,
    attributes: Callable[[asn1_x509.Certificate], list[tuple[str, Any]]] = lambda _: [],
    digest: str = "sha256",
    algorithm: str = "sha256_rsa",
    named: str = "signing_certificate_v2",
) -> bytes:
    """A token that was changed and then signed anew."""
    told = tsp.TSTInfo.load(bytes(cms.ContentInfo.load(TOKEN)["content"]["encap_content_info"]["content"]))
    info(told)
    content = at(time, told.dump(force=True)) if time else told.dump(force=True)
    leaf = asn1_x509.Certificate.load(by.certificate.public_bytes(Encoding.DER))
    kept = [
        ("content_type", "tst_info"),
        ("message_digest", hashlib.new(digest, content).digest()),
        *((named, value) for value in [naming(leaf, named)] if not any(kind == named for kind, _ in attributes(leaf))),
        *attributes(leaf),
    ]
    signed = cms.CMSAttributes([cms.CMSAttribute({"type": kind, "values": [value]}) for kind, value in kept])
    told_signer = cms.SignerInfo(
        {
            "version": "v1",
            "sid": {"issuer_and_serial_number": {"issuer": leaf.issuer, "serial_number": leaf.serial_number}},
            "digest_algorithm": {"algorithm": digest},
            "signature_algorithm": {"algorithm": algorithm},
            "signed_attrs": signed,
            "signature": value(by.key, signed.dump(), digest),
        }
    )
    signer(told_signer)
    certificates = [asn1_x509.Certificate.load(one.public_bytes(Encoding.DER)) for one in (by.certificate, *by.chain)]
    message = {
        "version": "v3",
        "digest_algorithms": [{"algorithm": digest}],
        "encap_content_info": {"content_type": "tst_info", "content": core.ParsableOctetString(content)},
        "certificates": certificates,
        "signer_infos": [told_signer],
    }
    return bytes(cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData(message)}).dump())


def naming(leaf: asn1_x509.Certificate, named: str, **more: object) -> Any:
    if named == "signing_certificate":
        return tsp.SigningCertificate({"certs": [{"cert_hash": hashlib.sha1(leaf.dump()).digest(), **more}]})
    name = str(more.pop("by", "sha256"))
    told = {"hash_algorithm": {"algorithm": name}, "cert_hash": hashlib.new(name, leaf.dump()).digest(), **more}
    return tsp.SigningCertificateV2({"certs": [told]})


def issued(leaf: asn1_x509.Certificate, number: int = 0) -> dict[str, object]:
    general = asn1_x509.GeneralName(name="directory_name", value=leaf.issuer)
    return {"issuer": [general], "serial_number": leaf.serial_number + number}


def value(key: Any, data: bytes, digest: str) -> bytes:
    algorithm = HASHES[digest]
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(data, ec.ECDSA(algorithm))
    return bytes(key.sign(data, padding.PKCS1v15(), algorithm))


def protection(digest: str = "sha256", algorithm: str = "sha256_rsa") -> tuple[str, Any]:
    return "cms_algorithm_protection", {
        "digest_algorithm": algos.DigestAlgorithm({"algorithm": digest}),
        "signature_algorithm": algos.SignedDigestAlgorithm({"algorithm": algorithm}),
    }


def at(time: bytes, content: bytes) -> bytes:
    """A short TSTInfo with another time, however it is written."""
    parts = [one.encoding for one in only(content, SEQUENCE).children()]
    parts[4] = bytes((GENERALIZED_TIME, len(time))) + time
    return bytes((SEQUENCE, len(b"".join(parts)))) + b"".join(parts)


def sets(**fields: object) -> Change:
    def change(of: Any) -> None:
        for name, told in fields.items():
            of[name] = told

    return change


SIGNED_AT = ("signing_time", cms.Time(name="utc_time", value=datetime(2026, 1, 1, tzinfo=UTC)))
ORDINARY = {
    "as it comes": TOKEN,
    "named by SHA-1": remade(named="signing_certificate"),
    "named by SHA-512": remade(attributes=lambda leaf: [("signing_certificate_v2", naming(leaf, "", by="sha512"))]),
    "named with its issuer": remade(
        attributes=lambda leaf: [("signing_certificate_v2", naming(leaf, "", issuer_serial=issued(leaf)))]
    ),
    "protected": remade(attributes=lambda _: [protection(), SIGNED_AT]),
    "with SHA-1": remade(digest="sha1", algorithm="sha1_rsa"),
    "with SHA-384": remade(digest="sha384", algorithm="sha384_rsa"),
    "with SHA-512": remade(digest="sha512", algorithm="sha512_rsa"),
    "with RSA": remade(algorithm="rsassa_pkcs1v15"),
    "on a curve": remade(by=ON_CURVE, algorithm="sha256_ecdsa"),
    "with all parts": remade(info=sets(accuracy={"seconds": 1}, ordering=True, nonce=7)),
    "with an extension": remade(info=sets(extensions=[{"extn_id": "1.2.3.4.5", "extn_value": b"\x05\x00"}])),
    "with fractions": remade(time=b"20260101120000.5Z"),
    "with microseconds": remade(time=b"20260101120000.123456Z"),
}
ODD = {
    "named twice": remade(
        attributes=lambda leaf: [("signing_certificate", naming(leaf, "signing_certificate"))]
    ),
    "named with another number": remade(
        attributes=lambda leaf: [("signing_certificate_v2", naming(leaf, "", issuer_serial=issued(leaf, 1)))]
    ),
    "protected otherwise": remade(attributes=lambda _: [protection("sha512")]),
    "protected as another": remade(attributes=lambda _: [protection(algorithm="sha512_rsa")]),
    "with strange attributes": remade(attributes=lambda _: [("1.2.3.4.5", core.Integer(1))]),
    "signed twice at": remade(attributes=lambda _: [SIGNED_AT, SIGNED_AT]),
    "with a critical extension": remade(
        info=sets(extensions=[{"extn_id": "1.2.3.4.5", "critical": True, "extn_value": b"\x05\x00"}])
    ),
    "of another version": remade(info=sets(version=2)),
    "with many digits": remade(time=b"20260101120000.1234567Z"),
    "without seconds": remade(time=b"202601011200Z"),
    "at no day": remade(time=b"20260231120000Z"),
    "in another zone": remade(time=b"20260101120000+0200"),
    "with unsigned attributes": remade(
        signer=sets(unsigned_attrs=[cms.CMSAttribute({"type": "1.2.3.4.5", "values": [core.Integer(1)]})])
    ),
    "named by its key": changed(named_by_key),
    "with something behind it": TOKEN + b"\0",
    "of another signer's value": remade(signer=sets(signature=bytes(256))),
    "with r and s side by side": remade(by=ON_CURVE, algorithm="sha256_ecdsa", signer=sets(signature=bytes(64))),
    "no token": name_of().public_bytes(),
    "nothing": b"",
    **{f"attacked: {name}": changed(change) for name, change in ATTACKS.items()},
}  # fmt: skip


def facts(verdict: TokenVerdict) -> tuple[object, ...]:
    authority = None if verdict.authority is None else verdict.authority.dump()
    known = [one.dump() for one in verdict.known.certificates], verdict.known.ocsp, verdict.known.crls
    return verdict.status, verdict.at, verdict.reason, known, verdict.digests, authority, verdict.wanted


@pytest.fixture
def slowly(monkeypatch):
    """What is found out of a token by asn1crypto and pyHanko alone."""

    def judge(token: bytes, stamped: tokens.Stamped = b"value", anchors: TrustAnchors = ANCHORS) -> list[object]:
        with monkeypatch.context() as patched:
            patched.setattr(tokens, "read_token", lambda _: None)
            return verdicts(token, stamped, anchors)

    return judge


def verdicts(token: bytes, stamped: tokens.Stamped = b"value", anchors: TrustAnchors = ANCHORS) -> list[object]:
    return [facts(judge(token, stamped, anchors)) for judge in (judge_token, judge_imprint)]


def is_proven(token: bytes) -> bool:
    read = read_token(token)
    return read is not None and read.is_over(lambda _: DIGEST) and proof_of(read) is not None


@pytest.mark.parametrize("which", ORDINARY)
def test_an_ordinary_token_is_judged_at_once_and_alike(which, slowly):
    assert is_proven(ORDINARY[which])
    assert verdicts(ORDINARY[which]) == slowly(ORDINARY[which])
    assert judge_token(ORDINARY[which], b"value", ANCHORS).status == "passed"


@pytest.mark.parametrize("which", ODD)
def test_any_other_token_is_left_to_those_who_read_everything(which, slowly):
    assert not is_proven(ODD[which])
    assert verdicts(ODD[which]) == slowly(ODD[which])


@pytest.mark.parametrize("which", ["with a critical extension", "of another version"])
def test_a_token_that_must_be_understood_otherwise_is_not_believed(which):
    assert judge_token(ODD[which], b"value", ANCHORS).status == "failed"


def test_a_token_over_something_else_is_not_believed(slowly):
    assert verdicts(OTHER) == slowly(OTHER)
    assert verdicts(TOKEN, b"other") == slowly(TOKEN, b"other")
    assert judge_imprint(TOKEN, b"other", ANCHORS).status == "failed"


@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
@pytest.mark.parametrize("which", ["as it comes", "protected", "on a curve", "named with its issuer", "with all parts"])
def test_damaged_tokens_are_judged_alike(which, slowly):
    chance = random.Random(which)
    for _ in range(ROUNDS // 5):
        token = damaged(ORDINARY[which], chance)
        assert verdicts(token) == slowly(token), token.hex()


@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
def test_each_bit_of_an_ordinary_token_counts_alike(slowly):
    begin = TOKEN.index(DIGEST) - 60
    places = [*range(80), *range(begin, begin + 120), *range(len(TOKEN) - 560, len(TOKEN) - 250)]
    for place in places:
        token = bytearray(TOKEN)
        token[place] ^= 1 << place % 8
        assert verdicts(bytes(token)) == slowly(bytes(token)), place


def test_tokens_in_files_of_other_tools_are_ordinary_and_judged_alike(slowly):
    found = [
        b64decode(one)
        for file in sorted(FIXTURES.glob("*.xml"))
        for one in re.findall(rb"EncapsulatedTimeStamp[^>]*>\s*([A-Za-z0-9+/=\s]{100,}?)\s*<", file.read_bytes())
    ]
    assert len(found) > 5
    for token in found:
        info = cms.ContentInfo.load(token)["content"]["encap_content_info"]["content"].parsed
        imprint = info["message_imprint"]["hashed_message"].native
        read = read_token(token)
        assert read is not None
        assert proof_of(read) is not None
        assert verdicts(token, lambda _, told=imprint: told, TrustAnchors.none()) == slowly(  # type: ignore[misc]
            token, lambda _, told=imprint: told, TrustAnchors.none()
        )
