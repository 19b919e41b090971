"""Files that are made to cost time or memory are told to be too much, and soon."""

from __future__ import annotations

from typing import Any

import pytest

from shared.errors import Malformed
from shared.signatures.pades.forms import Field, fields_of
from shared.signatures.pades.opening import open_pdf
from shared.signatures.pades.sameness import Sameness
from shared.signatures.pades.sign import sign_pdf
from shared.signatures.pades.verify import judge_pdf
from tests.attacks.pades_bytes import table_update
from tests.attacks.shadows import file_of
from tests.documents import pdf_file
from tests.pki import now_utc


@pytest.fixture
async def signed(pki) -> bytes:
    pdf = pdf_file(stream_xrefs=False)
    return await sign_pdf(pdf, pki.signer, pki.timestamper, reason=None, signed_at=now_utc())


def with_object(pdf: bytes, number: int, body: bytes) -> bytes:
    told = b"%d 0 obj\n%s\nendobj\n" % (number, body)
    return table_update(pdf, {number: b"%010d 00000 n" % (len(pdf) + 1)}, told)


def with_table(told: bytes, revisions: int = 1) -> bytes:
    """A file without signature whose cross-reference streams tell of objects as given."""
    out = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n"
    previous = b""
    for _ in range(revisions):
        place = len(out)
        rows = b"".join(b"\x01" + at.to_bytes(4, "big") for at in (9, place))
        entries = b"/Type /XRef /W [1 4 0] /Root 1 0 R %s %s /Length %d" % (told, previous, len(rows))
        out += b"2 0 obj\n<< %s >>\nstream\n%s\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % (entries, rows, place)
        previous = b"/Prev %d" % place
    return out


@pytest.mark.parametrize(
    "told",
    [
        b"/Size 3 /Index [1 2 3 2000000000]",
        b"/Size 3 /Index [1 2 3%%\n2000000000]",
        b"/Size 3 /Index %%\n[1 2 3 +2000000000]",
        b"/Size 3 /I#6edex [1 2 3 2000000000]",
        b"/Size 2000000000",
        b"/S#69ze 2000000000",
    ],
)
def test_a_table_of_two_milliards_of_objects_is_refused(told):
    with pytest.raises(Malformed, match="too many objects"):
        open_pdf(with_table(told))


def test_tables_of_many_objects_together_are_refused():
    few, many = b"/Size 3 /Index [1 2 3 100]", b"/Size 3 /Index [1 2 3 300000]"
    for _ in range(2):
        assert open_pdf(with_table(few, 20)).xrefs.total_revisions == 20
    with pytest.raises(Malformed, match="too many objects"):
        open_pdf(with_table(many, 4))


@pytest.mark.parametrize("line", [b"1 %" * 300_000, b"%" * 1_000_000 + b"\n R"])
async def test_a_line_of_a_million_comments_is_read_at_once(signed, anchors, line):
    assert judge_pdf(with_object(signed, 90, b"(" + line + b")"), anchors).valid


def test_fields_that_all_have_one_name_are_numbered_at_once():
    fields = b"<< /T (a) /FT /Tx >>" * 19_000
    assert list(fields_of(open_pdf(file_of(form=b"<< /Fields [%s] >>" % fields)).root)) == [
        ("a", number) for number in range(19_000)
    ]


async def test_each_form_is_read_once_and_only_what_was_touched_is_compared(pki, anchors, monkeypatch):
    """Of twelve signatures, each over those before it: not each pair of forms is compared, nor each pair of fields."""
    read, compared = list[int](), list[str]()

    def counting_fields(root: Any) -> dict[tuple[str, int], Field]:
        read.append(1)
        return fields_of(root)

    def counting_differing(self: Sameness, old: Any, new: Any, depth: int = 0) -> set[str]:
        compared.extend(["field"] if "/FT" in old else [])
        return differing(self, old, new, depth)

    signed = pdf_file()
    for _ in range(12):
        signed = await sign_pdf(signed, pki.signer, pki.timestamper, reason=None, signed_at=now_utc())
    differing = Sameness.differing
    monkeypatch.setattr("shared.signatures.pades.revisions.fields_of", counting_fields)
    monkeypatch.setattr(Sameness, "differing", counting_differing)
    assert judge_pdf(signed, anchors).valid
    assert len(read) <= 13
    assert len(compared) <= 12


async def test_forms_that_have_too_many_fields_together_are_a_change(pki, anchors, monkeypatch):
    monkeypatch.setattr("shared.signatures.pades.revisions.MAX_FIELDS_IN_ALL", 8)
    signed = pdf_file()
    for _ in range(6):
        signed = await sign_pdf(signed, pki.signer, pki.timestamper, reason=None, signed_at=now_utc())
    found = [one.coverage.value for one in judge_pdf(signed, anchors).signatures]
    assert (found[0], found[-1]) == ("partial", "whole")


async def test_a_file_of_hundreds_of_revisions_is_not_followed_for_ever(signed, anchors):
    for number in range(301):
        signed = with_object(signed, 90, b"<< /A %d >>" % number)
    (one,) = judge_pdf(signed, anchors).signatures
    assert (one.integrity, one.coverage) == ("passed", "partial")


@pytest.mark.parametrize("body", [b"[" * 100_000 + b"]" * 100_000, b"<< /A " * 50_000 + b">>" * 50_000])
async def test_objects_nested_without_end_are_a_change(signed, anchors, body):
    (one,) = judge_pdf(with_object(signed, 2, body), anchors).signatures
    assert one.coverage == "partial"
