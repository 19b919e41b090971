"""What does the verification page say of good, altered, unknown and hostile files?"""

import base64
import dataclasses
import hashlib
import io
import re
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from services.msign.locale.words import words
from services.msign.pages.headers import protect
from services.msign.public.texts import NO_FILE, NO_HASH, NO_SIGNATURE, TOO_LARGE, TRUST, UNREADABLE
from services.msign.public.upload import MAX_UPLOAD_BYTES, BadUpload, Throttle, read_hash
from services.msign.public.verdicts import VerdictSeal
from services.msign.public.verify import VerifyPage, add_verify_page
from shared.contract.models import Language
from shared.keys import Keyring
from shared.signatures.pades.sign import sign_pdf
from shared.signatures.trust import TrustAnchors
from shared.signatures.verdict import Trust
from shared.signatures.verify import Verifier
from shared.signatures.workers import TooCostly
from shared.signatures.xades.sign import sign_hash
from tests.documents import pdf_file, with_annotation, with_page_replaced
from tests.pages import Forms
from tests.pki import TestPki

DOCUMENT = b"Declaratie"
DIGEST = hashlib.sha256(DOCUMENT).digest()


@pytest.fixture(scope="module")
def signers() -> TestPki:
    return TestPki.make("md")


@pytest.fixture
async def client(signers):
    async with serving(Verifier(TrustAnchors.of([signers.root.certificate]))) as opened:
        yield opened


@asynccontextmanager
async def serving(verifier):
    app = web.Application(client_max_size=1024 * 1024)
    app.on_response_prepare.append(protect)
    add_verify_page(app, VerifyPage(verifier, VerdictSeal(Keyring("s" * 32)), Throttle(20, 60, 4, now=lambda: 0)))
    async with TestClient(TestServer(app)) as opened:
        yield opened


async def upload(client, lang="en", **fields):
    form = aiohttp.FormData(default_to_multipart=True)
    for name, value in fields.items():
        if isinstance(value, bytes):
            form.add_field(name, io.BytesIO(value), filename="f")
        else:
            form.add_field(name, value)
    async with client.post(f"/verify?lang={lang}", data=form) as response:
        return response.status, await response.text()


async def signed_pdf(who, pdf=None):
    return await sign_pdf(pdf or pdf_file(), who.signer, who.timestamper, reason=None, signed_at=datetime.now(UTC))


async def signed_hash(who):
    return await sign_hash(DIGEST, who.signer, who.timestamper, signed_at=datetime.now(UTC))


async def test_a_pdf_with_two_signatures_is_validly_signed(client, signers):
    status, page = await upload(client, File=await signed_pdf(signers, await signed_pdf(signers)))
    assert (status, 'data-outcome="valid"' in page) == (200, True)
    assert "Signature 2" in page
    assert " UTC" in page


@pytest.mark.parametrize("alter", [with_page_replaced, with_annotation])
async def test_a_pdf_altered_after_signing_is_not_validly_signed(client, signers, alter):
    _, page = await upload(client, File=alter(await signed_pdf(signers)))
    assert 'data-outcome="invalid"' in page


async def test_a_verdict_tells_experts_what_the_verifier_has_found(client, signers):
    _, good = await upload(client, File=await signed_pdf(signers))
    _, bad = await upload(client, File=with_annotation(await signed_pdf(signers)))
    assert "<details>" not in good
    (list_,) = re.findall(r'<details>.*?<ul lang="en">(.*?)</ul>', bad, re.DOTALL)
    assert re.search(r"<li>[a-z_]+: .+</li>", list_)


async def test_a_signer_of_an_unknown_authority_is_told_apart_from_a_broken_signature(client, signers):
    stranger = dataclasses.replace(TestPki.make("foreign"), timestamper=signers.timestamper)
    _, page = await upload(client, File=await signed_pdf(stranger))
    assert 'data-outcome="unknown"' in page
    assert TRUST[Trust.UNTRUSTED].one.replace("'", "&#39;") in page


@pytest.mark.parametrize(
    "known", [{"Hash": DIGEST.hex()}, {"Hash": base64.b64encode(DIGEST).decode()}, {"Original": DOCUMENT}]
)
async def test_a_xades_signature_is_valid_with_its_hash_or_its_document(client, signers, known):
    _, page = await upload(client, File=await signed_hash(signers), **known)
    assert 'data-outcome="valid"' in page


@pytest.mark.parametrize("known", [{"Hash": "00" * 32}, {"Original": b"another"}])
async def test_a_xades_signature_over_something_else_is_not_valid(client, signers, known):
    _, page = await upload(client, File=await signed_hash(signers), **known)
    assert 'data-outcome="invalid"' in page


@pytest.mark.parametrize(
    ("fields", "status", "complaint"),
    [
        ({"Hash": "00"}, 400, NO_FILE),
        ({"File": b""}, 400, NO_FILE),
        ({"File": b"<x/>", "Hash": "zz"}, 400, NO_HASH),
        ({"File": b"nonsense"}, 422, UNREADABLE),
        ({"File": b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'}, 422, UNREADABLE),
        ({"File": b"%PDF-1.7 broken"}, 422, UNREADABLE),
        ({"File": b"<x/>"}, 422, NO_SIGNATURE),
        ({"File": bytes(MAX_UPLOAD_BYTES + 1)}, 413, TOO_LARGE),
    ],
)
async def test_what_cannot_be_judged_shows_the_form_with_the_reason(client, fields, status, complaint):
    told, page = await upload(client, lang="ro", **fields)
    assert (told, words(Language.RO).say(complaint.wrong) in page) == (status, True)
    assert 'id="verify"' in page


async def test_a_file_that_takes_too_long_is_told_so_rather_than_called_invalid():
    async def run(*_: Any) -> Any:
        raise TooCostly

    async with serving(Verifier(TrustAnchors.none(), run=run)) as client:  # type: ignore[arg-type]
        status, page = await upload(client, File=b"%PDF-1.7 endless")
    assert (status, "within the time allowed" in page, "data-outcome" in page) == (422, True, False)


async def test_too_many_verifications_are_told_to_wait(client):
    told = [(await upload(client, File=b"nonsense"))[0] for _ in range(21)]
    assert told == [422] * 20 + [429]


@pytest.mark.parametrize(
    ("language", "title"),
    [("ro", "Verificați o semnătură"), ("ru", "Проверка подписи"), ("en", "Verify a signature")],
)
async def test_the_empty_form_speaks_every_language(client, language, title):
    async with client.get(f"/verify?lang={language}") as response:
        page = await response.text()
    assert f"<h1>{title}</h1>" in page


async def in_language(client, page, lang, **changed):
    action, fields = Forms(page).forms["/verify/verdict"]
    async with client.post(action, data=fields | {"lang": lang} | changed) as response:
        return response.status, await response.text()


async def test_a_verdict_is_told_again_in_another_language_without_the_file(client, signers):
    _, page = await upload(client, File=await signed_pdf(signers))
    status, russian = await in_language(client, page, "ru")
    assert (status, "1 действительная подпись" in russian, 'data-outcome="valid"' in russian) == (200, True, True)
    assert (await in_language(client, russian, "en"))[1].count("<dd>") == page.count("<dd>")


async def test_a_verdict_says_of_which_file_it_is_and_keeps_saying_when_it_was_given(client, signers):
    file = await signed_pdf(signers)
    _, page = await upload(client, File=file)
    assert hashlib.sha256(file).hexdigest() in page
    (at,) = re.findall(r"<dt>Checked at</dt><dd>(.*?)</dd>", page)
    assert at in (await in_language(client, page, "en"))[1]


async def test_a_verdict_that_this_instance_did_not_give_is_not_told(client, signers):
    _, page = await upload(client, File=await signed_pdf(signers))
    for forged in ("", "W10.a.b", Forms(page).forms["/verify/verdict"][1]["verdict"][:-1]):
        status, told = await in_language(client, page, "en", verdict=forged)
        assert (status, "data-outcome" in told, 'id="verify"' in told) == (400, False, True)


async def test_a_browser_may_keep_a_verdict_to_come_back_to_without_the_file(client, signers):
    form = aiohttp.FormData()
    form.add_field("File", await signed_pdf(signers), filename="f")
    async with client.post("/verify", data=form) as response:
        assert (response.status, response.headers["Cache-Control"]) == (200, "private, no-cache")


async def test_the_address_of_a_verdict_opened_by_hand_shows_the_form(client):
    async with client.get("/verify/verdict") as response:
        assert (response.status, 'id="verify"' in await response.text()) == (200, True)


async def test_what_is_wrong_stands_beside_its_field(client):
    _, page = await upload(client, File=b"<x/>", Hash="zz")
    assert re.search(r'<input id="Hash"[^>]* aria-describedby="objection" aria-invalid="true">', page)
    assert not re.search(r'<input[^>]* id="File"[^>]*aria-invalid', page)
    assert '<a href="#Hash">' in page
    assert "<title>Error: " in page


def test_a_throttle_counts_what_runs_and_what_began_lately():
    clock = [0.0]
    throttle = Throttle(3, 60, 2, now=lambda: clock[0])
    assert [throttle.begin() for _ in range(3)] == [True, True, False]
    throttle.end()
    assert [throttle.begin(), throttle.begin()] == [True, False]
    throttle.end()
    throttle.end()
    assert not throttle.begin()
    clock[0] = 60.0
    assert throttle.begin()


@pytest.mark.parametrize("typed", ["", "abc", "00" * 19, "!!" * 32, "é"])
def test_what_is_no_hash_is_refused(typed):
    with pytest.raises(BadUpload):
        read_hash(typed)


def test_a_hash_may_be_typed_with_spaces_and_colons():
    assert read_hash(" " + DIGEST.hex(":").upper() + "\n") == DIGEST
