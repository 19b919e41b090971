from __future__ import annotations

import gc
import hashlib
import re
from typing import Any

import pytest

from shared.contract.models import ContentType
from shared.errors import Malformed
from shared.signatures.binding import bind
from shared.signatures.certificates import personal_number
from shared.signatures.pades.opening import open_pdf
from shared.signatures.pades.sign import sign_pdf
from shared.signatures.xades.sign import sign_hash
from tests.attacks.hidden import SHADOWS
from tests.attacks.pades import edited, form, generic, put
from tests.attacks.shadows import added_object, file_of, stream
from tests.documents import pdf_file, with_annotation, with_page_replaced
from tests.pki import IDNP, TestPki, now_utc
from tests.unit.signatures.conftest import HASH

TOKEN = re.compile(rb"(EncapsulatedTimeStamp[^>]*>)([^<]+)(<)")


def with_token_of(other: bytes, signed: bytes) -> bytes:
    """The signature with the other one's timestamp."""
    token = TOKEN.search(other)
    assert token is not None
    return TOKEN.sub(lambda own: own[1] + token[2] + own[3], signed)


async def sign(pdf: bytes, pki: TestPki) -> bytes:
    return await sign_pdf(pdf, pki.signer, pki.timestamper, reason=None, signed_at=now_utc())


def test_a_hash_signature_covers_its_hash_and_no_other(signed):
    assert bind(ContentType.HASH, HASH, signed).covers
    assert not bind(ContentType.HASH, hashlib.sha256(b"other").digest(), signed).covers


async def test_a_detached_hash_signature_covers_its_hash(pki):
    detached = await sign_hash(HASH, pki.signer, pki.timestamper, signed_at=now_utc(), detached_as="file:/a")
    assert bind(ContentType.HASH, HASH, detached).covers
    assert not bind(ContentType.HASH, bytes(32), detached).covers


def test_a_broken_signature_covers_nothing(signed):
    assert not bind(ContentType.HASH, HASH, signed.replace(b"SignatureValue", b"Signaturevalue")).covers
    assert not bind(ContentType.HASH, HASH, b"rubbish").covers
    assert not bind(ContentType.PDF, b"%PDF-1.7", b"rubbish").covers


async def test_a_signed_pdf_covers_the_file_that_was_sent(pdf, pki):
    once = await sign(pdf, pki)
    twice = await sign(once, pki)
    assert bind(ContentType.PDF, pdf, once).covers
    assert bind(ContentType.PDF, once, twice).covers
    assert bind(ContentType.PDF, pdf, twice).covers


async def test_a_signature_over_another_pdf_does_not_cover_this_one(pdf, pki):
    assert not bind(ContentType.PDF, pdf, await sign(pdf_file("three"), pki)).covers


async def test_the_file_that_was_sent_does_not_cover_itself(pdf, pki):
    once = await sign(pdf, pki)
    assert not bind(ContentType.PDF, once, once).covers
    assert not bind(ContentType.PDF, pdf, pdf).covers


async def test_a_pdf_that_was_changed_before_it_was_signed_does_not_cover_what_was_sent(pdf, pki):
    once = await sign(pdf, pki)
    for change in (with_page_replaced, with_annotation):
        assert not bind(ContentType.PDF, pdf, await sign(change(pdf), pki)).covers
        assert not bind(ContentType.PDF, once, await sign(change(once), pki)).covers


@pytest.mark.parametrize("name", SHADOWS)
async def test_what_was_prepared_to_show_something_else_and_does_before_it_is_signed_is_not_covered(pki, name):
    shadow = SHADOWS[name]
    try:
        signed = await sign(shadow.attack(shadow.prepared), pki)
    except Malformed:  # nobody could sign it
        return
    assert not bind(ContentType.PDF, shadow.prepared, signed).covers


async def test_a_file_whose_last_revision_was_passed_by_is_not_covered(pki):
    """The signed file goes on from the first revision, with another drawing than the second one's."""
    first = file_of()
    sent = added_object(first, 4, stream(b"q 1 1 m 90 90 l S Q"))
    for drawn in (b"0 0 500 500 re f", b"q 1 1 m 90 90 l S Q"):
        continued = added_object(sent, 4, stream(drawn))
        tables = [b"/Prev %d" % int(one) for one in re.findall(rb"startxref\s+(\d+)", sent)]
        passing_by = sent + continued.removeprefix(sent).replace(tables[1], tables[0])
        assert len(passing_by) == len(continued) != len(sent)
        assert not bind(ContentType.PDF, sent, await sign(passing_by, pki)).covers
    assert bind(ContentType.PDF, sent, await sign(sent, pki)).covers


async def test_a_file_whose_table_goes_on_behind_it_is_not_covered(pki):
    """Its page awaits a drawing that lies there, but only a table that comes later tells where."""
    sent = file_of(stream=b"null", extra={7: stream(b"0 0 500 500 re f")}).replace(b"7 0 obj", b"4 0 obj")
    told = re.compile(rb"\d{10} 00000 n \n")
    drawn, size = sent.rindex(b"4 0 obj"), len(sent)
    free = b"0000000000 00000 f \n"
    places = [one.start() for one in told.finditer(sent)]
    for at in (places[3], places[6]):
        sent = sent[:at] + free + sent[at + len(free) :]
    behind = size + len(b" /XRefStm 00000")
    sent = sent.replace(b" /Root", b" /XRefStm %05d /Root" % behind)
    entry = b"\x01" + drawn.to_bytes(3, "big") + b"\x00"
    table = b"99 0 obj\n<< /Type /XRef /W [1 3 1] /Index [4 1] /Size 100 /Length 5 >>\nstream\n%s\nendstream\nendobj\n"
    continued = sent + table % entry + b"startxref" + sent.rpartition(b"startxref")[2]
    signed = await sign(continued, pki)
    assert len(sent) == behind
    assert open_pdf(signed).root["/Pages"]["/Kids"][0]["/Contents"].data.startswith(b"0 0 500")
    assert not bind(ContentType.PDF, sent, signed).covers
    assert bind(ContentType.PDF, continued, signed).covers


async def test_a_signature_that_the_form_does_not_list_is_judged_all_the_same(pdf, pki):
    """The second signature holds; the first, which only a page leads to, does not."""
    once = await sign(pdf, pki)

    def unlist(writer: Any) -> None:
        put(writer, form(writer), "/Fields", generic.ArrayObject())

    unlisted = edited(once, unlist)
    assert not bind(ContentType.PDF, pdf, await sign(unlisted, pki)).covers


async def test_an_earlier_signature_that_is_broken_is_not_held_against_the_new_one(pdf, pki):
    spoiled = with_page_replaced(await sign(pdf, pki))
    assert bind(ContentType.PDF, spoiled, await sign(spoiled, pki)).covers


async def test_the_signer_is_told_for_both_kinds(signed, pdf, pki):
    assert bind(ContentType.HASH, HASH, signed).signer == pki.signer.certificate
    second = TestPki.make("second")
    assert bind(ContentType.PDF, pdf, await sign(await sign(pdf, pki), second)).signer == second.signer.certificate
    assert bind(ContentType.PDF, pdf, pdf).signer is None
    assert bind(ContentType.HASH, HASH, b"rubbish").signer is None


async def test_a_timestamp_taken_from_another_signature_or_cut_short_covers_nothing(signed, pki):
    other = await sign_hash(HASH, TestPki.make("second").signer, pki.timestamper, signed_at=now_utc())
    assert bind(ContentType.HASH, HASH, with_token_of(other, signed)).covers is False
    assert bind(ContentType.HASH, HASH, TOKEN.sub(rb"\g<1>AAAA\g<3>", signed)).covers is False
    assert bind(ContentType.HASH, HASH, with_token_of(signed, signed)).covers


async def test_whose_the_timestamp_is_is_not_asked(pki):
    by_anybody = await sign_hash(HASH, pki.signer, TestPki.make("second").timestamper, signed_at=now_utc())
    assert bind(ContentType.HASH, HASH, by_anybody).covers


async def test_nothing_of_a_file_waits_for_garbage_to_be_collected(pdf, pki):
    once = await sign(pdf, pki)
    bind(ContentType.PDF, pdf, once)
    gc.collect()
    gc.disable()
    try:
        before = len(gc.get_objects())
        for _ in range(5):
            assert bind(ContentType.PDF, pdf, once).covers
        assert len(gc.get_objects()) - before < 500
    finally:
        gc.enable()


def test_the_made_up_person_has_a_made_up_number(pki):
    assert personal_number(pki.signer.certificate) == IDNP
