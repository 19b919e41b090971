from __future__ import annotations

import hashlib

from shared.contract.models import ContentType
from shared.signatures.binding import covers_content, signer_of
from shared.signatures.certificates import personal_number
from shared.signatures.pades.sign import sign_pdf
from shared.signatures.xades.sign import sign_hash
from tests.documents import pdf_file, with_annotation, with_page_replaced
from tests.pki import IDNP, TestPki, now_utc
from tests.unit.signatures.conftest import HASH


async def sign(pdf: bytes, pki: TestPki) -> bytes:
    return await sign_pdf(pdf, pki.signer, pki.timestamper, reason=None, signed_at=now_utc())


def test_a_hash_signature_covers_its_hash_and_no_other(signed):
    assert covers_content(ContentType.HASH, HASH, signed)
    assert not covers_content(ContentType.HASH, hashlib.sha256(b"other").digest(), signed)


async def test_a_detached_hash_signature_covers_its_hash(pki):
    detached = await sign_hash(HASH, pki.signer, pki.timestamper, signed_at=now_utc(), detached_as="file:/a")
    assert covers_content(ContentType.HASH, HASH, detached)
    assert not covers_content(ContentType.HASH, bytes(32), detached)


def test_a_broken_signature_covers_nothing(signed):
    assert not covers_content(ContentType.HASH, HASH, signed.replace(b"SignatureValue", b"Signaturevalue"))
    assert not covers_content(ContentType.HASH, HASH, b"rubbish")
    assert not covers_content(ContentType.PDF, b"%PDF-1.7", b"rubbish")


async def test_a_signed_pdf_covers_the_file_that_was_sent(pdf, pki):
    once = await sign(pdf, pki)
    twice = await sign(once, pki)
    assert covers_content(ContentType.PDF, pdf, once)
    assert covers_content(ContentType.PDF, once, twice)
    assert covers_content(ContentType.PDF, pdf, twice)


async def test_a_signature_over_another_pdf_does_not_cover_this_one(pdf, pki):
    assert not covers_content(ContentType.PDF, pdf, await sign(pdf_file("three"), pki))


async def test_the_file_that_was_sent_does_not_cover_itself(pdf, pki):
    once = await sign(pdf, pki)
    assert not covers_content(ContentType.PDF, once, once)
    assert not covers_content(ContentType.PDF, pdf, pdf)


async def test_a_pdf_that_was_changed_before_it_was_signed_does_not_cover_what_was_sent(pdf, pki):
    once = await sign(pdf, pki)
    for change in (with_page_replaced, with_annotation):
        assert not covers_content(ContentType.PDF, pdf, await sign(change(pdf), pki))
        assert not covers_content(ContentType.PDF, once, await sign(change(once), pki))


async def test_an_earlier_signature_that_is_broken_is_not_held_against_the_new_one(pdf, pki):
    spoiled = with_page_replaced(await sign(pdf, pki))
    assert covers_content(ContentType.PDF, spoiled, await sign(spoiled, pki))


async def test_the_signer_is_told_for_both_kinds(signed, pdf, pki):
    assert signer_of(ContentType.HASH, signed) == pki.signer.certificate
    second = TestPki.make("second")
    assert signer_of(ContentType.PDF, await sign(await sign(pdf, pki), second)) == second.signer.certificate
    assert signer_of(ContentType.PDF, pdf) is None
    assert signer_of(ContentType.HASH, b"rubbish") is None


def test_the_made_up_person_has_a_made_up_number(pki):
    assert personal_number(pki.signer.certificate) == IDNP
