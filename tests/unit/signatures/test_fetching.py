"""What is taken from the places that certificates name, how often they are asked, and whom we never ask."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from aiohttp import web
from asn1crypto import cms, ocsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from shared.signatures.cache import AnswerCache
from shared.signatures.certificates import to_asn1
from shared.signatures.evidence import Evidence
from shared.signatures.fetching import (
    MAX_ANSWER_BYTES,
    HttpFetcher,
    NoNetwork,
    public_connector,
)
from shared.signatures.sources import Kind, Source, issuer_sources, status_sources
from shared.signatures.status import StatusUnknown
from tests.pki import SIGNER_NAME, name_of
from tests.unit.signatures.statuses import (
    ISSUER,
    ISSUER_X509,
    STRANGER_KEY,
    access,
    certificate,
    crl,
    ocsp_answer,
    pointer,
    scope,
)

Answer = Callable[[bytes], bytes | web.Response]


class Place:
    """A server that answers everything alike and counts; `certificate` points to it."""

    def __init__(self, url: str, fetcher: HttpFetcher) -> None:
        self.url = url
        self.fetcher = fetcher
        self.asked = 0
        self.x509 = certificate(name_of(*SIGNER_NAME), pointer(url + "crl"), access(url + "ocsp", url + "issuer"))
        self.certificate = to_asn1(self.x509)

    @property
    def ocsp(self) -> Source:
        return status_sources(self.certificate, ISSUER)[0]

    @property
    def list(self) -> Source:
        return status_sources(self.certificate, ISSUER)[1]

    @property
    def issuer(self) -> Source:
        return issuer_sources(self.certificate)[0]


@asynccontextmanager
async def place(
    answer: Callable[[Place, bytes], bytes | web.Response], *, strangers: bool = True
) -> AsyncIterator[Place]:
    async def handle(request: web.Request) -> web.Response:
        made.asked += 1
        given = answer(made, await request.read())
        return given if isinstance(given, web.Response) else web.Response(body=given)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        async with aiohttp.ClientSession() as session:
            url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
            made = Place(url, HttpFetcher(session, session if strangers else None, timeout_s=60))
            yield made
    finally:
        await runner.cleanup()


def now(hours: float = 0) -> datetime:
    return (datetime.now(UTC) + timedelta(hours=hours)).replace(microsecond=0)


def fresh_crl(_: Place, __: bytes) -> bytes:
    return crl(made=now(-1), until=now(1))


def fresh_answer(at: Place, request: bytes) -> bytes:
    nonce = ocsp.OCSPRequest.load(request).nonce_value.native
    return ocsp_answer(about=at.x509, made=now(-1), until=now(1), nonce=nonce)


async def test_a_list_is_fetched_once_until_its_next_update():
    async with place(fresh_crl) as at:
        first = await at.fetcher.fetch(at.list)
        assert first.crls
        assert await at.fetcher.fetch(at.list) == first
        assert at.asked == 1


async def test_an_answer_is_asked_for_once_until_its_next_update():
    async with place(fresh_answer) as at:
        assert (await at.fetcher.fetch(at.ocsp)).ocsp
        await at.fetcher.fetch(at.ocsp)
        assert at.asked == 1


async def test_many_who_want_to_know_the_same_at_once_ask_once():
    async with place(fresh_crl) as at:
        found = await asyncio.gather(*(at.fetcher.fetch(at.list) for _ in range(20)))
        assert at.asked == 1
        assert all(one == found[0] for one in found)


async def test_who_gives_up_waiting_does_not_take_the_answer_from_the_others():
    begun = asyncio.Event()

    def slow(at: Place, request: bytes) -> bytes:
        begun.set()
        return fresh_crl(at, request)

    async with place(slow) as at:
        impatient = asyncio.create_task(at.fetcher.fetch(at.list))
        patient = asyncio.create_task(at.fetcher.fetch(at.list))
        await begun.wait()
        impatient.cancel()
        assert (await patient).crls
        assert at.asked == 1


async def test_places_of_strangers_that_never_answer_do_not_keep_a_status_from_being_asked_for(monkeypatch):
    never = asyncio.Event()
    async with place(fresh_answer) as at:
        ask = at.fetcher._request

        async def request(source: Source, nonce: bytes) -> bytes:
            if source.kind is Kind.ISSUER:
                await never.wait()
                raise StatusUnknown("at last")
            return await ask(source, nonce)

        monkeypatch.setattr(at.fetcher, "_request", request)
        strangers = [replace(at.issuer, url=f"{at.url}{number}") for number in range(50)]
        waiting = [asyncio.create_task(at.fetcher.fetch(one)) for one in strangers]
        await asyncio.sleep(0)
        async with asyncio.timeout(60):
            assert (await at.fetcher.fetch(at.ocsp)).ocsp
        never.set()
        assert all(isinstance(one, StatusUnknown) for one in await asyncio.gather(*waiting, return_exceptions=True))


async def test_a_list_that_is_not_for_one_kind_of_certificates_is_read_for_the_other():
    def users_only(_: Place, __: bytes) -> bytes:
        only = scope(full_name=None, only_contains_user_certs=True)
        return crl(made=now(-1), until=now(1), extension=only)

    async with place(users_only) as at:
        below = certificate(
            name_of(*SIGNER_NAME), pointer(at.url + "crl"), x509.BasicConstraints(ca=True, path_length=None), serial=9
        )
        with pytest.raises(StatusUnknown, match="scope"):
            await at.fetcher.fetch(status_sources(to_asn1(below), ISSUER)[0])
        assert (await at.fetcher.fetch(at.list)).crls


async def test_a_list_in_pem_is_read():
    def in_pem(_: Place, __: bytes) -> bytes:
        return x509.load_der_x509_crl(crl(made=now(-1), until=now(1))).public_bytes(Encoding.PEM)

    async with place(in_pem) as at:
        assert (await at.fetcher.fetch(at.list)).crls[0].startswith(b"\x30")


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (lambda *_: web.Response(status=503), "HTTP 503"),
        (lambda *_: web.Response(status=302, headers={"Location": "/elsewhere"}), "HTTP 302"),
        (lambda *_: b"rubbish", "cannot be read"),
        (lambda *_: crl(key=STRANGER_KEY, made=now(-1)), "not signed by the issuer"),
        (lambda *_: crl(made=now(-3), until=now(-2)), "not current"),
        (lambda *_: bytes(MAX_ANSWER_BYTES + 1), "too long"),
    ],
)
async def test_an_unusable_answer_is_told_and_not_asked_for_again_at_once(answer, why):
    async with place(answer) as at:
        for _ in range(2):
            with pytest.raises(StatusUnknown, match=why):
                await at.fetcher.fetch(at.list)
        assert at.asked == 1


async def test_a_replayed_answer_is_not_taken():
    async with place(lambda at, _: ocsp_answer(about=at.x509, made=now(-1), until=now(1), nonce=b"m" * 16)) as at:
        with pytest.raises(StatusUnknown, match="another question"):
            await at.fetcher.fetch(at.ocsp)


async def test_nobody_there_is_told():
    async with aiohttp.ClientSession() as session:
        nowhere = to_asn1(certificate(name_of(*SIGNER_NAME), pointer("http://127.0.0.1:9/crl")))
        with pytest.raises(StatusUnknown, match="cannot be fetched"):
            await HttpFetcher(session, timeout_s=60).fetch(status_sources(nowhere, ISSUER)[0])


def der(_: Place, __: bytes) -> bytes:
    return ISSUER_X509.public_bytes(Encoding.DER)


def pem(_: Place, __: bytes) -> bytes:
    return ISSUER_X509.public_bytes(Encoding.PEM)


def bundle(_: Place, __: bytes) -> bytes:
    other = to_asn1(certificate(name_of(*SIGNER_NAME)))
    inner = {"content_type": "data"}
    held = cms.SignedData(
        {
            "version": "v1", "digest_algorithms": [], "encap_content_info": inner,
            "certificates": [other, ISSUER], "signer_infos": [],
        }
    )  # fmt: skip
    return bytes(cms.ContentInfo({"content_type": "signed_data", "content": held}).dump())


@pytest.mark.parametrize("answer", [der, pem, bundle])
async def test_a_missing_issuer_is_taken_from_a_certificate_or_a_bundle(answer):
    async with place(answer) as at:
        found = (await at.fetcher.fetch(at.issuer)).certificates
        assert [one.dump() for one in found] == [ISSUER.dump()]


@pytest.mark.parametrize("data", [b"", b"rubbish", certificate(name_of(*SIGNER_NAME)).public_bytes(Encoding.DER)])
async def test_whoever_did_not_issue_the_certificate_is_not_its_issuer(data):
    async with place(lambda *_: data) as at:
        with pytest.raises(StatusUnknown, match="issuer"):
            await at.fetcher.fetch(at.issuer)


async def test_strangers_are_not_asked_without_a_session_for_them():
    async with place(der, strangers=False) as at:
        with pytest.raises(StatusUnknown, match="not fetched"):
            await at.fetcher.fetch(at.issuer)
        assert at.asked == 0


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "10.0.0.1", "169.254.169.254", "0.0.0.0"])
async def test_strangers_cannot_send_us_into_our_own_network(host):
    async with aiohttp.ClientSession(connector=public_connector()) as strangers:
        with pytest.raises(aiohttp.ClientConnectorError, match="not a public one"):
            await strangers.get(f"http://{host}:9/ca.crt")


async def test_without_a_network_nothing_is_fetched():
    with pytest.raises(StatusUnknown, match="network is not used"):
        await NoNetwork().fetch(issuer_sources(to_asn1(certificate(name_of(*SIGNER_NAME), access("", "http://a/"))))[0])


@pytest.mark.parametrize("url", ["ldap://directory/cn=crl", "file:///etc/passwd", "http://", "http://[::1", "crl"])
def test_only_web_addresses_are_followed(url):
    odd = to_asn1(certificate(name_of(*SIGNER_NAME), pointer(url), access(url, url)))
    assert (status_sources(odd, ISSUER), issuer_sources(odd)) == ([], [])


def test_the_cache_holds_answers_until_their_time():
    cache = AnswerCache()
    cache.put(("a",), "kept", now(1))
    cache.put(("b",), "over", now(-1))
    assert (cache.get(("a",)), cache.get(("b",)), cache.get(("c",))) == ("kept", None, None)


def test_the_cache_drops_the_oldest_where_there_is_no_room():
    cache = AnswerCache(max_bytes=5000)
    for name in "abcd":
        cache.put((name,), Evidence(crls=(bytes(1500),)), now(1))
    assert [cache.get((name,)) is not None for name in "abcd"] == [False, False, True, True]
    cache.put(("d",), Evidence(crls=(bytes(100),)), now(1))
    assert cache.get(("c",)) is not None


def test_evidence_is_joined_once_in_order():
    one, two = Evidence(ocsp=(b"a",), crls=(b"x",)), Evidence((ISSUER,), (b"b", b"a"))
    joined = one | two | Evidence((asn1_x509.Certificate.load(ISSUER.dump()),))
    assert (len(joined.certificates), joined.ocsp, joined.crls) == (1, (b"a", b"b"), (b"x",))
