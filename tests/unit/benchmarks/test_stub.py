"""The stub's canned answers are ones that our client reads, and belong to what was asked for."""

import base64

from benchmarks.signing.materials import make
from benchmarks.signing.stub import Answers, delay_s
from shared.contract import envelope
from shared.contract.answers import read_answer, read_request_id, read_sign_response
from shared.contract.models import ContentType, SignContent, SignRequest, SignStatus
from shared.contract.safe_xml import read_xml
from shared.signatures.binding import bind


def result_of(name, answer, read):
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert f"Content-Length: {len(body)}".encode() in head
    return read_answer(name, read_xml(body, charset=None), {}, read)


def written(name, parameters):
    (whole,) = envelope.write(name, parameters).parts
    assert isinstance(whole, bytes)
    return whole


async def test_a_request_comes_back_signed_with_its_own_digest():
    materials = await make(3)
    answers = Answers(materials)
    digest = base64.b64decode(materials[2].digest)
    request = SignRequest(
        content_type=ContentType.HASH,
        short_content_description="Act",
        contents=(SignContent(content=digest, correlation_id="1"),),
    )
    posted = answers.to(written("PostSignRequest", {"request": request}))
    request_id = result_of("PostSignRequest", posted, read_request_id)
    assert len(request_id) == 32

    asked = answers.to(written("GetSignResponse", {"requestID": request_id, "language": "ro"}))
    response = result_of("GetSignResponse", asked, read_sign_response)
    (signed,) = response.results
    assert response.status is SignStatus.SUCCESS
    assert signed.correlation_id == "1"
    assert bind(ContentType.HASH, digest, signed.signature or b"").covers


async def test_two_requests_never_get_one_id():
    materials = await make(1)
    answers = Answers(materials)
    body = f"<Content>{materials[0].digest}</Content>".encode()
    assert answers.to(body) != answers.to(body)


async def test_what_is_no_request_is_refused():
    assert Answers([]).to(b"<nothing/>").startswith(b"HTTP/1.1 400")


def test_the_path_says_how_long_an_answer_takes():
    assert delay_s(b"POST /200/MSign.svc HTTP/1.1\r\nHost: x") == 0.2
