"""Is a certificate looked at, as its issuer's live services tell, before its key is used?"""

import aiohttp
import pytest

from services.msign.instruments.certificates import LiveCheck
from services.msign.instruments.instrument import Refusal, Refused
from services.msign.instruments.tax import KeyFiles
from services.msign.pki.app import create_pki_app
from services.msign.pki.architecture import Architecture
from services.msign.pki.people import PEOPLE, Flaw
from shared.lifecycle import serve_http
from shared.signatures.fetching import HttpFetcher
from shared.signatures.keys import MemoryKey
from shared.signatures.trust import TrustAnchors
from tests.pki import TestPki


@pytest.fixture
async def served(pki_dir, port):
    async with serve_http(create_pki_app(Architecture.watched(pki_dir).current), host="127.0.0.1", port=port):
        yield


@pytest.fixture
async def check(pki_dir):
    async with aiohttp.ClientSession() as session:
        yield LiveCheck(TrustAnchors.from_directory(pki_dir / "trust"), HttpFetcher(session, timeout_s=60))


def key_of(pki_dir, person):
    return MemoryKey.from_pkcs12((pki_dir / person.token_file).read_bytes(), person.pin)


async def refusal(check, key):
    with pytest.raises(Refused) as caught:
        await check.check(key)
    return caught.value.why


async def test_everybody_with_a_good_certificate_may_sign(served, check, pki_dir):
    for person in PEOPLE:
        if not person.flaw:
            await check.check(key_of(pki_dir, person))


@pytest.mark.parametrize(
    ("flaw", "why"),
    [(Flaw.EXPIRED, Refusal.CERTIFICATE_EXPIRED), (Flaw.REVOKED, Refusal.CERTIFICATE_REVOKED)],
)
async def test_a_certificate_that_is_not_good_any_more_is_refused(served, check, pki_dir, flaw, why):
    people = [one for one in PEOPLE if one.flaw is flaw]
    assert people
    for person in people:
        assert await refusal(check, key_of(pki_dir, person)) is why


async def test_without_the_issuers_word_nobody_signs(check, pki_dir):
    assert await refusal(check, key_of(pki_dir, PEOPLE[0])) is Refusal.STATUS_UNKNOWN


async def test_a_certificate_of_another_authority_is_refused(served, check):
    assert await refusal(check, TestPki.make("other").signer) is Refusal.CERTIFICATE_UNTRUSTED


async def test_a_key_file_signs_for_its_owner(served, check, pki_dir):
    person = next(one for one in PEOPLE if one.instrument == "tax")
    form = {"KeyFile": (pki_dir / person.token_file).read_bytes(), "Password": person.pin}
    async with KeyFiles(check).open(form) as opened:
        assert opened.key.certificate == key_of(pki_dir, person).certificate
        assert not opened.pin_per_document
