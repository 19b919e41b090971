"""Files that were prepared to show something else once they are signed are seen through."""

from __future__ import annotations

import pytest

from shared.errors import Malformed
from shared.signatures.pades.verify import judge_pdf
from shared.signatures.verdict import Coverage
from tests.attacks.hidden import HIDING, SHADOWS, revision, stream_revision
from tests.attacks.shadows import reading_on
from tests.unit.signatures.test_pades_changes import by_others


@pytest.mark.parametrize("name", SHADOWS)
async def test_what_a_prepared_file_shows_later_is_not_covered(pki, anchors, name):
    shadow = SHADOWS[name]
    signed = await by_others(shadow.prepared, pki, "A", stamped=False)
    assert judge_pdf(signed, anchors).valid
    attacked = shadow.attack(signed)
    assert attacked.startswith(signed)
    try:
        report = judge_pdf(attacked, anchors)
    except Malformed:
        return
    assert report.signatures[0].coverage is not Coverage.WHOLE
    assert not report.valid


@pytest.mark.parametrize("length", [b"21", b"%c\n21", b"+21", b"8 0 R"])
async def test_a_length_may_be_written_in_any_way(pki, anchors, length):
    once = await by_others(reading_on(length, told=b"21"), pki, "A", stamped=False)
    report = judge_pdf(await by_others(once, pki, "B", stamped=False), anchors)
    assert [one.coverage for one in report.signatures] == [Coverage.WHOLE] * 2


async def test_a_hidden_object_that_stays_hidden_changes_nothing(pki, anchors):
    signed = await by_others(HIDING, pki, "A", stamped=False)
    report = judge_pdf(await by_others(signed, pki, "B", stamped=False), anchors)
    assert [one.coverage for one in report.signatures] == [Coverage.WHOLE] * 2


@pytest.mark.parametrize("place", [b"+%d", b"%%x\n%d"])
async def test_a_last_table_whose_place_is_not_told_plainly_lets_some_find_what_is_hidden(pki, anchors, place):
    signed = await by_others(HIDING, pki, "A", stamped=False)
    assert all(judge_pdf(plain(signed), anchors).valid for plain in (revision(), stream_revision(bytes(7))))
    try:
        report = judge_pdf(revision(place=place)(signed), anchors)
    except Malformed:
        return
    assert report.signatures[0].coverage is not Coverage.WHOLE
