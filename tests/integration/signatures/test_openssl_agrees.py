"""OpenSSL agrees on paths, revocation lists, OCSP and timestamps, on what is good and on what is not."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import tsp
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from shared.signatures.certificates import to_asn1
from shared.signatures.evidence import NOTHING, Evidence
from shared.signatures.responder import answer, question
from shared.signatures.revocation import status_from
from shared.signatures.timestamps import timestamp_query, token_of
from shared.signatures.tokens import judge_token
from shared.signatures.trust import TrustAnchors, judge_path
from tests.pki import (
    EPOCH,
    SIGNER_NAME,
    LocalTimestamper,
    TestPki,
    ec_key,
    name_of,
    now_utc,
    rsa_key,
    timestamp_token,
)
from tests.unit.signatures import statuses
from tests.unit.signatures.statuses import DELEGATE_KEY, ISSUER, ISSUER_X509, LEAF, LEAF_X509, NOW, crl
from tests.unit.signatures.test_paths import CROSS, ISSUING, NEW, OLD, authority, person

HOUR = timedelta(hours=1)


def openssl(*command: str | Path) -> subprocess.CompletedProcess[str]:
    program = shutil.which("openssl")
    assert program, "openssl is not installed"
    return subprocess.run([program, *command], capture_output=True, text=True, timeout=60, check=False)


def pem(folder: Path, name: str, *certificates: x509.Certificate) -> Path:
    path = folder / f"{name}.pem"
    path.write_bytes(b"".join(one.public_bytes(Encoding.PEM) for one in certificates))
    return path


def key_pem(folder: Path, name: str, key: Any) -> Path:
    path = folder / f"{name}.key"
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return path


INNER = authority("Inner", rsa_key("inner"), ISSUING)
SHORT = authority("Short", rsa_key("short"), OLD, path_length=0)
UNDER_SHORT = authority("Under", rsa_key("inner"), SHORT)
LAPSED = authority("Issuing", rsa_key("issuing"), OLD, ends=EPOCH.replace(month=6))
MOLDOVAN = authority(
    "Constrained", rsa_key("constrained"), OLD,
    x509.NameConstraints([x509.DirectoryName(name_of((NameOID.COUNTRY_NAME, "MD")))], None),
)  # fmt: skip
ROMANIAN = name_of((NameOID.COUNTRY_NAME, "RO"), (NameOID.COMMON_NAME, "Ana Exemplu"))
MOLDAVIAN = name_of((NameOID.COUNTRY_NAME, "MD"), (NameOID.COMMON_NAME, "Ana Exemplu"))
PATHS = {
    "straight": (person(ISSUING), [ISSUING], [OLD], True),
    "over the other root": (person(ISSUING), [CROSS], [NEW], True),
    "long and in odd order": (person(INNER), [INNER, NEW, ISSUING], [OLD], True),
    "an intermediate as anchor": (person(ISSUING), [], [ISSUING], True),
    "an issuer is missing": (person(INNER), [INNER], [OLD], False),
    "the issuer has expired": (person(ISSUING), [LAPSED], [OLD], False),
    "too long": (person(UNDER_SHORT), [UNDER_SHORT, SHORT], [OLD], False),
    "just short enough": (person(SHORT), [SHORT], [OLD], True),
    "a name that is allowed": (person(MOLDOVAN, MOLDAVIAN), [MOLDOVAN], [OLD], True),
    "a name that is not allowed": (person(MOLDOVAN, ROMANIAN), [MOLDOVAN], [OLD], False),
    "expired": (person(ISSUING, not_after=EPOCH.replace(month=6)), [ISSUING], [OLD], False),
    "not valid yet": (person(ISSUING, not_before=datetime(2050, 1, 1, tzinfo=UTC)), [ISSUING], [OLD], False),
}


@pytest.mark.parametrize("case", PATHS)
def test_openssl_and_we_agree_on_paths(case, tmp_path):
    leaf, pool, anchors, good = PATHS[case]
    between = [one.certificate for one in pool]
    tops = [one.certificate for one in anchors]
    told = openssl(
        "verify", "-partial_chain", "-CAfile", pem(tmp_path, "anchors", *tops),
        "-untrusted", pem(tmp_path, "pool", *(between or tops)), pem(tmp_path, "leaf", leaf),
    )  # fmt: skip
    ours = judge_path(to_asn1(leaf), _evidence(between), TrustAnchors.of(tops), at=now_utc())
    assert (told.returncode == 0, ours.trust == "trusted") == (good, good), told.stderr


def _evidence(certificates: Iterable[x509.Certificate]) -> Evidence:
    return Evidence(tuple(to_asn1(one) for one in certificates))


LISTS = {
    "another one is revoked": (crl(6), NOW, True),
    "revoked": (crl(6, 7), NOW, False),
    "revoked before": (crl(7), NOW + HOUR, False),
    "old": (crl(), NOW + 2 * HOUR, False),
    "a stranger's": (crl(key=statuses.STRANGER_KEY), NOW, False),
    "of some reasons": (
        crl(extension=statuses.scope(only_some_reasons=frozenset({x509.ReasonFlags.superseded}))), NOW, False
    ),
    "of authorities": (crl(extension=statuses.scope(only_contains_ca_certs=True)), NOW, False),
    "of people": (crl(extension=statuses.scope(only_contains_user_certs=True)), NOW, True),
    "of another place": (crl(extension=statuses.scope(full_name=statuses.places("http://a/b.crl"))), NOW, False),
}  # fmt: skip


@pytest.mark.parametrize("case", LISTS)
def test_openssl_and_we_agree_on_revocation_lists(case, tmp_path):
    der, at, good = LISTS[case]
    (tmp_path / "list.pem").write_bytes(x509.load_der_x509_crl(der).public_bytes(Encoding.PEM))
    told = openssl(
        "verify", "-attime", str(int(at.timestamp())), "-crl_check", "-CRLfile", tmp_path / "list.pem",
        "-CAfile", pem(tmp_path, "ca", ISSUER_X509), pem(tmp_path, "leaf", LEAF_X509),
    )  # fmt: skip
    ours = status_from(Evidence(crls=(der,)), LEAF, ISSUER, at)
    assert (told.returncode == 0, ours.status == "good") == (good, good), told.stderr


@pytest.fixture
def responder(tmp_path: Path) -> list[str | Path]:
    """What `openssl ocsp` needs to answer for the issuer, by its delegate."""
    begin = "R\t600101000000Z\t{at},keyCompromise\t{serial}\tunknown\t/CN=x\n"
    (tmp_path / "index").write_text(
        begin.format(at=f"{NOW:%y%m%d%H%M%SZ}", serial="05") + "V\t600101000000Z\t\t07\tunknown\t/CN=y\n"
    )
    return [
        "-index", tmp_path / "index", "-CA", pem(tmp_path, "ca", ISSUER_X509),
        "-rsigner", pem(tmp_path, "delegate", statuses.delegate()), "-ndays", "1",
        "-rkey", key_pem(tmp_path, "delegate", DELEGATE_KEY),
    ]  # fmt: skip


REVOKED = statuses.certificate(name_of(*SIGNER_NAME), serial=5)
UNHEARD_OF = statuses.certificate(name_of(*SIGNER_NAME), serial=99)


@pytest.mark.parametrize(
    ("certificate", "expected"), [(LEAF_X509, "good"), (REVOKED, "revoked"), (UNHEARD_OF, "unknown")]
)
def test_the_responder_of_openssl_understands_our_questions_and_we_its_answers(
    certificate, expected, responder, tmp_path
):
    leaf = to_asn1(certificate)
    (tmp_path / "question").write_bytes(question(leaf, ISSUER, b"n" * 16))
    made = openssl("ocsp", *responder, "-reqin", tmp_path / "question", "-respout", tmp_path / "answer")
    assert made.returncode == 0, made.stderr
    data = (tmp_path / "answer").read_bytes()
    status = status_from(Evidence(ocsp=(data,)), leaf, ISSUER, datetime.now(UTC))
    assert status.status == expected
    if expected == "revoked":
        assert (status.at, status.why) == (NOW, "key_compromise")
    if expected == "good":
        assert answer(data, leaf, ISSUER, b"n" * 16).next_update is not None


ANSWERS: dict[str, tuple[dict[str, Any], bool]] = {
    "the issuer's": ({}, True),
    "its delegate's": ({"signer": statuses.delegate(), "key": DELEGATE_KEY}, True),
    "a stranger's": ({"signer": statuses.delegate(by=statuses.STRANGER_KEY), "key": DELEGATE_KEY}, False),
    "of one for another purpose": (
        {"signer": statuses.delegate(ExtendedKeyUsageOID.CODE_SIGNING), "key": DELEGATE_KEY}, False
    ),
    "about another one": ({"about": REVOKED}, False),
}  # fmt: skip


@pytest.mark.parametrize("case", ANSWERS)
def test_openssl_and_we_agree_on_ocsp_answers(case, tmp_path):
    given, good = ANSWERS[case]
    now = now_utc()
    data = statuses.ocsp_answer(made=now - HOUR, until=now + HOUR, **given)
    (tmp_path / "answer").write_bytes(data)
    told = openssl(
        "ocsp", "-respin", tmp_path / "answer", "-issuer", pem(tmp_path, "ca", ISSUER_X509),
        "-cert", pem(tmp_path, "leaf", LEAF_X509), "-CAfile", tmp_path / "ca.pem", "-no_nonce",
    )  # fmt: skip
    theirs = "Response verify OK" in told.stderr and ".pem: good" in told.stdout
    ours = status_from(Evidence(ocsp=(data,)), LEAF, ISSUER, now).status == "good"
    assert (theirs, ours) == (good, good), told.stdout + told.stderr


CONFIGURATION = """[tsa]
default_tsa=own
[own]
serial={folder}/serial
default_policy=1.2.3.4.1
digests=sha1,sha256,sha384,sha512
signer_digest={digest}
crypto_device=builtin
ess_cert_id_chain={chain}
ess_cert_id_alg={named_by}
"""


@pytest.mark.parametrize("key", [rsa_key("tsa of openssl", 3072), ec_key("tsa"), ec_key("tsa", ec.SECP384R1)])
@pytest.mark.parametrize(("digest", "named_by", "chain"), [("sha256", "sha1", "no"), ("sha512", "sha384", "yes")])
@pytest.mark.parametrize("certified", [True, False])
def test_timestamps_of_openssl_are_accepted_in_every_form(key, digest, named_by, chain, certified, tmp_path):
    """SHA-1 and SHA-2 name the authority's certificate (RFC 2634, RFC 5816), and it is in the token or only at hand."""
    pki = TestPki.make()
    tsa = pki.issuing.issue(name_of((NameOID.COMMON_NAME, "Other TSA")), key.public_key(), timestamping=True)
    (tmp_path / "serial").write_text("01")
    (tmp_path / "tsa.cnf").write_text(
        CONFIGURATION.format(folder=tmp_path, digest=digest, named_by=named_by, chain=chain)
    )
    imprint = hashlib.new(digest, b"value").digest()
    query = tsp.TimeStampReq.load(timestamp_query(imprint, digest, 42))
    query["cert_req"] = certified
    (tmp_path / "query").write_bytes(query.dump())
    made = openssl(
        "ts", "-reply", "-config", tmp_path / "tsa.cnf", "-queryfile", tmp_path / "query",
        "-inkey", key_pem(tmp_path, "tsa", key), "-signer", pem(tmp_path, "tsa", tsa),
        "-chain", pem(tmp_path, "chain", pki.issuing.certificate), "-out", tmp_path / "reply",
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    token = token_of((tmp_path / "reply").read_bytes(), imprint, digest, 42)
    anchors = TrustAnchors.of([pki.root.certificate])
    at_hand = NOTHING if certified else _evidence([tsa, pki.issuing.certificate])
    assert judge_token(token, b"value", anchors, at_hand).status == "passed"
    assert judge_token(token, b"other", anchors, at_hand).status == "failed"
    if not certified:
        assert judge_token(token, b"value", anchors).status == "failed"
        assert judge_token(token, b"value", TrustAnchors.of([tsa, pki.issuing.certificate])).status == "passed"


def test_openssl_and_we_refuse_a_timestamp_of_somebody_who_is_no_authority(tmp_path):
    pki = TestPki.make()
    somebody = LocalTimestamper(rsa_key("md-person"), pki.signer.certificate, pki.signer.chain)
    token = timestamp_token(somebody, hashlib.sha256(b"value").digest())
    (tmp_path / "token").write_bytes(token)
    told = openssl(
        "ts", "-verify", "-digest", hashlib.sha256(b"value").hexdigest(), "-in", tmp_path / "token", "-token_in",
        "-CAfile", pem(tmp_path, "root", pki.root.certificate), "-untrusted", pem(tmp_path, "pool", *pki.signer.chain),
    )  # fmt: skip
    assert "Verification: FAILED" in told.stdout
    verdict = judge_token(token, b"value", TrustAnchors.of([pki.root.certificate]))
    assert verdict.reason is not None
    assert verdict.reason.code == "timestamp_usage"
