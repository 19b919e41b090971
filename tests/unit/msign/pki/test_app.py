import asyncio
import base64
import hashlib
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import TestClient, TestServer
from asn1crypto import core, ocsp, tsp

from services.msign.pki.app import create_pki_app
from services.msign.pki.architecture import Architecture
from shared import pace
from shared.signatures.timestamps import HttpTimestamper


@pytest.fixture
async def client(pki_dir):
    async with TestClient(TestServer(create_pki_app(Architecture.watched(pki_dir).current))) as client:
        yield client


async def openssl(*arguments: object) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        "openssl", *map(str, arguments), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    output, _ = await process.communicate()
    return process.returncode, output.decode()


def status_of(body: bytes) -> Any:
    return tsp.PKIStatusInfo.load(core.Sequence.load(body)[0].dump()).native


async def post(client: Any, path: str, body: bytes, content_type: str) -> tuple[int, str, bytes]:
    async with client.post(path, data=body, headers={"Content-Type": content_type}) as response:
        return response.status, response.content_type, await response.read()


async def test_openssl_verifies_a_timestamp_over_its_own_query(client, pki_dir, tmp_path):
    document = tmp_path / "document"
    document.write_bytes(b"what is signed")
    query, reply = tmp_path / "query", tmp_path / "reply"
    await openssl("ts", "-query", "-data", document, "-sha256", "-cert", "-out", query)
    status, kind, body = await post(client, "/pki/tsa/tsa", query.read_bytes(), "application/timestamp-query")
    assert (status, kind) == (200, "application/timestamp-reply")
    reply.write_bytes(body)
    code, output = await openssl(
        "ts", "-verify", "-queryfile", query, "-in", reply, "-CAfile", pki_dir / "trust" / "mdtrustca.pem"
    )
    assert code == 0, output


async def test_our_own_timestamper_gets_a_token(client):
    async with aiohttp.ClientSession() as session:
        token = await HttpTimestamper(str(client.make_url("/pki/tsa/tsa")), session, timeout_s=60).stamp(
            hashlib.sha256(b"x").digest()
        )
    assert token.startswith(b"\x30\x82")


@pytest.mark.parametrize(
    ("algorithm", "size", "failure"),
    [("md5", 16, "bad_alg"), ("sha256", 31, "bad_data_format")],
)
async def test_a_timestamp_that_we_do_not_give_is_refused_with_the_reason(client, algorithm, size, failure):
    imprint = {"hash_algorithm": {"algorithm": algorithm}, "hashed_message": bytes(size)}
    query = tsp.TimeStampReq({"version": 1, "message_imprint": imprint}).dump()
    _, _, body = await post(client, "/pki/tsa/tsa", query, "application/timestamp-query")
    answer = status_of(body)
    assert (answer["status"], answer["fail_info"]) == ("rejection", {failure})


@pytest.mark.parametrize("body", [b"", b"garbage", b"\x30\x80" * 50, b"\x30\x03\x02\x01\x01"])
async def test_garbage_gets_the_protocols_own_errors(client, body):
    status, _, answer = await post(client, "/pki/tsa/tsa", body, "application/timestamp-query")
    assert status == 200
    assert status_of(answer)["fail_info"] == {"bad_data_format"}
    status, _, answer = await post(client, "/pki/ocsp/mdqsign", body, "application/ocsp-request")
    assert status == 200
    assert ocsp.OCSPResponse.load(answer)["response_status"].native == "malformed_request"


@pytest.mark.parametrize("name", ["server", "consumer2"])
async def test_openssl_asks_for_a_certificates_status_and_hears_good(client, pki_dir, name):
    tls = pki_dir / "tls"
    code, output = await openssl(
        "ocsp", "-issuer", tls / "ca.pem", "-cert", tls / f"{name}.pem", "-CAfile", tls / "ca.pem",
        "-url", client.make_url("/pki/ocsp/tls-ca"),
    )  # fmt: skip
    assert code == 0, output
    assert f"{name}.pem: good" in output
    assert "Response verify OK" in output


async def test_status_requests_also_come_by_get(client, pki_dir, tmp_path):
    trust = pki_dir / "trust"
    query = tmp_path / "query"
    await openssl(
        "ocsp", "-issuer", trust / "mdtrustca.pem", "-cert", trust / "MDQSign.pem", "-reqout", query, "-no_nonce"
    )
    encoded = base64.b64encode(query.read_bytes()).decode().replace("/", "%2F").replace("+", "%2B")
    async with client.get(f"/pki/ocsp/mdtrustca/{encoded}") as response:
        answer = ocsp.OCSPResponse.load(await response.read())
    assert answer["response_status"].native == "successful"


async def test_openssl_verifies_the_revocation_list(client, pki_dir, tmp_path):
    async with client.get("/pki/crls/mdqsign/latest.crl") as response:
        assert response.content_type == "application/pkix-crl"
        (tmp_path / "crl").write_bytes(await response.read())
    code, output = await openssl(
        "crl", "-inform", "DER", "-in", tmp_path / "crl", "-noout", "-CAfile", pki_dir / "trust" / "MDQSign.pem"
    )
    assert code == 0, output
    assert "verify OK" in output


@pytest.mark.parametrize("path", ["/pki/crls/nobody/latest.crl", "/pki/certs/nobody/ca.crt", "/pki/tsa/nobody"])
async def test_an_authority_that_there_is_not_is_not_found(client, path):
    async with client.get(path) as response:
        assert response.status in {404, 405}


async def test_an_issuers_certificate_is_served_where_certificates_say(client, pki_dir):
    async with client.get("/pki/certs/mdqsign/ca.crt") as response:
        assert response.status == 200
        assert response.content_type == "application/pkix-cert"
        assert (await response.read()).startswith(b"\x30\x82")


async def without_an_end():
    yield b"x"
    await asyncio.Event().wait()


@pytest.mark.parametrize("path", ["/pki/tsa/tsa", "/pki/ocsp/mdqsign"])
async def test_a_request_that_does_not_come_is_not_waited_for(client, path, monkeypatch):
    monkeypatch.setattr(pace, "LONGEST_PAUSE_S", 0.1)
    async with client.post(path, data=without_an_end()) as response:
        assert response.status == 408


@pytest.mark.parametrize("path", ["/pki/tsa/tsa", "/pki/ocsp/mdqsign"])
async def test_a_request_that_is_too_large_is_refused(client, path):
    async with client.post(path, data=b"x" * 70_000) as response:
        assert response.status == 413
