"""Every attack on every kind of signed file is refused, on the axis that it is an attack on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter

from shared.errors import Malformed
from shared.signatures.pades.sign import sign_pdf
from shared.signatures.pades.verify import judge_pdf
from shared.signatures.trust import TrustAnchors
from shared.signatures.verdict import Coverage, Integrity, Report
from tests.attacks.pades_signature import ON_SIGNATURE
from tests.attacks.strays import AFTER_SIGNING
from tests.documents import pdf_file
from tests.pki import TestPki, now_utc
from tests.unit.signatures.test_pades_changes import FILLING, SEEN, by_others, context, with_form

Make = Callable[[TestPki], Awaitable[bytes]]


async def _ours(pki: TestPki) -> bytes:
    return await sign_pdf(pdf_file(), pki.signer, pki.timestamper, reason="Aprob", signed_at=now_utc())


async def _plain(pki: TestPki) -> bytes:
    pdf = pdf_file("one", "two", "three", stream_xrefs=False)
    return await sign_pdf(pdf, pki.signer, pki.timestamper, reason="Aprob", signed_at=now_utc())


async def _visible(pki: TestPki) -> bytes:
    return await by_others(with_form(pdf_file()), pki, "A", box=SEEN, reason="Aprob")


async def _certified_for_filling(pki: TestPki) -> bytes:
    return await by_others(with_form(pdf_file()), pki, "A", **FILLING, reason="Aprob")


async def _certified_for_notes(pki: TestPki) -> bytes:
    allowing: dict[str, Any] = {"certify": True, "docmdp_permissions": MDPPerm.ANNOTATE}
    return await by_others(pdf_file(), pki, "A", **allowing, subfilter=SigSeedSubFilter.PADES, reason="Aprob")


async def _archived(pki: TestPki) -> bytes:
    return await by_others(
        pdf_file(), pki, "A", subfilter=SigSeedSubFilter.PADES, use_pades_lta=True, embed_validation_info=True,
        validation_context=context(pki), reason="Aprob",
    )  # fmt: skip


FORMS: dict[str, Make] = {
    "ours": _ours,
    "with plain tables": _plain,
    "visible": _visible,
    "certified for filling in": _certified_for_filling,
    "certified for notes": _certified_for_notes,
}
ARCHIVED: dict[str, Make] = {"with a store and a document timestamp": _archived}

ALLOWED = {(form, "all_looks_to_be_drawn_anew") for form in FORMS if form.startswith("certified")}
"""Changes that these signers did allow: who may fill in a form may have its values drawn."""

CHANGES = [(form, name) for form in FORMS | ARCHIVED for name in AFTER_SIGNING if (form, name) not in ALLOWED]


@pytest.fixture(scope="session")
def made() -> dict[str, bytes]:
    """The signed files, each made once."""
    return {}


async def good(form: str, made: dict[str, bytes], pki: TestPki) -> bytes:
    if form not in made:
        made[form] = await (FORMS | ARCHIVED)[form](pki)
    return made[form]


def judged(data: bytes, anchors: TrustAnchors) -> Report | None:
    """The verdict, None for a file that was refused as a whole."""
    try:
        return judge_pdf(data, anchors)
    except Malformed:
        return None


@pytest.mark.parametrize("form", [*FORMS, *ARCHIVED])
async def test_each_file_is_good_before_it_is_attacked(pki, anchors, made, form):
    assert judge_pdf(await good(form, made, pki), anchors).valid


@pytest.mark.parametrize(("form", "name"), CHANGES)
async def test_a_change_behind_the_signed_revision_is_not_covered(pki, anchors, made, form, name):
    report = judged(AFTER_SIGNING[name](await good(form, made, pki)), anchors)
    if report is not None:
        assert not report.valid
        assert report.signatures[0].coverage is not Coverage.WHOLE


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ON_SIGNATURE)
async def test_a_change_of_the_signed_revision_breaks_the_signature(pki, anchors, made, form, name):
    signed = await good(form, made, pki)
    attacked = ON_SIGNATURE[name](signed)
    assert attacked != signed
    report = judged(attacked, anchors)
    if report is not None:
        assert not report.valid
        assert report.signatures[-1].integrity is Integrity.FAILED
