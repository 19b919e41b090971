"""Independent tools agree with what we sign and what we judge: xmlsec1, openssl, pdfsig (poppler-utils) and qpdf."""

from __future__ import annotations

import base64
import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from lxml import etree

from shared.contract.models import ContentType
from shared.signatures.binding import bind
from shared.signatures.keys import MemoryKey
from shared.signatures.pades.sign import sign_pdf
from shared.signatures.timestamps import timestamp_query, token_of
from shared.signatures.tokens import judge_token
from shared.signatures.trust import TrustAnchors
from shared.signatures.xades.names import XADES, ds, xades
from shared.signatures.xades.sign import sign_hash
from tests.attacks.shadows import file_of, stream
from tests.attacks.strays import DISPLACED, behind
from tests.documents import pdf_file, with_page_replaced
from tests.pki import TestPki, ec_key, now_utc
from tests.verifying import verify_hash_signature, verify_pdf

HASH = hashlib.sha256(b"an act").digest()


def tool(*command: str | Path) -> subprocess.CompletedProcess[str]:
    program = shutil.which(str(command[0]))
    assert program, f"{command[0]} is not installed (apt: xmlsec1, openssl, poppler-utils, qpdf)"
    return subprocess.run([program, *command[1:]], capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture(scope="module")
def pki() -> TestPki:
    return TestPki.make()


@pytest.fixture
def pems(pki: TestPki, tmp_path: Path) -> Path:
    for name, certificate in (("root", pki.root.certificate), ("issuing", pki.issuing.certificate)):
        (tmp_path / f"{name}.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    return tmp_path


def xmlsec(signed: Path, pems: Path) -> subprocess.CompletedProcess[str]:
    return tool(
        "xmlsec1", "--verify", "--trusted-pem", pems / "root.pem", "--untrusted-pem", pems / "issuing.pem",
        "--id-attr:Id", f"{XADES}:SignedProperties", "--id-attr:Id", "http://www.w3.org/2000/09/xmldsig#:Object",
        signed,
    )  # fmt: skip


async def xades_file(key: MemoryKey, pki: TestPki, folder: Path) -> Path:
    file = folder / "signed.xml"
    file.write_bytes(await sign_hash(HASH, key, pki.timestamper, signed_at=now_utc()))
    return file


async def test_xmlsec1_calls_our_rsa_signature_valid(pki, pems):
    verdict = xmlsec(await xades_file(pki.signer, pki, pems), pems)
    assert verdict.returncode == 0, verdict.stderr
    assert "2/2" in verdict.stdout + verdict.stderr


@pytest.mark.parametrize("curve", [ec.SECP256R1, ec.SECP384R1])
async def test_xmlsec1_calls_our_ecdsa_signature_valid(pki, pems, curve):
    verdict = xmlsec(await xades_file(pki.person(ec_key(curve.name, curve)), pki, pems), pems)
    assert verdict.returncode == 0, verdict.stderr


async def test_xmlsec1_and_we_both_refuse_an_altered_copy(pki, pems):
    file = await xades_file(pki.signer, pki, pems)
    altered = file.read_bytes().replace(base64.b64encode(HASH), base64.b64encode(bytes(32)))
    file.write_bytes(altered)
    assert xmlsec(file, pems).returncode != 0
    report = await verify_hash_signature(altered, bytes(32), TrustAnchors.of([pki.root.certificate]))
    assert report.signatures[0].integrity == "failed"


async def test_a_plain_signature_by_xmlsec1_is_refused_for_its_missing_properties_alone(pki, pems):
    template = (
        '<act><body>text</body><ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:SignedInfo>'
        '<ds:CanonicalizationMethod Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315"/>'
        '<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/><ds:Reference URI="">'
        '<ds:Transforms><ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/></ds:Transforms>'
        '<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><ds:DigestValue/></ds:Reference>'
        "</ds:SignedInfo><ds:SignatureValue/><ds:KeyInfo><ds:X509Data/></ds:KeyInfo></ds:Signature></act>"
    )
    (pems / "template.xml").write_text(template)
    key = pki.signer._private_key
    (pems / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (pems / "signer.pem").write_bytes(pki.signer.certificate.public_bytes(Encoding.PEM))
    made = tool(
        "xmlsec1", "--sign", "--privkey-pem", f"{pems}/key.pem,{pems}/signer.pem", "--output", pems / "made.xml",
        pems / "template.xml",
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    report = await verify_hash_signature((pems / "made.xml").read_bytes(), None, TrustAnchors.none())
    assert report.signatures[0].integrity == "failed"
    assert [one.code for one in report.signatures[0].reasons[:1]] == ["signed_properties"]


async def test_openssl_verifies_the_signature_value_over_the_canonical_signed_info(pki, pems):
    root = etree.fromstring((await xades_file(pki.signer, pki, pems)).read_bytes())
    info, value = root[0], root.findtext(ds("SignatureValue")) or ""
    (pems / "info").write_bytes(etree.tostring(info, method="c14n"))
    (pems / "value").write_bytes(base64.b64decode(value))
    public = pki.signer.certificate.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (pems / "public.pem").write_bytes(public)
    verdict = tool(
        "openssl", "dgst", "-sha256", "-verify", pems / "public.pem", "-signature", pems / "value", pems / "info"
    )
    assert verdict.stdout.strip() == "Verified OK"


async def test_openssl_verifies_the_timestamp_over_the_signature_value(pki, pems):
    root = etree.fromstring((await xades_file(pki.signer, pki, pems)).read_bytes())
    value = next(root.iter(ds("SignatureValue")))
    (pems / "stamped").write_bytes(etree.tostring(value, method="c14n"))
    (pems / "token").write_bytes(base64.b64decode(next(root.iter(xades("EncapsulatedTimeStamp"))).text or ""))
    verdict = tool(
        "openssl", "ts", "-verify", "-data", pems / "stamped", "-in", pems / "token", "-token_in",
        "-CAfile", pems / "root.pem", "-untrusted", pems / "issuing.pem",
    )  # fmt: skip
    assert "Verification: OK" in verdict.stdout, verdict.stderr


def test_we_accept_the_timestamps_of_openssl(pki, pems):
    config = (
        "[tsa]\ndefault_tsa=own\n[own]\nserial=serial\ndefault_policy=1.2.3.4.1\ndigests=sha256\nsigner_digest=sha256\n"
        "crypto_device=builtin\naccuracy=secs:1\nordering=no\ntsa_name=no\ness_cert_id_chain=no\ness_cert_id_alg=sha256\n"
    )
    for name, data in (
        ("tsa.cnf", config.encode()),
        ("serial", b"01"),
        ("tsa.pem", pki.timestamper.certificate.public_bytes(Encoding.PEM)),
        ("tsa.key", pki.timestamper.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())),
        ("query", timestamp_query(hashlib.sha256(b"value").digest(), "sha256", 42)),
    ):
        (pems / name).write_bytes(data.replace(b"serial=serial", f"serial={pems}/serial".encode()))
    made = tool(
        "openssl", "ts", "-reply", "-config", pems / "tsa.cnf", "-queryfile", pems / "query",
        "-inkey", pems / "tsa.key",
        "-signer", pems / "tsa.pem", "-chain", pems / "issuing.pem", "-out", pems / "reply",
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    token = token_of((pems / "reply").read_bytes(), hashlib.sha256(b"value").digest(), "sha256", 42)
    assert judge_token(token, b"value", TrustAnchors.of([pki.root.certificate])).status == "passed"
    assert judge_token(token, b"other", TrustAnchors.of([pki.root.certificate])).status == "failed"


async def test_pdfsig_and_qpdf_call_our_pdfs_sound_with_one_and_with_two_signatures(pki, tmp_path):
    pdf, file = pdf_file("one", "two"), tmp_path / "signed.pdf"
    for count in (1, 2):
        pdf = await sign_pdf(pdf, pki.signer, pki.timestamper, reason="Aprob", signed_at=now_utc())
        file.write_bytes(pdf)
        told = tool("pdfsig", "-nocert", file).stdout
        assert told.count("Signature is Valid.") == count
        assert told.count("ETSI.CAdES.detached") == count
        assert tool("qpdf", "--check", file).returncode == 0


async def test_pdfsig_and_we_both_refuse_altered_bytes(pki, tmp_path):
    signed = await sign_pdf(pdf_file("one"), pki.signer, pki.timestamper, reason=None, signed_at=now_utc())
    altered, file = signed.replace(b"% one", b"% eno"), tmp_path / "altered.pdf"
    file.write_bytes(altered)
    assert "Digest Mismatch" in tool("pdfsig", "-nocert", file).stdout
    report = await verify_pdf(altered, TrustAnchors.of([pki.root.certificate]))
    assert report.signatures[0].integrity == "failed"


async def test_pdfsig_and_we_both_see_that_a_later_revision_is_not_signed(pki, tmp_path):
    signed = await sign_pdf(pdf_file("one"), pki.signer, pki.timestamper, reason=None, signed_at=now_utc())
    changed, file = with_page_replaced(signed), tmp_path / "changed.pdf"
    file.write_bytes(changed)
    assert "Not total document signed" in tool("pdfsig", "-nocert", file).stdout
    report = await verify_pdf(changed, TrustAnchors.of([pki.root.certificate]))
    assert report.signatures[0].coverage == "partial"


async def test_a_file_rewritten_by_qpdf_is_no_longer_signed(pki, tmp_path):
    signed, rewritten = tmp_path / "signed.pdf", tmp_path / "rewritten.pdf"
    signed.write_bytes(await sign_pdf(pdf_file("one"), pki.signer, pki.timestamper, reason=None, signed_at=now_utc()))
    assert tool("qpdf", signed, rewritten).returncode == 0
    report = await verify_pdf(rewritten.read_bytes(), TrustAnchors.of([pki.root.certificate]))
    assert not report.valid
    assert report.signatures[0].integrity == "failed"


@pytest.mark.parametrize("beside", DISPLACED)
async def test_what_poppler_and_qpdf_find_though_no_table_tells_of_it_is_refused(pki, tmp_path, beside):
    """Both search the file for objects, since the last table is not quite where the file says."""
    texts = [b"BT /F 24 Tf 50 700 Td (pay %s) Tj ET" % amount for amount in (b"100", b"999999")]
    font = b"<< /Font << /F << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >>"
    sent = file_of(content=texts[0], resources=font)
    signed = await sign_pdf(sent, pki.signer, pki.timestamper, reason=None, signed_at=now_utc())
    attacked = behind(signed, {90: b"<< >>"}, b"4 0 obj\n%s\nendobj\n" % stream(texts[1]), beside=beside)
    file = tmp_path / "attacked.pdf"
    for data, shown in ((signed, "pay 100"), (attacked, "pay 999999")):
        file.write_bytes(data)
        assert shown in tool("pdftotext", file, "-").stdout
        assert shown in tool("qpdf", "--show-object=4", "--filtered-stream-data", file).stdout
    assert (await verify_pdf(signed, TrustAnchors.none())).signatures[0].coverage == "whole"
    assert (await verify_pdf(attacked, TrustAnchors.none())).signatures[0].coverage == "partial"
    again = await sign_pdf(attacked, pki.signer, pki.timestamper, reason=None, signed_at=now_utc())
    assert not bind(ContentType.PDF, signed, again).covers
