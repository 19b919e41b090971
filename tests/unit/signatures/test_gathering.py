"""How does the network change a verdict, and how often is it asked?"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import replace

from shared.signatures.certificates import to_asn1
from shared.signatures.evidence import NOTHING, Evidence, Wanted
from shared.signatures.gathering import MAX_WANTED, judged_online
from shared.signatures.keys import MemoryKey
from shared.signatures.pades.sign import sign_pdf
from shared.signatures.sources import Source
from shared.signatures.status import StatusUnknown
from shared.signatures.trust import TrustAnchors, judge_path
from shared.signatures.verdict import Coverage, Integrity, Report, SignatureVerdict, TimestampStatus, Trust
from shared.signatures.xades.sign import sign_hash
from tests.pki import SIGNER_NAME, ec_key, name_of, now_utc
from tests.unit.signatures.statuses import (
    HOUR,
    ISSUER_X509,
    LEAF_X509,
    NOW,
    REVOKES_ISSUER,
    ROOT_X509,
    UNDER_ROOT_X509,
    access,
    certificate,
    crl,
    ocsp_answer,
    stamper,
)
from tests.verifying import verify_hash_signature, verify_pdf

HASH = hashlib.sha256(b"an act").digest()
KEY = MemoryKey(ec_key("leaf of lists"), LEAF_X509)


class Told:
    """A network that knows what it is given, by the kind of source."""

    def __init__(self, **known: Evidence) -> None:
        self.known = known
        self.asked: list[str] = []

    async def fetch(self, source: Source) -> Evidence:
        self.asked.append(source.kind)
        if source.kind not in self.known:
            raise StatusUnknown("down")
        return self.known[source.kind]


async def verified(fetcher: Told, anchors: TrustAnchors | None = None, key: MemoryKey = KEY) -> SignatureVerdict:
    signed = await sign_hash(HASH, key, stamper(), signed_at=NOW)
    report = await verify_hash_signature(signed, HASH, anchors or TrustAnchors.of([ISSUER_X509]), fetcher)
    return report.signatures[0]


async def test_what_the_responder_says_decides():
    good, revoked = Told(ocsp=Evidence(ocsp=(ocsp_answer(),))), Told(ocsp=Evidence(ocsp=(ocsp_answer(NOW),)))
    one = await verified(good)
    assert (one.valid, one.reason) == (True, "")
    one = await verified(revoked)
    assert (one.valid, one.trust) == (False, "revoked")
    assert revoked.asked == ["ocsp"]


async def test_a_revocation_after_the_proven_time_of_signing_does_not_count():
    one = await verified(Told(list=Evidence(crls=(crl(7, made=NOW + HOUR),))))
    assert (one.valid, one.reason) == (True, "")


async def test_a_sender_cannot_hide_a_revocation_behind_an_older_word():
    """Without a timestamp the signature counts as made now, whatever good word from yesterday it carries."""
    now = now_utc()
    told = Evidence(ocsp=(ocsp_answer(now - HOUR, made=now - HOUR, until=now + HOUR),))
    older = Evidence(ocsp=(ocsp_answer(made=now - 24 * HOUR, until=now + 24 * HOUR),))
    anchors = TrustAnchors.of([ISSUER_X509]).knowing(older)

    async def judge(anchors: TrustAnchors) -> Report:
        path = judge_path(to_asn1(LEAF_X509), NOTHING, anchors, at=now)
        return Report(signatures=(replace(wanting().signatures[0], trust=path.trust, wanted=path.wanted),))

    offline, online = [await judged_online(judge, anchors, fetcher) for fetcher in (Told(), Told(ocsp=told))]
    assert (offline.signatures[0].trust, online.signatures[0].trust) == ("trusted", "revoked")


async def test_where_nobody_answers_everybody_is_asked_once():
    fetcher = Told()
    one = await verified(fetcher)
    assert one.valid
    assert "revocation_unknown" in one.reason
    assert fetcher.asked == ["ocsp", "list"]


async def test_pdf_files_are_judged_with_the_network_too(pdf):
    signed = await sign_pdf(pdf, KEY, stamper(), reason=None, signed_at=NOW)
    fetcher = Told(ocsp=Evidence(ocsp=(ocsp_answer(NOW),)))
    report = await verify_pdf(signed, TrustAnchors.of([ISSUER_X509]), fetcher)
    assert [one.trust for one in report.signatures] == ["revoked"]


async def test_a_missing_issuer_is_fetched_and_then_asked_for_its_status():
    stray = certificate(name_of(*SIGNER_NAME), access("", "http://ca.example/ca.crt"), key=ec_key("leaf of lists"))
    key = MemoryKey(ec_key("leaf of lists"), stray)
    anchors = TrustAnchors.of([ROOT_X509])
    assert (await verified(Told(), anchors, key)).trust == "untrusted"
    found = Told(issuer=Evidence((to_asn1(UNDER_ROOT_X509),)))
    assert (await verified(found, anchors, key)).trust == "trusted"
    assert found.asked == ["issuer", "list"]
    revoked = Told(issuer=Evidence((to_asn1(UNDER_ROOT_X509),)), list=Evidence(crls=(REVOKES_ISSUER,)))
    assert (await verified(revoked, anchors, key)).trust == "revoked"


def wanting(*wanted: Wanted) -> Report:
    one = SignatureVerdict(
        integrity=Integrity.PASSED,
        coverage=Coverage.WHOLE,
        timestamp=TimestampStatus.NONE,
        trust=Trust.UNTRUSTED,
        wanted=frozenset(wanted),
    )
    return Report(signatures=(one,))


async def test_an_input_cannot_make_us_fetch_without_end():
    class Endless(Told):
        async def fetch(self, source: Source) -> Evidence:
            self.asked.append(source.url)
            return Evidence((source.certificate,))

    rounds = 0

    async def judge(anchors: TrustAnchors) -> Report:
        nonlocal rounds
        rounds += 1
        many = (
            certificate(name_of(*SIGNER_NAME), access("", "http://a/"), serial=rounds * 1000 + n) for n in range(30)
        )
        return wanting(*(Wanted(to_asn1(one).dump()) for one in many))

    fetcher = Endless()
    await judged_online(judge, TrustAnchors.none(), fetcher)
    assert len(fetcher.asked) <= MAX_WANTED


async def test_the_status_of_a_certificate_is_asked_for_before_the_issuers_of_any_number_of_strangers():
    many = (
        certificate(name_of(*SIGNER_NAME), access("", "http://a/"), serial=1000 + n) for n in range(10 * MAX_WANTED)
    )
    status = Wanted(to_asn1(LEAF_X509).dump(), to_asn1(ISSUER_X509).dump())
    fetcher = Told()

    async def judge(_: TrustAnchors) -> Report:
        return wanting(*(Wanted(to_asn1(one).dump()) for one in many), status)

    await judged_online(judge, TrustAnchors.none(), fetcher)
    assert "ocsp" in fetcher.asked


async def test_what_the_network_does_not_tell_in_time_is_left_out():
    class Silent(Told):
        async def fetch(self, source: Source) -> Evidence:
            self.asked.append(source.kind)
            return await asyncio.get_running_loop().create_future()

    fetcher = Silent()

    async def judge(anchors: TrustAnchors) -> Report:
        path = judge_path(to_asn1(LEAF_X509), NOTHING, anchors, at=NOW)
        return Report(signatures=(replace(wanting().signatures[0], trust=path.trust, wanted=path.wanted),))

    report = await judged_online(judge, TrustAnchors.of([ISSUER_X509]), fetcher, seconds=0.01)
    assert report.signatures[0].trust == "trusted"
    assert fetcher.asked == ["ocsp"]


async def test_a_certificate_that_cannot_be_read_is_not_fetched_for():
    fetcher = Told()

    async def judge(anchors: TrustAnchors) -> Report:
        return wanting(Wanted(b"\x30\x00"))

    await judged_online(judge, TrustAnchors.none(), fetcher)
    assert fetcher.asked == []
