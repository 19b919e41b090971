"""A timestamp proves the time of the bytes that it is over, and of nothing else."""

from __future__ import annotations

import io
from typing import Any

from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.signers.pdf_signer import PdfTimeStamper

from shared.signatures.pades.sign import _AdaptedTimestamper, sign_pdf
from shared.signatures.pades.verify import judge_pdf
from tests.attacks.pades import edited, form, generic, name
from tests.attacks.pades_signature import message_of, with_message
from tests.pki import TestPki, now_utc
from tests.unit.signatures.test_pades_changes import by_others, context


async def stamped(pdf: bytes, pki: TestPki) -> bytes:
    """The file with a document timestamp."""
    stamper = PdfTimeStamper(_AdaptedTimestamper(pki.timestamper))
    output: Any = await stamper.async_timestamp_pdf(
        IncrementalPdfFileWriter(io.BytesIO(pdf)), "sha256", context(pki), bytes_reserved=32768
    )
    return bytes(output.getvalue())


async def test_a_timestamp_copied_from_another_signature_fails(pdf, pki, anchors):
    signed, other = [
        await sign_pdf(pdf, pki.signer, pki.timestamper, reason=None, signed_at=now_utc(day)) for day in (0, -1)
    ]
    message = message_of(signed)
    message["content"]["signer_infos"][0]["unsigned_attrs"] = message_of(other)["content"]["signer_infos"][0][
        "unsigned_attrs"
    ]
    (one,) = judge_pdf(with_message(signed, message), anchors).signatures
    assert (one.integrity, one.timestamp, one.signed_at) == ("passed", "failed", None)
    assert "timestamp_imprint" in one.reason
    assert not one.valid


async def test_a_document_timestamp_in_front_of_a_signature_proves_nothing_about_it(pdf, pki, anchors):
    signed = await by_others(await stamped(pdf, pki), pki, "A", stamped=False, subfilter=SigSeedSubFilter.PADES)
    (one,) = judge_pdf(signed, anchors).signatures
    assert (one.timestamp, one.signed_at) == ("none", None)


async def test_a_document_timestamp_repeated_behind_a_signature_proves_nothing_about_it(pdf, pki, anchors):
    first = await stamped(pdf, pki)
    signed = await by_others(first, pki, "A", stamped=False, subfilter=SigSeedSubFilter.PADES)

    def repeat(writer: Any) -> None:
        fields = form(writer)["/Fields"]
        told = next(one.get_object()["/V"] for one in fields if "/DocTimeStamp" in str(one.get_object()["/V"]["/Type"]))
        copied = writer.add_object(generic.DictionaryObject(dict(told.items())))
        entries = {name("/FT"): name("/Sig"), name("/T"): generic.TextStringObject("again"), name("/V"): copied}
        fields.append(writer.add_object(generic.DictionaryObject(entries)))
        writer.update_container(fields)

    report = judge_pdf(edited(signed, repeat), anchors)
    (one,) = report.signatures
    assert one.timestamp == "none"
    assert one.signed_at is None


async def test_a_broken_document_timestamp_spoils_the_verdict_on_the_file(pdf, pki, anchors):
    signed = await by_others(pdf, pki, "A", subfilter=SigSeedSubFilter.PADES)
    archived = await stamped(signed, pki)
    message = message_of(archived)
    value = bytearray(message["content"]["signer_infos"][0]["signature"].native)
    value[9] ^= 1
    message["content"]["signer_infos"][0]["signature"] = bytes(value)
    report = judge_pdf(with_message(archived, message), anchors)
    assert [one.valid for one in report.signatures] == [True]
    assert not report.valid
    assert "timestamp_signature" in report.reason
