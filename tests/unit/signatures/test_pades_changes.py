"""What may happen to a PDF after it was signed: what the signer allowed, and nothing else."""

from __future__ import annotations

import io
from typing import Any

import pytest
from pyhanko.pdf_utils import generic as typed_generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.signers.pdf_signer import PdfSignatureMetadata, PdfSigner, PdfTimeStamper
from pyhanko_certvalidator import ValidationContext

from shared.contract.models import ContentType
from shared.signatures.binding import bind
from shared.signatures.certificates import to_asn1
from shared.signatures.pades.sign import _AdaptedTimestamper, _KeySigner, sign_pdf
from shared.signatures.pades.verify import judge_pdf
from shared.signatures.verdict import Report
from tests.pki import TestPki, now_utc

generic: Any = typed_generic
FILLING: dict[str, Any] = {"certify": True, "docmdp_permissions": MDPPerm.FILL_FORMS}
NOTHING: dict[str, Any] = {"certify": True, "docmdp_permissions": MDPPerm.NO_CHANGES}
SEEN = (10, 10, 200, 100)


async def by_others(
    pdf: bytes,
    pki: TestPki,
    field: str,
    *,
    stamped: bool = True,
    box: tuple[int, int, int, int] | None = None,
    **how: Any,
) -> bytes:
    """A signature as pyHanko makes it for others: any subfilter, visible, certifying, with a security store."""
    spec = None if box is None else SigFieldSpec(field, box=box)
    signer = PdfSigner(
        PdfSignatureMetadata(field_name=field, **how),
        _KeySigner(pki.signer),
        timestamper=_AdaptedTimestamper(pki.timestamper) if stamped else None,
        new_field_spec=spec,
    )
    output: Any = await signer.async_sign_pdf(IncrementalPdfFileWriter(io.BytesIO(pdf)), bytes_reserved=32768)
    return bytes(output.getvalue())


def context(pki: TestPki) -> ValidationContext:
    return ValidationContext(
        trust_roots=[to_asn1(pki.root.certificate)],
        other_certs=[to_asn1(pki.issuing.certificate)],
        allow_fetching=False,
        revocation_mode="soft-fail",
    )


def with_form(pdf: bytes) -> bytes:
    """The same file with a text field."""
    writer: Any = IncrementalPdfFileWriter(io.BytesIO(pdf))
    entries = {"/FT": generic.pdf_name("/Tx"), "/T": generic.pdf_string("Sum"), "/V": generic.pdf_string("10")}
    field = writer.add_object(generic.DictionaryObject({generic.pdf_name(k): v for k, v in entries.items()}))
    fields = generic.ArrayObject([field])
    writer.root["/AcroForm"] = generic.DictionaryObject({generic.pdf_name("/Fields"): fields})
    writer.update_root()
    return written(writer)


def filled(pdf: bytes) -> bytes:
    """The same file with another value in its text field."""
    writer: Any = IncrementalPdfFileWriter(io.BytesIO(pdf))
    reference = writer.root["/AcroForm"]["/Fields"].raw_get(0)
    reference.get_object()["/V"] = generic.pdf_string("1000000")
    writer.mark_update(reference)
    return written(writer)


def written(writer: Any) -> bytes:
    output = io.BytesIO()
    writer.write(output)
    return output.getvalue()


def coverage(report: Report) -> list[str]:
    return [one.coverage.value for one in report.signatures]


@pytest.mark.parametrize("stamped", [True, False])
async def test_a_plain_pkcs7_signature_of_other_tools_is_accepted(pdf, pki, anchors, stamped):
    report = judge_pdf(await by_others(pdf, pki, "A", stamped=stamped), anchors)
    assert report.valid
    assert report.signatures[0].timestamp == ("passed" if stamped else "none")


async def test_a_further_signature_is_allowed_where_only_forms_may_be_filled(pdf, pki, anchors):
    certified = await by_others(pdf, pki, "A", **FILLING)
    twice = await sign_pdf(certified, pki.signer, pki.timestamper, reason=None, signed_at=now_utc())
    assert judge_pdf(twice, anchors).valid


async def test_a_visible_signature_over_a_certified_page_is_a_change(pdf, pki, anchors):
    report = judge_pdf(await by_others(await by_others(pdf, pki, "A", **FILLING), pki, "B", box=SEEN), anchors)
    assert coverage(report) == ["partial", "whole"]
    assert not report.valid


async def test_two_visible_signatures_are_allowed(pdf, pki, anchors):
    once = await by_others(pdf, pki, "A", box=SEEN)
    assert judge_pdf(await by_others(once, pki, "B", box=(10, 110, 200, 200)), anchors).valid


async def test_filling_a_form_is_a_change_where_the_signer_allowed_nothing(pdf, pki, anchors):
    for how in ({}, NOTHING):
        report = judge_pdf(filled(await by_others(with_form(pdf), pki, "A", **how)), anchors)
        assert coverage(report) == ["partial"]
        assert report.signatures[0].integrity == "passed"
        assert not report.valid


async def test_filling_a_form_is_allowed_where_the_signer_said_so(pdf, pki, anchors):
    certified = await by_others(with_form(pdf), pki, "A", **FILLING)
    assert judge_pdf(filled(certified), anchors).valid
    assert judge_pdf(filled(await by_others(certified, pki, "B")), anchors).valid


async def test_a_signature_with_security_store_and_document_timestamp_is_accepted_and_may_be_followed(
    pdf, pki, anchors
):
    archived = await by_others(
        pdf, pki, "A", subfilter=SigSeedSubFilter.PADES, use_pades_lta=True, embed_validation_info=True,
        validation_context=context(pki),
    )  # fmt: skip
    assert judge_pdf(archived, anchors).valid
    followed = await sign_pdf(archived, pki.signer, pki.timestamper, reason=None, signed_at=now_utc())
    report = judge_pdf(followed, anchors)
    assert report.valid
    assert len(report.signatures) == 2


async def test_a_document_timestamp_proves_the_time_of_a_signature_without_one(pdf, pki, anchors):
    plain = await by_others(pdf, pki, "A", stamped=False, subfilter=SigSeedSubFilter.PADES)
    stamper = PdfTimeStamper(_AdaptedTimestamper(pki.timestamper))
    output: Any = await stamper.async_timestamp_pdf(
        IncrementalPdfFileWriter(io.BytesIO(plain)), "sha256", context(pki), bytes_reserved=32768
    )
    report = judge_pdf(output.getvalue(), anchors)
    assert report.valid
    assert report.signatures[0].signed_at is not None


async def test_a_form_that_was_filled_before_signing_does_not_cover_what_was_sent(pdf, pki):
    form = with_form(pdf)
    assert bind(ContentType.PDF, form, await by_others(form, pki, "A")).covers
    assert not bind(ContentType.PDF, form, await by_others(filled(form), pki, "A")).covers


async def test_a_visible_signature_covers_what_was_sent(pdf, pki):
    assert bind(ContentType.PDF, pdf, await by_others(pdf, pki, "A", box=SEEN)).covers
