"""A form may ask viewers to draw its values themselves: signing changes nothing about that, so it is no alteration."""

from __future__ import annotations

import io
from typing import Any

import pytest
from pyhanko.sign import fields
from pyhanko.sign.signers import cms_embedder
from pyhanko.sign.signers.pdf_signer import PdfSignatureMetadata, PdfSigner

from shared.signatures.pades.sign import _KeySigner, sign_pdf
from shared.signatures.pades.source import Source
from shared.signatures.pades.verify import judge_added, judge_pdf
from tests.documents import IncrementalPdfFileWriter, generic, pdf_file
from tests.pki import now_utc


def with_form(*, needed: bool) -> bytes:
    """A file with a text field, and a form that says whether its values' looks are to be drawn anew."""
    file = IncrementalPdfFileWriter(io.BytesIO(pdf_file()))
    name = {"/FT": generic.NameObject("/Tx"), "/T": generic.TextStringObject("Name")}
    field = file.add_object(generic.DictionaryObject({generic.NameObject(key): one for key, one in name.items()}))
    told = {"/Fields": generic.ArrayObject([field]), "/NeedAppearances": generic.BooleanObject(needed)}
    form = generic.DictionaryObject({generic.NameObject(key): one for key, one in told.items()})
    file.root[generic.NameObject("/AcroForm")] = form
    file.update_root()
    output = io.BytesIO()
    file.write(output)
    return output.getvalue()


async def signed_by_others(pdf: bytes, pki) -> bytes:
    """Signed as pyHanko does by itself: the form does not say any more how its values are drawn."""
    signer = PdfSigner(PdfSignatureMetadata(field_name="Other"), _KeySigner(pki.signer))
    output: Any = await signer.async_sign_pdf(IncrementalPdfFileWriter(io.BytesIO(pdf)), bytes_reserved=16384)
    return bytes(output.getvalue())


@pytest.mark.parametrize("needed", [True, False])
async def test_our_signatures_leave_it_as_it_was(pki, anchors, needed):
    form = with_form(needed=needed)
    once = await sign_pdf(form, pki.signer, pki.timestamper, reason=None, signed_at=now_utc())
    twice = await sign_pdf(once, pki.signer, pki.timestamper, reason=None, signed_at=now_utc())
    assert judge_added(Source.of(once), len(form)).nothing_else
    assert judge_added(Source.of(twice), len(once)).nothing_else
    assert [one.coverage for one in judge_pdf(twice, anchors).signatures] == ["whole", "whole"]


@pytest.mark.parametrize("needed", [True, False])
async def test_to_say_no_more_that_nothing_is_drawn_anew_changes_nothing(pki, monkeypatch, needed):
    monkeypatch.setattr(cms_embedder, "ensure_sig_flags", fields.ensure_sig_flags)
    form = with_form(needed=needed)
    signed = await signed_by_others(form, pki)
    assert b"/NeedAppearances" not in signed[len(form) :]
    assert judge_added(Source.of(signed), len(form)).nothing_else == (not needed)
