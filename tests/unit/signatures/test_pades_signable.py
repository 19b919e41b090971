import io
from typing import Any

import pytest
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import copy_into_new_writer
from pyhanko.sign.fields import FieldMDPAction, FieldMDPSpec, MDPPerm, SigFieldSpec
from pyhanko.sign.signers.pdf_signer import PdfSignatureMetadata, PdfSigner

from shared.signatures.pades.sign import _KeySigner, sign_pdf
from shared.signatures.pades.signable import why_not_signable
from shared.signatures.pades.source import Source
from shared.signatures.pades.verify import judge_added
from shared.signatures.trust import TrustAnchors
from shared.signatures.verdict import Coverage
from tests.attacks.hidden import revision
from tests.documents import generic, pdf_file
from tests.pki import now_utc
from tests.verifying import verify_pdf


async def signed_by_others(pdf: bytes, pki, spec: SigFieldSpec | None = None, **how: Any) -> bytes:
    signer = PdfSigner(PdfSignatureMetadata(field_name="Author", **how), _KeySigner(pki.signer), new_field_spec=spec)
    output: Any = await signer.async_sign_pdf(IncrementalPdfFileWriter(io.BytesIO(pdf)), bytes_reserved=16384)
    return bytes(output.getvalue())


def without_pages(pdf: bytes) -> bytes:
    writer: Any = IncrementalPdfFileWriter(io.BytesIO(pdf))
    pages = writer.root["/Pages"]
    pages[generic.NameObject("/Kids")] = generic.ArrayObject()
    pages[generic.NameObject("/Count")] = generic.NumberObject(0)
    writer.update_container(pages)
    output = io.BytesIO()
    writer.write(output)
    return output.getvalue()


def encrypted(pdf: bytes) -> bytes:
    writer: Any = copy_into_new_writer(PdfFileReader(io.BytesIO(pdf)))
    writer.encrypt("owner", "user")
    output = io.BytesIO()
    writer.write(output)
    return output.getvalue()


@pytest.mark.parametrize("stream_xrefs", [True, False])
def test_an_ordinary_file_can_be_signed(stream_xrefs):
    assert why_not_signable(pdf_file("Pagina 1", stream_xrefs=stream_xrefs)) is None


async def test_a_file_that_carries_a_signature_can_be_signed_again(pki):
    once = await sign_pdf(pdf_file(), pki.signer, pki.timestamper, reason=None, signed_at=now_utc())
    assert why_not_signable(once) is None


async def test_an_author_who_allows_filling_in_allows_signatures(pki):
    certified = await signed_by_others(pdf_file(), pki, certify=True, docmdp_permissions=MDPPerm.FILL_FORMS)
    assert why_not_signable(certified) is None


async def test_an_author_who_forbids_changes_forbids_signatures(pki):
    certified = await signed_by_others(pdf_file(), pki, certify=True, docmdp_permissions=MDPPerm.NO_CHANGES)
    assert "forbids any further change" in str(why_not_signable(certified))


async def test_a_signer_who_locked_the_document_forbids_signatures(pki):
    locking = SigFieldSpec(
        "Author",
        field_mdp_spec=FieldMDPSpec(FieldMDPAction.ALL),
        doc_mdp_update_value=MDPPerm.NO_CHANGES,
    )
    locked = await signed_by_others(pdf_file(), pki, locking)
    assert "forbids any further change" in str(why_not_signable(locked))


@pytest.mark.parametrize(
    "lock",
    [FieldMDPSpec(FieldMDPAction.ALL), FieldMDPSpec(FieldMDPAction.EXCLUDE, ["Name"])],
    ids=["all", "all but one"],
)
async def test_a_signer_who_locked_all_fields_forbids_signatures(pki, lock):
    locked = await signed_by_others(pdf_file(), pki, SigFieldSpec("Author", field_mdp_spec=lock))
    assert "locks all fields" in str(why_not_signable(locked))


async def test_a_signer_who_locked_other_fields_allows_signatures_and_stays_valid(pki):
    locking = SigFieldSpec("Author", field_mdp_spec=FieldMDPSpec(FieldMDPAction.INCLUDE, ["Name"]))
    locked = await signed_by_others(pdf_file(), pki, locking)
    assert why_not_signable(locked) is None
    twice = await sign_pdf(locked, pki.signer, pki.timestamper, reason=None, signed_at=now_utc())
    report = await verify_pdf(twice, TrustAnchors.of([pki.root.certificate]))
    assert [one.coverage for one in report.signatures] == [Coverage.WHOLE, Coverage.WHOLE]


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda pdf: b"PK\x03\x04" + bytes(2000), "not a PDF"),
        (lambda pdf: b"", "not a PDF"),
        (lambda pdf: b"%PDF-1.7\n" + bytes(2000), "broken"),
        (lambda pdf: pdf[: len(pdf) // 2], "broken"),
        (encrypted, "encrypted"),
        (without_pages, "no page"),
    ],
)
def test_a_file_that_cannot_be_signed_says_why(spoil, words):
    assert words in str(why_not_signable(spoil(pdf_file())))


@pytest.mark.parametrize("told", [b"/Info 190 0 R", b"/Info null"])
async def test_a_file_without_the_information_that_it_speaks_of_can_be_signed(pki, told):
    odd = revision(more=told)(pdf_file(stream_xrefs=False))
    assert why_not_signable(odd) is None
    once = await sign_pdf(odd, pki.signer, pki.timestamper, reason=None, signed_at=now_utc())
    assert judge_added(Source.of(once), len(odd)).nothing_else
    twice = await sign_pdf(once, pki.signer, pki.timestamper, reason=None, signed_at=now_utc())
    report = await verify_pdf(twice, TrustAnchors.of([pki.root.certificate]))
    assert [one.coverage for one in report.signatures] == [Coverage.WHOLE] * 2
