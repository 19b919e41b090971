"""Is what we write what zeep would, and what is a document that is read only while it is sent?"""

import base64
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from shared.contract import envelope, wsdl
from shared.contract.codec import to_value
from shared.contract.envelope import IN_TEXT_BYTES, STEP_BYTES, Document, Envelope
from shared.contract.models import (
    ContentType,
    DelegatorType,
    ExpectedSigner,
    SignContent,
    SignRequest,
    VerificationContent,
    VerificationRequest,
)

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\ufffe\uffff", exclude_categories=["Cc"]), max_size=20)
TEXT |= st.sampled_from(["", " ", "\r\n\t", "a\rb", "]]>", "<&>\"'", "&amp;", "𝔐", "\ue000\ufffd\x7f\x85\u2028"])
MAYBE = st.none() | TEXT
BYTES = st.binary(max_size=40) | st.integers(1, 3).map(lambda more: b"\xff" * (IN_TEXT_BYTES + more))
SIGNERS = st.builds(
    ExpectedSigner,
    id=TEXT,
    delegator_type=st.sampled_from(DelegatorType),
    delegator_id=MAYBE,
    delegated_role_id=st.none() | st.integers(-(2**31), 2**31 - 1),
)
SIGN_CONTENTS = st.builds(
    SignContent, content=BYTES, correlation_id=MAYBE, name=MAYBE, multiple_signatures=st.booleans()
)
SIGN_REQUESTS = st.builds(
    SignRequest,
    content_type=st.sampled_from(ContentType),
    short_content_description=MAYBE,  # required, and nil where it is missing all the same
    contents=st.lists(SIGN_CONTENTS, max_size=6).map(tuple),
    content_description=MAYBE,
    signature_reason=MAYBE,
    expected_signer=st.none() | SIGNERS,
)
VERIFICATION_REQUESTS = st.builds(
    VerificationRequest,
    signed_content_type=st.sampled_from(ContentType),
    contents=st.lists(
        st.builds(VerificationContent, signature=st.none() | BYTES, content=st.none() | BYTES, correlation_id=MAYBE),
        max_size=6,
    ).map(tuple),
    language=MAYBE,
)
SMALL = SignRequest(
    content_type=ContentType.PDF,
    short_content_description="Act",
    contents=(SignContent(content=b"", correlation_id="1"), SignContent(content=b"%PDF-1.4 in memory")),
)


async def text_of(message: Envelope) -> bytes:
    text = b"".join([piece async for piece in message.pieces()])
    assert len(text) == message.size
    return text


def canonical(text: bytes) -> bytes:
    return etree.tostring(etree.fromstring(text), method="c14n")


def by_zeep(name: str, parameters: dict[str, object]) -> bytes:
    return etree.tostring(wsdl.operation(name).create(**parameters).content, encoding="utf-8")


async def as_zeep(name: str, request: SignRequest | VerificationRequest) -> None:
    written = await text_of(envelope.write(name, {"request": request}))
    assert canonical(written) == canonical(by_zeep(name, {"request": to_value(request)}))


@given(SIGN_REQUESTS)
async def test_a_sign_request_is_written_as_zeep_would(request):
    await as_zeep("PostSignRequest", request)


@given(VERIFICATION_REQUESTS)
async def test_a_verification_request_is_written_as_zeep_would(request):
    await as_zeep("VerifySignatures", request)


@given(TEXT, TEXT)
async def test_a_question_is_written_as_zeep_would(request_id, language):
    asked = {"requestID": request_id, "language": language}
    written = await text_of(envelope.write("GetSignResponse", asked))
    assert canonical(written) == canonical(by_zeep("GetSignResponse", asked))


@pytest.mark.parametrize("character", ["\0", "\x08", "\x0b", "\x1f", "\ufffe", "\ud800"])
def test_what_no_xml_can_hold_is_refused(character):
    with pytest.raises(ValueError, match="XML"):
        envelope.write("PostSignRequest", {"request": replace(SMALL, signature_reason=f"a{character}b")})


def document(body: bytes, cuts: list[int], *, size: int | None = None) -> Document:
    """A document that comes in pieces between these places."""
    places = sorted({0, len(body), *(cut % (len(body) + 1) for cut in cuts)})

    async def pieces():
        for start, end in pairwise(places):
            yield body[start:end]

    return Document(len(body) if size is None else size, pieces)


@given(st.binary(min_size=1, max_size=200), st.lists(st.integers(0, 200)))
async def test_a_document_stands_where_its_bytes_would_however_it_comes(body, cuts):
    streamed = envelope.write("PostSignRequest", {"request": SMALL}, {0: document(body, cuts)})
    whole = replace(SMALL, contents=(replace(SMALL.contents[0], content=body), SMALL.contents[1]))
    assert await text_of(streamed) == await text_of(envelope.write("PostSignRequest", {"request": whole}))


async def test_a_signature_is_the_document_of_a_verification():
    asked = VerificationContent(signature=b"", content=b"hash")
    request = VerificationRequest(signed_content_type=ContentType.HASH, contents=(asked,))
    text = await text_of(envelope.write("VerifySignatures", {"request": request}, {0: document(b"<signature/>", [])}))
    assert base64.b64encode(b"<signature/>") in text
    assert base64.b64encode(b"hash") in text


async def test_a_large_content_in_memory_goes_out_in_pieces():
    body = bytes(range(256)) * (STEP_BYTES // 100)
    request = replace(SMALL, contents=(SignContent(content=body),))
    message = envelope.write("PostSignRequest", {"request": request})
    assert max([len(piece) async for piece in message.pieces()]) <= STEP_BYTES // 3 * 4
    assert base64.b64encode(body) in await text_of(message)


@pytest.mark.parametrize("size", [4, 6])
async def test_a_document_of_another_size_than_it_was_said_to_be_of_never_becomes_a_whole_message(size):
    message = envelope.write("PostSignRequest", {"request": SMALL}, {0: document(b"12345", [2], size=size)})
    sent = []

    async def send():
        async for piece in message.pieces():
            sent.append(len(piece))
            assert sum(sent) < message.size

    with pytest.raises(ValueError, match="size"):
        await send()
    assert sent
