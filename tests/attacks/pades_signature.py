"""How does one attack a PDF signature itself? Each attack is a name and a change of the signed file.

What was signed or the signature changes, so integrity must tell of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from asn1crypto import algos, cms, core, tsp

from tests.attacks.pades import Attack

ON_SIGNATURE: dict[str, Attack] = {}


def on_signature(attack: Attack) -> Attack:
    """Take a change of the signed revision into the suite."""
    ON_SIGNATURE[attack.__name__] = attack
    return attack


# The byte range


def signature_place(pdf: bytes) -> tuple[re.Match[bytes], re.Match[bytes]]:
    """Where the last signature's ByteRange and Contents stand."""
    ranges = list(re.finditer(rb"/ByteRange\s*\[([^\]]*)\]", pdf))
    contents = list(re.finditer(rb"/Contents\s*<([0-9A-Fa-f]+)>", pdf))
    return ranges[-1], contents[-1]


def with_range(pdf: bytes, told: bytes) -> bytes:
    """The file with another byte range of the same length, if it fits."""
    where, _ = signature_place(pdf)
    room = where.end(1) - where.start(1)
    return pdf[: where.start(1)] + told.ljust(room)[: max(room, len(told))] + pdf[where.end(1) :]


def _range(change: Callable[[list[int]], list[int]]) -> Attack:
    def attack(pdf: bytes) -> bytes:
        where, _ = signature_place(pdf)
        told = change([int(one) for one in where[1].split()])
        return with_range(pdf, b" ".join(b"%d" % one for one in told))

    return attack


RANGES: dict[str, Callable[[list[int]], list[int]]] = {
    "a_range_not_from_the_start": lambda r: [1, r[1] - 1, r[2], r[3]],
    "a_range_with_a_wider_gap_before": lambda r: [0, r[1] - 30, r[2], r[3]],
    "a_range_with_a_wider_gap_behind": lambda r: [0, r[1], r[2] + 9, r[3] - 9],
    "a_range_that_stops_early": lambda r: [0, r[1], r[2], r[3] - 20],
    "a_range_that_goes_beyond_the_file": lambda r: [0, r[1], r[2], r[3] + 20],
    "a_range_that_overlaps": lambda r: [0, r[2] + 5, r[2], r[3]],
    "a_range_without_a_gap": lambda r: [0, r[2], r[2], r[3]],
    "a_range_of_the_first_run_twice": lambda r: [0, r[1], 0, r[1]],
    "a_negative_range": lambda r: [0, r[1], r[2], -r[3]],
    "a_range_with_a_negative_start": lambda r: [-1, r[1], r[2], r[3]],
    "a_huge_range": lambda r: [0, r[1], r[2], 10**18],
    "an_empty_range": lambda r: [],
    "a_range_of_zeros": lambda r: [0, 0, 0, 0],
    "a_range_of_two_numbers": lambda r: [0, r[1]],
    "a_range_of_six_numbers": lambda r: [0, r[1], r[2], 5, r[2] + 5, r[3] - 5],
    "a_range_in_reverse": lambda r: [r[2], r[3], 0, r[1]],
}
ON_SIGNATURE.update({title: _range(change) for title, change in RANGES.items()})


@on_signature
def a_range_of_null(pdf: bytes) -> bytes:
    where, _ = signature_place(pdf)
    return pdf[: where.start()] + b"/ByteRange null".ljust(where.end() - where.start()) + pdf[where.end() :]


@on_signature
def no_range(pdf: bytes) -> bytes:
    where, _ = signature_place(pdf)
    return pdf[: where.start()] + b"/ByteRanga" + pdf[where.start() + 10 :]


@on_signature
def a_range_of_names(pdf: bytes) -> bytes:
    return with_range(pdf, b"/a /b /c /d")


@on_signature
def a_second_range_in_front(pdf: bytes) -> bytes:
    where, _ = signature_place(pdf)
    return pdf[: where.start()] + b"/ByteRange [0 0 0 0] " + pdf[where.start() :]


@on_signature
def signed_content_moved_behind_and_replaced(pdf: bytes) -> bytes:
    """Signature wrapping: the second run is moved to the end, and something else stands in its old place."""
    where, contents = signature_place(pdf)
    numbers_told = [int(one) for one in where[1].split()]
    tail = pdf[numbers_told[2] :]
    filler = b" " * 64
    moved = numbers_told[2] + len(filler)
    out = with_range(pdf, b"0 %d %d %d" % (numbers_told[1], moved, len(tail)))
    return out[: contents.end()] + filler + tail


# The contents


@on_signature
def no_contents(pdf: bytes) -> bytes:
    _, contents = signature_place(pdf)
    return pdf[: contents.start()] + b"/Contentz" + pdf[contents.start() + 9 :]


def _contents(told: bytes) -> Attack:
    def attack(pdf: bytes) -> bytes:
        _, contents = signature_place(pdf)
        return pdf[: contents.start(1) - 1] + told.ljust(len(contents[1]) + 2) + pdf[contents.end() :]

    return attack


ON_SIGNATURE["contents_of_null"] = _contents(b"null")
ON_SIGNATURE["empty_contents"] = _contents(b"<>")
ON_SIGNATURE["contents_of_one_zero"] = _contents(b"<00>")
ON_SIGNATURE["contents_in_a_number"] = _contents(b"7")


@on_signature
def contents_of_zeros(pdf: bytes) -> bytes:
    _, contents = signature_place(pdf)
    return pdf[: contents.start(1)] + b"0" * len(contents[1]) + pdf[contents.end(1) :]


@on_signature
def hidden_data_in_the_padding(pdf: bytes) -> bytes:
    _, contents = signature_place(pdf)
    return pdf[: contents.end(1) - 8] + b"deadbeef" + pdf[contents.end(1) :]


@on_signature
def a_comment_in_the_gap(pdf: bytes) -> bytes:
    _, contents = signature_place(pdf)
    return pdf[: contents.end(1) - 8] + b"> %23456" + pdf[contents.end(1) :]


def message_of(pdf: bytes) -> Any:
    """The CMS message of the last signature."""
    _, contents = signature_place(pdf)
    return cms.ContentInfo.load(bytes.fromhex(contents[1].decode()))


def with_message(pdf: bytes, message: Any) -> bytes:
    """The file with another CMS message in the place of the last signature."""
    _, contents = signature_place(pdf)
    told = bytes(message.dump()).hex().encode()
    return pdf[: contents.start(1)] + told.ljust(len(contents[1]), b"0") + pdf[contents.end(1) :]


def on_message(change: Callable[[Any], None]) -> Callable[[Any], None]:
    """Take a change of the CMS SignedData into the suite."""

    def attack(pdf: bytes) -> bytes:
        message = message_of(pdf)
        change(message["content"])
        return with_message(pdf, message)

    ON_SIGNATURE[change.__name__] = attack
    return change


@on_message
def no_signer(signed: Any) -> None:
    signed["signer_infos"] = cms.SignerInfos([])


@on_message
def the_signer_twice(signed: Any) -> None:
    signer = signed["signer_infos"][0]
    signed["signer_infos"] = cms.SignerInfos([signer, cms.SignerInfo.load(signer.dump()[:-1] + b"\x00")])


@on_message
def content_of_its_own(signed: Any) -> None:
    told = {"content_type": "data", "content": core.OctetString(b"something else")}
    signed["encap_content_info"] = cms.ContentInfo(told)


@on_message
def no_certificates(signed: Any) -> None:
    signed["certificates"] = cms.CertificateSet([])


@on_message
def a_foreign_certificate_first_and_named(signed: Any) -> None:
    other_one = signed["certificates"][-1].chosen
    told = {"issuer": other_one.issuer, "serial_number": other_one.serial_number}
    signed["signer_infos"][0]["sid"] = cms.SignerIdentifier({"issuer_and_serial_number": told})


@on_message
def an_empty_signature_value(signed: Any) -> None:
    signed["signer_infos"][0]["signature"] = b""


@on_message
def one_bit_of_the_signature_value(signed: Any) -> None:
    value = bytearray(signed["signer_infos"][0]["signature"].native)
    value[9] ^= 1
    signed["signer_infos"][0]["signature"] = bytes(value)


@on_message
def another_digest_algorithm(signed: Any) -> None:
    used = signed["signer_infos"][0]["digest_algorithm"]["algorithm"].native
    told = "sha384" if used == "sha512" else "sha512"
    signed["signer_infos"][0]["digest_algorithm"] = algos.DigestAlgorithm({"algorithm": told})


@on_message
def the_signed_attributes_taken_out(signed: Any) -> None:
    del signed["signer_infos"][0]["signed_attrs"]


def _attribute(kind: str, value: Any) -> Callable[[Any], None]:
    def change(signed: Any) -> None:
        signer = signed["signer_infos"][0]
        kept = [one for one in signer["signed_attrs"] if one["type"].native != kind]
        added = [] if value is None else [cms.CMSAttribute({"type": kind, "values": [value]})]
        signer["signed_attrs"] = cms.CMSAttributes([*kept, *added])

    change.__name__ = f"{'no' if value is None else 'another'}_{kind}_among_the_signed_attributes"
    return change


for _kind, _value in (
    ("message_digest", bytes(32)),
    ("message_digest", None),
    ("content_type", "enveloped_data"),
    ("content_type", None),
    ("signing_certificate_v2", tsp.SigningCertificateV2({"certs": [tsp.ESSCertIDv2({"cert_hash": bytes(32)})]})),
    ("signing_certificate_v2", None),
):
    on_message(_attribute(_kind, _value))


# The file as a whole


@on_signature
def one_byte_of_the_page(pdf: bytes) -> bytes:
    at = pdf.index(b"stream\n") + 8
    return pdf[:at] + bytes([pdf[at] ^ 1]) + pdf[at + 1 :]


@on_signature
def something_in_front_of_the_file(pdf: bytes) -> bytes:
    return b"<html><body>paid</body></html>\n" + pdf


@on_signature
def a_version_changed(pdf: bytes) -> bytes:
    return pdf.replace(b"%PDF-1.", b"%PDF-2.", 1)


@on_signature
def the_field_of_the_signature_renamed(pdf: bytes) -> bytes:
    return pdf.replace(b"/FT /Sig", b"/FT /Tx ").replace(b"/FT/Sig", b"/FT/Tx ")
