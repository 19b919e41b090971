"""Signatures of level B-LT carry what shows, later and without a network, that their certificates were good."""

from __future__ import annotations

import io

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader

from shared.signatures.evidence import Evidence
from shared.signatures.pades.proofs import Proofs, ProofsMissing
from shared.signatures.pades.sign import sign_pdf
from shared.signatures.pades.verify import judge_pdf
from shared.signatures.trust import TrustAnchors
from tests.unit.signatures.statuses import HOUR, ISSUER_X509, NOW, crl, ocsp_answer, stamper
from tests.unit.signatures.test_gathering import KEY, Told

ANCHORS = TrustAnchors.of([ISSUER_X509])


async def lasting(pdf: bytes, fetcher: Told) -> bytes:
    return await sign_pdf(pdf, KEY, stamper(), reason=None, signed_at=NOW, proofs=Proofs(ANCHORS, fetcher))


async def test_a_signature_without_proofs_leaves_the_status_open(pdf):
    signed = await sign_pdf(pdf, KEY, stamper(), reason=None, signed_at=NOW)
    assert "revocation_unknown" in judge_pdf(signed, ANCHORS).signatures[0].reason


@pytest.mark.parametrize(
    "told", [{"ocsp": Evidence(ocsp=(ocsp_answer(),))}, {"list": Evidence(crls=(crl(made=NOW + HOUR),))}]
)
async def test_a_signature_with_proofs_is_valid_without_a_network(pdf, told):
    signed = await lasting(pdf, Told(**told))
    report = judge_pdf(signed, ANCHORS)
    (one,) = report.signatures
    assert (report.valid, one.reason, one.wanted) == (True, "", frozenset())
    assert one.coverage == "whole"


async def test_the_store_names_the_signature_that_its_proofs_are_for(pdf):
    signed = await lasting(pdf, Told(ocsp=Evidence(ocsp=(ocsp_answer(),))))
    store = PdfFileReader(io.BytesIO(signed)).root["/DSS"]
    assert len(store["/OCSPs"]) == 1
    assert len(store["/Certs"]) >= 2
    assert len(store["/VRI"]) == 1


async def test_signatures_with_proofs_may_follow_each_other(pdf):
    fetcher = Told(ocsp=Evidence(ocsp=(ocsp_answer(),)))
    report = judge_pdf(await lasting(await lasting(pdf, fetcher), fetcher), ANCHORS)
    assert [one.coverage for one in report.signatures] == ["whole", "whole"]
    assert report.valid


async def test_no_signed_file_comes_out_when_a_proof_is_missing(pdf):
    with pytest.raises(ProofsMissing):
        await lasting(pdf, Told())
