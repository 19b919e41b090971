"""Inputs with random damage: there is always a verdict or a refusal, and never a false "valid" for what was signed."""

from __future__ import annotations

import logging
import random
import re
from base64 import b64encode

import pytest

from shared.errors import Malformed
from shared.signatures.content import Digest
from shared.signatures.pades.sign import sign_pdf
from shared.signatures.pades.verify import judge_pdf
from shared.signatures.trust import TrustAnchors
from shared.signatures.xades.verify import judge_document
from tests.pki import now_utc
from tests.unit.signatures.conftest import HASH

ROUNDS = 150


def damaged(data: bytes, chance: random.Random) -> bytes:
    out = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 5))):
        at = chance.randrange(len(out))
        match chance.randrange(4):
            case 0:
                out[at] ^= 1 << chance.randrange(8)
            case 1:
                del out[at : at + chance.randrange(1, 20)]
            case 2:
                out[at:at] = chance.randbytes(chance.randrange(1, 6))
            case _:
                start = chance.randrange(len(out))
                out[at:at] = out[start : start + chance.randrange(1, 200)]
    return bytes(out)


@pytest.mark.parametrize("seed", range(3))
def test_damaged_xml_gives_a_verdict_or_a_refusal(signed, anchors, seed):
    chance = random.Random(seed)
    for _ in range(ROUNDS):
        broken = damaged(signed, chance)
        try:
            report = judge_document(broken, Digest(HASH), anchors)
        except Malformed:
            continue
        if report.valid:
            assert b64encode(HASH) in re.sub(rb"\s", b"", broken)


@pytest.mark.parametrize("seed", range(3))
async def test_damaged_pdfs_give_a_verdict_or_a_refusal(pdf, pki, anchors, seed, caplog):
    caplog.set_level(logging.CRITICAL)
    signed = await sign_pdf(pdf, pki.signer, pki.timestamper, reason=None, signed_at=now_utc())
    chance = random.Random(seed)
    for _ in range(ROUNDS):
        broken = damaged(signed, chance)
        try:
            report = judge_pdf(broken, TrustAnchors.none())
        except Malformed:
            continue
        if any(one.holds for one in report.signatures):
            assert broken.startswith(pdf)


async def test_no_single_changed_byte_of_the_signed_part_of_a_pdf_stays_unseen(pdf, pki):
    signed = await sign_pdf(pdf, pki.signer, pki.timestamper, reason=None, signed_at=now_utc())
    gap = re.search(rb"<[0-9a-fA-F]{1000,}>", signed)
    assert gap is not None
    places = [*range(9, gap.start(), 37), *range(gap.end(), len(signed), 23)]
    for at in places:
        broken = bytearray(signed)
        broken[at] ^= 0x04
        try:
            report = judge_pdf(bytes(broken), TrustAnchors.none())
        except Malformed:
            continue
        assert not any(one.holds for one in report.signatures), at


def test_no_single_changed_character_of_signed_xml_stays_unseen(signed):
    start, end = signed.index(b"<ds:SignedInfo"), signed.index(b"<ds:KeyInfo")
    for at in range(start, end, 7):
        broken = bytearray(signed)
        broken[at] ^= 0x01
        try:
            report = judge_document(bytes(broken), Digest(HASH), TrustAnchors.none())
        except Malformed:
            continue
        assert not any(one.holds for one in report.signatures), at


async def test_data_hidden_in_the_padding_of_a_pdf_signature_is_refused(pdf, pki):
    signed = await sign_pdf(pdf, pki.signer, pki.timestamper, reason=None, signed_at=now_utc())
    hidden = re.sub(rb"0{64}>", b"0" * 60 + b"beef>", signed)
    report = judge_pdf(hidden, TrustAnchors.none())
    assert "padding" in report.reason
    assert not report.signatures[0].holds


@pytest.mark.parametrize("part", ["ds:SignatureValue", "xades:SignedProperties", "xades:SignatureTimeStamp"])
def test_text_smuggled_between_the_parts_of_a_signature_is_refused(signed, part):
    mark = f"</{part}>".encode()
    report = judge_document(signed.replace(mark, mark + b"paid"), Digest(HASH), TrustAnchors.none())
    assert not report.signatures[0].holds
    assert "structure" in report.reason
