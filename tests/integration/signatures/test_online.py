"""Signatures with every kind of certificate, judged with the network: certomancer's responders, lists and issuers."""

from __future__ import annotations

import asyncio
import hashlib
import json
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from cryptography.hazmat.primitives.serialization import Encoding

from msign_gateway.infrastructure.ports import free_ports
from shared.lifecycle import serve_http
from shared.signatures.fetching import NO_NETWORK, Fetcher, HttpFetcher
from shared.signatures.keys import MemoryKey
from shared.signatures.policy import shipped_policy
from shared.signatures.trust import TrustAnchors
from shared.signatures.verdict import SignatureVerdict
from shared.signatures.xades.sign import sign_hash
from tests.integration.signatures.certomancer_pki import SIGNED, CertomancerPki, key, stamper_key
from tests.pki import LocalTimestamper
from tests.verifying import verify_hash_signature

HASH = hashlib.sha256(b"an act").digest()
COMMAND = Path(sys.executable).parent / "msign-gateway"
STRICT = replace(shipped_policy(), unknown_status_refused=True)


@pytest.fixture(scope="module")
def port() -> int:
    return free_ports(1)[0]


@pytest.fixture(scope="module")
def pki(tmp_path_factory, port) -> CertomancerPki:
    return CertomancerPki(tmp_path_factory.mktemp("certomancer"), f"http://127.0.0.1:{port}")


class Counted:
    """Counts what is asked for, by the path's first part behind the architecture."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.down: set[str] = set()

    @web.middleware
    async def middleware(self, request: web.Request, handler) -> web.StreamResponse:
        kind = request.path.split("/")[2]
        self.asked.append(kind)
        if kind in self.down:
            raise web.HTTPServiceUnavailable
        return await handler(request)


@pytest.fixture
async def network(pki, port) -> AsyncIterator[tuple[HttpFetcher, Counted]]:
    counted = Counted()
    app = pki.app()
    app.middlewares.append(counted.middleware)
    async with serve_http(app, host="127.0.0.1", port=port), aiohttp.ClientSession() as session:
        yield HttpFetcher(session, session, timeout_s=60), counted


async def judged(
    pki: CertomancerPki,
    who: str,
    fetcher: Fetcher = NO_NETWORK,
    *,
    stamper: str = "tsa",
    roots: tuple[str, ...] = ("root",),
    strict: bool = False,
) -> SignatureVerdict:
    """The verdict on what `who` signed long ago, without any certificate above."""
    signer = MemoryKey(key(who), pki.certificate(who))
    timestamper = LocalTimestamper(stamper_key(stamper), pki.certificate(stamper), at=SIGNED)
    signed = await sign_hash(HASH, signer, timestamper, signed_at=SIGNED)
    anchors = [pki.certificate(root) for root in (*roots, "tsa-root")]
    report = await verify_hash_signature(
        signed, HASH, TrustAnchors.of(anchors, STRICT if strict else shipped_policy()), fetcher
    )
    return report.signatures[0]


async def test_without_the_network_the_issuer_is_missing(pki):
    one = await judged(pki, "good")
    assert (one.trust, one.timestamp) == ("untrusted", "passed")
    assert "no_path" in one.reason


async def test_with_the_network_the_issuer_is_found_and_all_are_asked_once(pki, network):
    fetcher, counted = network
    for _ in range(2):
        one = await judged(pki, "good", fetcher, strict=True)
        assert (one.valid, one.reason) == (True, "")
    assert sorted(counted.asked) == ["certs", "ocsp", "ocsp", "ocsp"]


@pytest.mark.parametrize("down", [set(), {"ocsp"}])
@pytest.mark.parametrize(
    ("who", "trust"),
    [
        ("good", "trusted"),
        ("revoked-before", "revoked"),
        ("revoked-after", "trusted"),
        ("not-for-signing", "untrusted"),
    ],
)
async def test_lists_tell_the_same_as_responders(pki, network, who, trust, down):
    fetcher, counted = network
    counted.down = down
    one = await judged(pki, who, fetcher, strict=True)
    assert (one.trust, one.valid) == (trust, trust == "trusted")
    assert ("crls" in counted.asked) is (down == {"ocsp"})


async def test_nothing_is_told_surely_of_a_certificate_that_has_expired_since(pki, network):
    fetcher, _ = network
    lenient, strict = await judged(pki, "expired", fetcher), await judged(pki, "expired", fetcher, strict=True)
    assert (lenient.valid, lenient.trust, strict.trust) == (True, "trusted", "unknown")
    assert "forgotten" in lenient.reason


async def test_where_everything_is_down_policy_decides(pki, network):
    fetcher, counted = network
    counted.down = {"ocsp", "crls"}
    one = await judged(pki, "good", fetcher)
    assert (one.trust, one.timestamp) == ("trusted", "passed")
    one = await judged(pki, "good", fetcher, strict=True)
    assert (one.trust, one.timestamp, one.valid) == ("unknown", "failed", False)


@pytest.mark.parametrize(
    ("stamper", "timestamp"), [("tsa", "passed"), ("tsa-superseded", "passed"), ("tsa-compromised", "failed")]
)
async def test_a_timestamping_authority_is_asked_after_too(pki, network, stamper, timestamp):
    one = await judged(pki, "good", network[0], stamper=stamper)
    assert (one.timestamp, one.valid) == (timestamp, timestamp == "passed")


async def test_a_cross_certified_issuer_leads_to_the_other_root(pki, network):
    fetcher, _ = network
    assert (await judged(pki, "good", fetcher, roots=("other-root",))).trust == "untrusted"
    anchors = TrustAnchors.of([pki.certificate(label) for label in ("other-root", "tsa-root", "issuing-crossed")])
    signer = MemoryKey(key("good"), pki.certificate("good"), [pki.certificate("issuing-crossed")])
    timestamper = LocalTimestamper(stamper_key("tsa"), pki.certificate("tsa"), at=SIGNED)
    signed = await sign_hash(HASH, signer, timestamper, signed_at=SIGNED)
    assert (await verify_hash_signature(signed, HASH, anchors, fetcher)).valid


async def test_the_command_line_asks_the_network_only_when_told_to(pki, network, tmp_path):
    _, counted = network
    (tmp_path / "trust").mkdir()
    for label in ("root", "issuing", "tsa-root"):
        (tmp_path / "trust" / f"{label}.pem").write_bytes(pki.certificate(label).public_bytes(Encoding.PEM))
    signer = MemoryKey(key("revoked-before"), pki.certificate("revoked-before"))
    timestamper = LocalTimestamper(stamper_key("tsa"), pki.certificate("tsa"), at=SIGNED)
    file = tmp_path / "signed.xml"
    file.write_bytes(await sign_hash(HASH, signer, timestamper, signed_at=SIGNED))

    async def verified(*options: str) -> tuple[bool, str]:
        command = ("verify", file, "--trust", tmp_path / "trust", "--json", *options)
        process = await asyncio.create_subprocess_exec(COMMAND, *command, stdout=asyncio.subprocess.PIPE)
        told = json.loads((await process.communicate())[0])
        return told["valid"], told["signatures"][0]["trust"]

    assert await verified() == (True, "trusted")
    assert counted.asked == []
    assert await verified("--online") == (False, "revoked")
    assert "ocsp" in counted.asked
