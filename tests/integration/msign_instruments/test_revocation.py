"""Whose word about a certificate's status counts, and what if there is none?"""

import asyncio
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from aiohttp import web
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509 import ocsp

from services.msign.pki import plan
from services.msign.pki.architecture import Architecture
from services.msign.pki.people import PEOPLE, Flaw
from shared.lifecycle import serve_http
from shared.signatures.responder import Question, StatusUnknown
from shared.signatures.revocation import is_revoked, judge
from tests.pki import TestPki, rsa_key

GOOD = PEOPLE[0].label
REVOKED = next(person.label for person in PEOPLE if person.flaw is Flaw.REVOKED)


def now(days: float = 0) -> datetime:
    return datetime.now(UTC) + timedelta(days=days)


@pytest.fixture(scope="module")
def architecture(pki_dir):
    return Architecture.load(pki_dir)


@pytest.fixture
def issuer(architecture):
    return architecture.certificate(plan.ISSUING)


@pytest.fixture
def question(architecture, issuer):
    return Question.about(architecture.certificate(GOOD), issuer)


@pytest.fixture
async def session():
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.mark.parametrize(("label", "revoked"), [(GOOD, False), (REVOKED, True)])
def test_the_responders_word_counts(architecture, issuer, label, revoked):
    question = Question.about(architecture.certificate(label), issuer)
    assert question.revoked(architecture.ocsp(plan.ISSUING, question.der()), now()) is revoked


@pytest.mark.parametrize(("label", "revoked"), [(GOOD, False), (REVOKED, True)])
def test_the_lists_word_counts(architecture, issuer, label, revoked):
    assert judge(architecture.certificate(label), issuer, architecture.crl(plan.ISSUING), now()) is revoked


@pytest.mark.parametrize("answer", [b"", b"garbage", b"\x30\x80" * 40], ids=["nothing", "text", "nesting"])
def test_garbage_says_nothing(architecture, issuer, question, answer):
    with pytest.raises(StatusUnknown):
        question.revoked(answer, now())
    with pytest.raises(StatusUnknown):
        judge(architecture.certificate(GOOD), issuer, answer, now())


def test_an_error_of_the_responder_says_nothing(architecture, question):
    with pytest.raises(StatusUnknown, match="MALFORMED"):
        question.revoked(architecture.ocsp(plan.ISSUING, b"garbage"), now())


def test_an_answer_about_another_certificate_says_nothing(architecture, issuer, question):
    other = Question(architecture.certificate(REVOKED), issuer, question.nonce)
    with pytest.raises(StatusUnknown, match="another certificate"):
        question.revoked(architecture.ocsp(plan.ISSUING, other.der()), now())


def test_an_answer_to_another_question_says_nothing(architecture, issuer, question):
    replayed = architecture.ocsp(plan.ISSUING, Question.about(question.certificate, issuer).der())
    with pytest.raises(StatusUnknown, match="another question"):
        question.revoked(replayed, now())


def test_words_out_of_date_say_nothing(architecture, issuer, question):
    answer = architecture.ocsp(plan.ISSUING, question.der())
    for days in (-1, 400):
        with pytest.raises(StatusUnknown):
            question.revoked(answer, now(days))
        with pytest.raises(StatusUnknown):
            judge(question.certificate, issuer, architecture.crl(plan.ISSUING), now(days))


def forged(question, responder, key, *, extra=()):
    builder = (
        ocsp.OCSPResponseBuilder()
        .add_response(
            question.certificate, question.issuer, hashes.SHA1(), ocsp.OCSPCertStatus.GOOD,
            now(-0.01), now(1), None, None,
        )
        .responder_id(ocsp.OCSPResponderEncoding.HASH, responder)
    )  # fmt: skip
    if extra:
        builder = builder.certificates(extra)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


def test_an_answer_of_the_issuer_itself_counts(pki_dir, issuer, question):
    key = load_pem_private_key((pki_dir / "keys" / f"{plan.ISSUING}.pem").read_bytes(), None)
    assert question.revoked(forged(question, issuer, key), now()) is False


def test_an_answer_of_somebody_else_says_nothing(question):
    other = TestPki.make("other").issuing
    with pytest.raises(StatusUnknown, match="not signed by the issuer"):
        question.revoked(forged(question, other.certificate, other.key, extra=[other.certificate]), now())


def test_an_answer_of_one_whom_the_issuer_gave_another_purpose_says_nothing(pki_dir, architecture, question):
    person = architecture.certificate(GOOD)
    key = load_pem_private_key((pki_dir / "keys" / f"{GOOD}.pem").read_bytes(), None)
    with pytest.raises(StatusUnknown, match="not signed by the issuer"):
        question.revoked(forged(question, person, key, extra=[person]), now())


def test_a_list_of_another_authority_says_nothing(architecture, issuer):
    with pytest.raises(StatusUnknown):
        judge(architecture.certificate(GOOD), issuer, architecture.crl(plan.ROOT), now())


async def test_where_the_responder_fails_the_list_is_read_to_its_end(architecture, issuer, session, port):
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
        assert await is_revoked(architecture.certificate(REVOKED), issuer, session) is True
        assert await is_revoked(architecture.certificate(GOOD), issuer, session) is False


async def test_nobodys_word_is_no_word(architecture, issuer, session):
    with pytest.raises(StatusUnknown):
        await is_revoked(architecture.certificate(GOOD), issuer, session)


async def test_a_certificate_that_names_nobody_is_not_revoked(session):
    pki = TestPki.make()
    assert await is_revoked(pki.person(rsa_key("md-person")).certificate, pki.issuing.certificate, session) is False
