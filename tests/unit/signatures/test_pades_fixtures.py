"""Files of other tools (tests/fixtures/pades/README.md): all four axes of each signature, and what alterations do."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.errors import Malformed
from shared.signatures.pades.verify import judge_pdf
from shared.signatures.trust import TrustAnchors
from shared.signatures.verdict import Report

PLACE = Path(__file__).parents[2] / "fixtures" / "pades"
STAMPED = ("passed", "whole", "passed", "trusted")
UNSTAMPED = ("passed", "whole", "none", "trusted")
CHANGED = ("passed", "partial", "passed", "trusted")
EXPECTED = {
    "altered_certified_then_free_text": [CHANGED],
    "altered_page_added": [CHANGED],
    "altered_value_replaced": [CHANGED],
    "dss_certified_then_filled": [STAMPED],
    "dss_certified_then_note": [STAMPED],
    "dss_lt": [STAMPED],
    "dss_lta_then_b": [STAMPED, UNSTAMPED],
    "dss_lta_with_form": [STAMPED],
    "dss_t_p521": [STAMPED],
    "hand_ber": [UNSTAMPED],
    "hand_broken_lines_then_pyhanko": [UNSTAMPED, STAMPED],
    "openpdf_certified_visible": [UNSTAMPED],
    "pdfbox_pkcs7_sha1": [UNSTAMPED],
    "pdfbox_pss": [UNSTAMPED],
    "pyhanko_locked_then_signed": [STAMPED, STAMPED],
    "pyhanko_lta_prolonged": [STAMPED],
    "pyhanko_pkcs7_revocation_inside": [STAMPED],
    "signpdf_node": [UNSTAMPED],
}
TOLD = {
    "altered_certified_then_free_text": "an annotation (FreeText) was put on a page",
    "altered_page_added": "the pages changed",
    "altered_value_replaced": "the form field “Name” was filled in",
}


@pytest.fixture(scope="module")
def trusted() -> TrustAnchors:
    return TrustAnchors.from_directory(PLACE / "trust")


def read(name: str) -> bytes:
    return (PLACE / f"{name}.pdf").read_bytes()


def axes(report: Report) -> list[tuple[str, ...]]:
    found = [(one.integrity, one.coverage, one.timestamp, one.trust) for one in report.signatures]
    return [tuple(axis.value for axis in one) for one in found]


def test_every_file_is_expected_to_be_something():
    assert {one.stem for one in PLACE.glob("*.pdf")} == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_a_file_of_another_tool_is_judged_on_all_four_axes(trusted, name):
    report = judge_pdf(read(name), trusted)
    assert axes(report) == EXPECTED[name]
    assert report.valid == (name not in TOLD)


@pytest.mark.parametrize("name", TOLD)
def test_what_was_altered_is_told_in_words(trusted, name):
    assert TOLD[name] in judge_pdf(read(name), trusted).reason


@pytest.mark.parametrize("name", EXPECTED)
def test_a_changed_character_in_the_first_revision_breaks_all_signatures(trusted, name):
    signed = read(name)
    at = signed.index(b"endobj") - 3
    try:
        report = judge_pdf(signed[:at] + bytes([signed[at] ^ 1]) + signed[at + 1 :], trusted)
    except Malformed:
        return
    assert all(one.integrity == "failed" for one in report.signatures)


@pytest.mark.parametrize("name", EXPECTED)
def test_without_anchors_nothing_is_trusted_and_the_rest_is_judged(name):
    found = axes(judge_pdf(read(name), TrustAnchors.none()))
    assert [one[:3] for one in found] == [one[:3] for one in EXPECTED[name]]
    assert {one[3] for one in found} == {"unknown"}
