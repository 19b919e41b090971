"""Whose word about a certificate's status counts, and what if there is none?"""

import asyncio

import aiohttp
import pytest
from aiohttp import web

from services.msign.pki import plan
from services.msign.pki.architecture import Architecture
from services.msign.pki.people import PEOPLE, Flaw
from shared.lifecycle import serve_http
from shared.signatures.certificates import to_asn1
from shared.signatures.crls import listed
from shared.signatures.fetching import HttpFetcher
from shared.signatures.responder import answer, question
from shared.signatures.revocation import revocation_status
from shared.signatures.status import StatusUnknown
from tests.pki import TestPki, rsa_key

GOOD = PEOPLE[0].label
REVOKED = next(person.label for person in PEOPLE if person.flaw is Flaw.REVOKED)


@pytest.fixture(scope="module")
def architecture(pki_dir):
    return Architecture.load(pki_dir)


@pytest.fixture(scope="module")
def issuer(architecture):
    return to_asn1(architecture.certificate(plan.ISSUING))


@pytest.fixture(scope="module")
def people(architecture):
    return {label: to_asn1(architecture.certificate(label)) for label in (GOOD, REVOKED)}


@pytest.fixture
async def fetcher():
    async with aiohttp.ClientSession() as session:
        yield HttpFetcher(session, timeout_s=60)


@pytest.mark.parametrize(("label", "revoked"), [(GOOD, False), (REVOKED, True)])
def test_our_responders_word_counts(architecture, issuer, people, label, revoked):
    given = architecture.ocsp(plan.ISSUING, question(people[label], issuer, b"n" * 16))
    assert (answer(given, people[label], issuer, b"n" * 16).revoked_at is not None) is revoked


def test_our_responder_repeats_the_nonce(architecture, issuer, people):
    replayed = architecture.ocsp(plan.ISSUING, question(people[GOOD], issuer, b"n" * 16))
    with pytest.raises(StatusUnknown, match="another question"):
        answer(replayed, people[GOOD], issuer, b"m" * 16)


@pytest.mark.parametrize(("label", "revoked"), [(GOOD, False), (REVOKED, True)])
def test_our_lists_word_counts(architecture, issuer, people, label, revoked):
    assert (listed(architecture.crl(plan.ISSUING), people[label], issuer).revoked_at is not None) is revoked


def test_an_error_of_our_responder_says_nothing(architecture, issuer, people):
    with pytest.raises(StatusUnknown, match="malformed_request"):
        answer(architecture.ocsp(plan.ISSUING, b"garbage"), people[GOOD], issuer)


async def test_where_the_responder_fails_the_list_is_read_to_its_end(architecture, issuer, people, fetcher, port):
    async def in_pieces(request):
        response = web.StreamResponse()
        await response.prepare(request)
        data = architecture.crl(plan.ISSUING)
        for begin in range(0, len(data), 100):
            await response.write(data[begin : begin + 100])
            await asyncio.sleep(0)
        return response

    app = web.Application()
    app.add_routes([web.get(f"/pki/crls/{plan.ISSUING}/latest.crl", in_pieces)])
    async with serve_http(app, host="127.0.0.1", port=port):
        assert (await revocation_status(people[REVOKED], issuer, fetcher)).status == "revoked"
        assert (await revocation_status(people[GOOD], issuer, fetcher)).status == "good"


async def test_nobodys_word_is_no_word(issuer, people, fetcher):
    assert (await revocation_status(people[GOOD], issuer, fetcher)).status == "unknown"


async def test_a_certificate_that_names_nobody_is_not_revoked(fetcher):
    pki = TestPki.make()
    person = to_asn1(pki.person(rsa_key("md-person")).certificate)
    assert (await revocation_status(person, to_asn1(pki.issuing.certificate), fetcher)).status == "good"
