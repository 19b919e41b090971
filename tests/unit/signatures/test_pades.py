from __future__ import annotations

import io
import re
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import copy_into_new_writer
from pyhanko.sign.fields import FieldMDPAction, FieldMDPSpec, MDPPerm, SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.signers.pdf_signer import PdfSignatureMetadata, PdfSigner

from shared.contract.models import ContentType
from shared.errors import Malformed
from shared.signatures.binding import bind
from shared.signatures.pades.sign import _KeySigner, sign_pdf
from shared.signatures.timestamps import TimestampFailed
from shared.signatures.trust import TrustAnchors
from shared.signatures.verdict import NoSignature
from tests.documents import pdf_file, with_annotation, with_page_replaced
from tests.pki import TestPki, ec_key, now_utc, rsa_key
from tests.verifying import verify_pdf


async def sign(pdf: bytes, pki: TestPki, **changes: Any) -> bytes:
    given: dict[str, Any] = {"reason": "Aprob", "signed_at": now_utc()} | changes
    return await sign_pdf(pdf, pki.signer, pki.timestamper, **given)


async def test_a_signed_pdf_verifies_with_all_four_axes_at_their_best(pdf, pki, anchors):
    report = await verify_pdf(await sign(pdf, pki), anchors)
    (one,) = report.signatures
    assert report.valid
    assert (one.integrity, one.coverage, one.timestamp, one.trust) == ("passed", "whole", "passed", "trusted")
    assert "Ana Exemplu" in one.subject
    assert one.signed_at is not None


async def test_a_root_alone_is_anchor_enough_since_the_chain_is_embedded(pdf, pki):
    assert (await verify_pdf(await sign(pdf, pki), TrustAnchors.of([pki.root.certificate]))).valid


async def test_the_signature_is_an_incremental_update_in_the_form_of_the_profile(pdf, pki):
    moment = now_utc(-3)
    signed = await sign(pdf, pki, signed_at=moment)
    assert signed.startswith(pdf)
    (embedded,) = PdfFileReader(io.BytesIO(signed)).embedded_signatures
    told = embedded.sig_object
    assert (told["/Filter"], told["/SubFilter"], told["/Reason"]) == ("/Adobe.PPKLite", "/ETSI.CAdES.detached", "Aprob")
    assert embedded.self_reported_timestamp == moment
    attributes = {one["type"].native for one in embedded.signer_info["signed_attrs"]}
    assert attributes == {"content_type", "message_digest", "signing_certificate_v2"}
    unsigned = {one["type"].native for one in embedded.signer_info["unsigned_attrs"]}
    assert unsigned == {"signature_time_stamp_token"}
    assert len(embedded.signed_data["certificates"]) == 3


async def test_a_signature_without_a_reason_tells_none(pdf, pki):
    (embedded,) = PdfFileReader(io.BytesIO(await sign(pdf, pki, reason=None))).embedded_signatures
    assert "/Reason" not in embedded.sig_object


async def test_a_field_may_be_named(pdf, pki):
    (embedded,) = PdfFileReader(io.BytesIO(await sign(pdf, pki, field="Director"))).embedded_signatures
    assert embedded.field_name == "Director"


async def test_three_signers_one_after_another_leave_all_signatures_valid(pdf, pki, anchors):
    for _ in range(3):
        pdf = await sign(pdf, pki)
    report = await verify_pdf(pdf, anchors)
    assert len(report.signatures) == 3
    assert report.valid


@pytest.mark.parametrize(
    "key",
    [
        pytest.param(lambda: ec_key("pdf"), id="P-256"),
        pytest.param(lambda: ec_key("pdf 384", ec.SECP384R1), id="P-384"),
        pytest.param(lambda: rsa_key("pdf 3072", 3072), id="RSA 3072"),
        pytest.param(lambda: rsa_key("pdf 4096", 4096), id="RSA 4096"),
    ],
)
async def test_keys_of_all_kinds_and_sizes_sign_pdf_files(pdf, pki, anchors, key):
    signed = await sign_pdf(pdf, pki.person(key()), pki.timestamper, reason=None, signed_at=now_utc())
    assert (await verify_pdf(signed, anchors)).valid


async def test_a_pdf_with_classic_cross_references_is_signed_too(pki, anchors):
    assert (await verify_pdf(await sign(pdf_file("a", stream_xrefs=False), pki), anchors)).valid


async def test_an_altered_byte_breaks_the_signature(pdf, pki, anchors):
    signed = await sign(pdf, pki)
    report = await verify_pdf(signed.replace(b"% one", b"% eno"), anchors)
    (one,) = report.signatures
    assert not report.valid
    assert (one.integrity, one.coverage) == ("failed", "none")
    assert "digest_mismatch" in report.reason


@pytest.mark.parametrize("change", [with_page_replaced, with_annotation])
async def test_a_change_after_signing_leaves_an_earlier_revision_signed(pdf, pki, anchors, change):
    report = await verify_pdf(change(await sign(pdf, pki)), anchors)
    (one,) = report.signatures
    assert not report.valid
    assert (one.integrity, one.coverage) == ("passed", "partial")
    assert "changed_after_signing" in report.reason


async def test_a_change_between_two_signatures_spoils_the_first_and_not_the_second(pdf, pki, anchors):
    report = await verify_pdf(await sign(with_page_replaced(await sign(pdf, pki)), pki), anchors)
    assert [one.coverage for one in report.signatures] == ["partial", "whole"]
    assert not report.valid


async def test_data_behind_the_signed_file_is_told(pdf, pki, anchors):
    report = await verify_pdf(await sign(pdf, pki) + b"1 0 obj << >> endobj", anchors)
    assert not report.valid
    assert "trailing_data" in report.reason


async def test_a_byte_range_that_leaves_out_more_than_the_signature_is_refused(pdf, pki, anchors):
    signed = await sign(pdf, pki)
    start = signed.index(b"/ByteRange [") + len(b"/ByteRange [")
    end = signed.index(b"]", start)
    numbers = [int(one) for one in signed[start:end].split()]
    for forged in (
        [0, numbers[1] - 10, *numbers[2:]],
        [1, *numbers[1:]],
        [*numbers[:2], numbers[2] + 9, numbers[3] - 9],
    ):
        text = " ".join(map(str, forged)).encode().ljust(end - start)
        report = await verify_pdf(signed[:start] + text + signed[end:], anchors)
        assert not report.valid
        assert report.signatures[0].integrity == "failed"
        assert "byte_range" in report.reason


async def test_a_stranger_is_not_trusted(pdf, anchors):
    stranger = TestPki.make("stranger")
    (one,) = (await verify_pdf(await sign(pdf, stranger), anchors)).signatures
    assert (one.integrity, one.coverage, one.timestamp, one.trust) == ("passed", "whole", "failed", "untrusted")


async def test_a_pdf_without_signatures_has_none(pdf, anchors):
    with pytest.raises(NoSignature):
        await verify_pdf(pdf, anchors)


@pytest.mark.parametrize(
    "data", [b"", b"%PDF-1.7\n", b"%PDF-1.7\nstartxref\n9\n%%EOF", b"<a/>", b"%PDF-" + b"\x00" * 999]
)
async def test_a_broken_pdf_is_malformed_in_both_directions(data, pki, anchors):
    with pytest.raises(Malformed):
        await verify_pdf(data, anchors)
    with pytest.raises(Malformed):
        await sign(data, pki)


async def test_an_encrypted_pdf_is_refused_with_the_reason(pdf, pki, anchors):
    writer: Any = copy_into_new_writer(PdfFileReader(io.BytesIO(pdf)))
    writer.encrypt("owner", "user")
    output = io.BytesIO()
    writer.write(output)
    for attempt in (verify_pdf(output.getvalue(), anchors), sign(output.getvalue(), pki)):
        with pytest.raises(Malformed, match="encrypted"):
            await attempt


async def test_a_pdf_certified_against_all_changes_is_refused_with_the_reason(pdf, pki):
    metadata = PdfSignatureMetadata(
        field_name="Author", certify=True, docmdp_permissions=MDPPerm.NO_CHANGES, subfilter=SigSeedSubFilter.PADES
    )
    certified = await PdfSigner(metadata, _KeySigner(pki.signer)).async_sign_pdf(
        IncrementalPdfFileWriter(io.BytesIO(pdf)), bytes_reserved=16384
    )
    with pytest.raises(Malformed, match="forbids all changes"):
        await sign(certified.getvalue(), pki)


async def test_no_signed_pdf_comes_out_when_there_is_no_timestamp(pdf, pki):
    class Silent:
        async def stamp(self, digest: bytes, algorithm: str = "sha256") -> bytes:
            raise TimestampFailed("the timestamping authority cannot be reached")

    with pytest.raises(TimestampFailed):
        await sign_pdf(pdf, pki.signer, Silent(), reason=None, signed_at=now_utc())


@pytest.mark.parametrize("action", [FieldMDPAction.ALL, FieldMDPAction.EXCLUDE])
async def test_a_pdf_whose_signer_locked_all_fields_is_refused_with_the_reason(pdf, pki, action):
    lock = FieldMDPSpec(action, None if action is FieldMDPAction.ALL else ["Sum"])
    signer = PdfSigner(
        PdfSignatureMetadata(field_name="Author"),
        _KeySigner(pki.signer),
        new_field_spec=SigFieldSpec("Author", field_mdp_spec=lock),
    )
    locked: Any = await signer.async_sign_pdf(IncrementalPdfFileWriter(io.BytesIO(pdf)), bytes_reserved=16384)
    with pytest.raises(Malformed, match="locks it against further"):
        await sign(locked.getvalue(), pki)


async def test_a_pdf_that_tells_too_few_objects_loses_none_when_it_is_signed(pki, anchors):
    misled = re.sub(rb"/Size \d+", b"/Size 3", pdf_file("a", stream_xrefs=False))
    signed = await sign(misled, pki)
    assert (await verify_pdf(signed, anchors)).valid
    assert bind(ContentType.PDF, misled, signed).covers
