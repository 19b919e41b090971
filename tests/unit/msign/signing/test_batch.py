import pytest

from services.msign.instruments.instrument import OpenKey
from services.msign.signing.batch import Outcome, sign_batch
from shared.contract.models import ContentType, SignContent, SignRequest, SignResult, SignStatus
from shared.errors import Transient
from shared.signatures.trust import TrustAnchors
from tests.documents import pdf_file
from tests.pki import TestPki
from tests.provider import KeptBatch, summary_of
from tests.verifying import verify_hash_signature

HASHES = tuple(bytes([number]) * 32 for number in range(3))
REQUEST = SignRequest(
    content_type=ContentType.HASH,
    short_content_description="x",
    contents=tuple(SignContent(content=one, correlation_id=str(n)) for n, one in enumerate(HASHES)),
)


class Failing:
    """A timestamper that answers so many times and then no more."""

    def __init__(self, inner, times):
        self.inner = inner
        self.left = times

    async def stamp(self, digest, algorithm="sha256"):
        self.left -= 1
        if self.left < 0:
            raise Transient("no answer")
        return await self.inner.stamp(digest, algorithm)


@pytest.fixture
def pki():
    return TestPki.make()


async def sign(pki, kept, request=REQUEST, *, pin_per_document=False, timestamper=None):
    opened = OpenKey(pki.signer, pin_per_document)
    return await sign_batch(summary_of(request), opened, timestamper or pki.timestamper, kept)


async def test_every_document_is_signed_in_order(pki):
    kept = KeptBatch(REQUEST.contents)
    assert await sign(pki, kept) == Outcome(SignStatus.SUCCESS, 3)
    assert [result.correlation_id for result in kept.signed.values()] == ["0", "1", "2"]
    for content, result in zip(HASHES, kept.signed.values(), strict=True):
        assert result.signature
        report = await verify_hash_signature(result.signature, content, TrustAnchors.none())
        assert report.signatures[0].integrity == "passed"


async def test_a_token_that_asks_each_time_signs_one_document_per_pin_entry(pki):
    kept = KeptBatch(REQUEST.contents)
    outcomes = [await sign(pki, kept, pin_per_document=True) for _ in range(3)]
    assert [(outcome.status, outcome.signed) for outcome in outcomes] == [
        (SignStatus.PENDING, 1),
        (SignStatus.PENDING, 2),
        (SignStatus.SUCCESS, 3),
    ]


async def test_after_a_missing_timestamp_a_second_try_goes_on_where_the_first_stopped(pki):
    kept = KeptBatch(REQUEST.contents)
    with pytest.raises(Transient):
        await sign(pki, kept, timestamper=Failing(pki.timestamper, 2))
    first = dict(kept.signed)
    assert list(first) == [0, 1]
    assert await sign(pki, kept) == Outcome(SignStatus.SUCCESS, 3)
    assert {position: kept.signed[position] for position in first} == first


async def test_another_signer_begins_anew(pki):
    kept = KeptBatch(REQUEST.contents, {0: SignResult(certificate=b"somebody else's", signature=b"x")})
    await sign(pki, kept)
    assert kept.signed[0].signature != b"x"
    assert len({result.certificate for result in kept.signed.values()}) == 1


async def test_a_document_that_cannot_be_signed_fails_the_batch_and_keeps_what_was_signed(pki):
    contents = (SignContent(content=pdf_file("Pagina 1")), SignContent(content=b"no PDF"))
    request = SignRequest(content_type=ContentType.PDF, short_content_description="x", contents=contents)
    kept = KeptBatch(contents)
    assert await sign(pki, kept, request) == Outcome(SignStatus.FAILURE, 1, "signing_failed")
    assert list(kept.signed) == [0]


async def test_nothing_more_is_signed_once_the_request_is_decided(pki):
    kept = KeptBatch(REQUEST.contents, open=False)
    outcome = await sign(pki, kept)
    assert (outcome.status, outcome.signed) == (SignStatus.PENDING, 0)


async def test_one_document_is_asked_for_at_a_time_and_none_that_is_signed(pki):
    told: list[tuple[str, int]] = []

    class Watched(KeptBatch):
        async def content(self, request_id, position):
            told.append(("read", position))
            return await super().content(request_id, position)

        async def add_result(self, request_id, position, result):
            told.append(("signed", position))
            return await super().add_result(request_id, position, result)

    kept = Watched(REQUEST.contents)
    await sign(pki, kept, pin_per_document=True)
    await sign(pki, kept)
    assert told == [(done, position) for position in range(3) for done in ("read", "signed")]


async def test_what_was_removed_meanwhile_is_not_signed_any_more(pki):
    kept = KeptBatch(REQUEST.contents[:2])
    assert await sign(pki, kept) == Outcome(SignStatus.PENDING, 2)
