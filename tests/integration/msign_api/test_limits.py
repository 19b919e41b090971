"""Each limit and rule of the contract (section 1), on both sides of it, over the wire.

A table that reads like the contract's: what is allowed, and what is refused by which name.
"""

import gzip

import pytest

from shared.contract.message import MAX_ELEMENTS
from tests.documents import pdf_file
from tests.integration.msign_api.calls import (
    IDNP,
    NIL,
    XML,
    call,
    content,
    element,
    fault,
    get,
    post,
    request_id,
    signature,
    signer,
    verify,
)
from tests.integration.msign_api.conftest import MAX_BODY_BYTES

pytestmark = pytest.mark.asyncio(loop_scope="session")

PDF = pdf_file()
DIGEST_BYTES = (20, 28, 32, 48, 64)
NEIGHBOURS = sorted({size + step for size in DIGEST_BYTES for step in (-1, 1)} | {1, 128})


def text(name: str, length: int, letter: str = "ț") -> str:
    return element(name, letter * length)


def named(name: str, value: str) -> str:
    return content(after=element(name, value))


def delegated(kind: str, number: str = "", role: str = "") -> str:
    return signer(delegator=role + number + element("DelegatorType", kind))


def role(number: object) -> str:
    return element("DelegatedRoleID", str(number))


ALLOWED = {
    "ShortContentDescription: 1 character": post(short=text("ShortContentDescription", 1)),
    "ShortContentDescription: 90 characters": post(short=text("ShortContentDescription", 90)),
    "ShortContentDescription: 90 characters beyond the BMP": post(short=text("ShortContentDescription", 90, "😀")),
    "ContentDescription: missing": post(),
    "ContentDescription: nil": post(description=f"<ContentDescription {NIL}/>"),
    "ContentDescription: 512 characters": post(description=text("ContentDescription", 512)),
    "SignatureReason: nil": post(reason=f"<SignatureReason {NIL}/>"),
    "SignatureReason: 255 characters": post(reason=text("SignatureReason", 255)),
    "Contents: one": post(content()),
    "Contents: two without CorrelationIDs": post(content(), content()),
    "Contents: two with empty CorrelationIDs": post(named("CorrelationID", ""), named("CorrelationID", "")),
    "CorrelationID: nil": post(content(after=f"<CorrelationID {NIL}/>")),
    "CorrelationID: 36 characters": post(named("CorrelationID", "ț" * 36)),
    "CorrelationID: two that differ": post(named("CorrelationID", "a"), named("CorrelationID", "A")),
    **{f"Content: a hash of {size} bytes": post(content(b"1" * size)) for size in DIGEST_BYTES},
    "Content: base64 in lines": post(content(None, before="<Content>\r\nMTIzNDU2Nzg5MDEyM\n zQ1Njc4OTA= </Content>")),
    "Content: a PDF file": post(content(PDF), kind="Pdf"),
    "Name: nil": post(content(after=f"<Name {NIL}/>")),
    "Name: 256 characters": post(named("Name", "ț" * 256)),
    **{f"MultipleSignatures: {one}": post(named("MultipleSignatures", one)) for one in ("true", "false", "1", "0")},
    "ExpectedSigner: nil": post(signer=f"<ExpectedSigner {NIL}/>"),
    "ExpectedSigner.ID: 13 digits": post(signer=signer()),
    "ExpectedSigner.DelegatorType: None": post(signer=delegated("None")),
    "ExpectedSigner.DelegatorID: with Person": post(signer=delegated("Person", element("DelegatorID", IDNP))),
    "ExpectedSigner.DelegatorID: with Organization": post(
        signer=delegated("Organization", element("DelegatorID", "1000000000017"))
    ),
    "ExpectedSigner.DelegatedRoleID: the largest int": post(signer=signer(delegator=role(2**31 - 1))),
    "ExpectedSigner.DelegatedRoleID: the smallest int": post(signer=signer(delegator=role(-(2**31)))),
}

REFUSED = {
    "request: missing": (call("PostSignRequest", ""), "request: is required"),
    "request: nil": (call("PostSignRequest", f"<request {NIL}/>"), "request: is required"),
    "ShortContentDescription: missing": (post(short=""), "request: an element is missing"),
    "ShortContentDescription: nil": (
        post(short=f"<ShortContentDescription {NIL}/>"),
        "ShortContentDescription: is",
    ),
    "ShortContentDescription: empty": (
        post(short=text("ShortContentDescription", 0)),
        "ShortContentDescription: is",
    ),
    "ShortContentDescription: blank": (
        post(short=text("ShortContentDescription", 9, " ")),
        "ShortContentDescription: is required",
    ),
    "ShortContentDescription: 91 characters": (
        post(short=text("ShortContentDescription", 91)),
        "ShortContentDescription: has 91 characters, at most 90",
    ),
    "ShortContentDescription: twice": (
        post(short=text("ShortContentDescription", 1) * 2),
        "ShortContentDescription: is",
    ),
    "ContentDescription: 513 characters": (
        post(description=text("ContentDescription", 513)),
        "ContentDescription: has 513 characters, at most 512",
    ),
    "SignatureReason: 256 characters": (
        post(reason=text("SignatureReason", 256)),
        "SignatureReason: has 256 characters, at most 255",
    ),
    "ContentType: unknown": (post(kind="Word"), "ContentType: is none of the allowed values"),
    "ContentType: a number": (post(kind="1"), "ContentType: is none of the allowed values"),
    "ContentType: empty": (post(kind=""), "ContentType: is none of the allowed values"),
    "Contents: none": (post(""), "Contents: needs at least one content"),
    "CorrelationID: 37 characters": (post(named("CorrelationID", "x" * 37)), "Contents[0].CorrelationID: has 37"),
    "CorrelationID: the same twice": (
        post(named("CorrelationID", "a"), content(), named("CorrelationID", "a")),
        "Contents[2].CorrelationID: must be unique",
    ),
    "Content: missing": (post(content(None)), "SignContent: an element is missing"),
    "Content: nil": (post(content(None, before=f"<Content {NIL}/>")), "Contents[0].Content: is required"),
    "Content: empty": (post(content(b"")), "Contents[0].Content: is required"),
    "SignContent: nil": (post(f"<SignContent {NIL}/>"), "Contents[0].Content: is required"),
    **{
        f"Content: a hash of {size} bytes": (post(content(b"1" * size)), f"bytes, this one has {size}")
        for size in NEIGHBOURS
    },
    "Content: no base64": (post(content(None, before="<Content>!secret!</Content>")), "Content: the value is not of"),
    "Content: base64 that ends early": (post(content(None, before="<Content>MTI</Content>")), "Content: the value is"),
    "Content: an element in it": (post(content(None, before="<Content><a/></Content>")), "Content: "),
    "Content: a hash that should be a PDF file": (post(kind="Pdf"), "Contents[0].Content: is not a PDF file"),
    "Content: half a PDF file": (post(content(PDF[:400]), kind="Pdf"), "Contents[0].Content: the PDF file is broken"),
    "Name: 257 characters": (post(named("Name", "x" * 257)), "Contents[0].Name: has 257 characters, at most 256"),
    "MultipleSignatures: yes": (post(named("MultipleSignatures", "yes")), "MultipleSignatures: the value is not of"),
    "MultipleSignatures: nil": (post(content(after=f"<MultipleSignatures {NIL}/>")), "MultipleSignatures: must not"),
    "ExpectedSigner.ID: missing": (post(signer=signer("")), "ExpectedSigner: an element is missing"),
    "ExpectedSigner.ID: nil": (post(signer=signer(f"<ID {NIL}/>")), "ExpectedSigner.ID: is required"),
    "ExpectedSigner.ID: 12 digits": (post(signer=signer(element("ID", IDNP[1:]))), "ExpectedSigner.ID: must be"),
    "ExpectedSigner.ID: 14 digits": (post(signer=signer(element("ID", IDNP + "0"))), "ExpectedSigner.ID: must be"),
    "ExpectedSigner.ID: letters": (post(signer=signer(element("ID", "a" * 13))), "ExpectedSigner.ID: must be"),
    "ExpectedSigner.ID: other digits": (post(signer=signer(element("ID", "٢" * 13))), "ExpectedSigner.ID: must be"),
    "ExpectedSigner.DelegatorID: missing with Person": (
        post(signer=delegated("Person")),
        "ExpectedSigner.DelegatorID: is required",
    ),
    "ExpectedSigner.DelegatorID: nil with Organization": (
        post(signer=delegated("Organization", f"<DelegatorID {NIL}/>")),
        "ExpectedSigner.DelegatorID: is required",
    ),
    "ExpectedSigner.DelegatorType: unknown": (post(signer=delegated("Company")), "DelegatorType: is none of"),
    "ExpectedSigner.DelegatedRoleID: no int": (
        post(signer=signer(delegator=role(2**31))),
        "DelegatedRoleID: the value is not of",
    ),
    "SignRequest: an unknown element": (post(reason=element("Colour", "red")), "Colour: is not allowed here"),
    "SignRequest: another order": (post(reason=element("ContentType", "Hash")), "ContentType: is not allowed here"),
    "requestID: missing": (get(""), "requestID: is required"),
    "requestID: nil": (get(f"<requestID {NIL}/>"), "requestID: is required"),
    "requestID: empty": (get(element("requestID", "")), "requestID: is required"),
    **{
        f"language: {one}": (get(language=element("language", one)), "language: must be one of ro, ru, en")
        for one in ("fr", "RO", "ro-MD", " ro")
    },
    "verification, Contents: none": (verify(), "Contents: needs at least one content"),
    "verification, Content: missing for a hash": (
        verify(signature(content=None)),
        "Contents[0].Content: is required for Hash",
    ),
    "verification, Content: empty for a hash": (verify(signature(content=b"")), "Contents[0].Content: is required for"),
    "verification, Signature: missing": (verify(signature(None)), "VerificationContent: an element is missing"),
    "verification, Signature: empty": (verify(signature(b"")), "Contents[0].Signature: is required"),
    "verification, CorrelationID: 37 characters": (
        verify(signature(correlation=text("CorrelationID", 37))),
        "Contents[0].CorrelationID: has 37 characters, at most 36",
    ),
    "verification, CorrelationID: the same twice": (
        verify(*[signature(correlation=text("CorrelationID", 36))] * 2),
        "Contents[1].CorrelationID: must be unique",
    ),
    "verification, Language: unknown": (
        verify(signature(), language=element("Language", "md")),
        "Language: must be one of ro, ru, en",
    ),
    "the message: more elements than are read": (
        post("<SignContent><Content>MTI=</Content></SignContent>" * (MAX_ELEMENTS // 2)),
        f"the message has more than {MAX_ELEMENTS} elements",
    ),
}

ASKED = {
    "requestID: of no request": get(),
    "requestID: in upper case": get(element("requestID", "A" * 32)),
    "requestID: 36 characters": get(element("requestID", "00000000-0000-0000-0000-000000000000")),
    "requestID: of any length": get(element("requestID", "ț" * 10_000)),
    "language: nil": get(language=f"<language {NIL}/>"),
    "language: empty": get(language="<language/>"),
    **{f"language: {one}": get(language=element("language", one)) for one in ("ro", "ru", "en")},
}

VERIFIED = {
    "CorrelationID: 36 characters": verify(signature(correlation=text("CorrelationID", 36))),
    "CorrelationID: two that differ": verify(*(signature(correlation=text("CorrelationID", n)) for n in (1, 2))),
    "Content: missing for a PDF file": verify(signature(PDF, content=None), kind="Pdf"),
    "Language: nil": verify(signature(), language=f"<Language {NIL}/>"),
    **{f"Language: {one}": verify(signature(), language=element("Language", one)) for one in ("ro", "ru", "en")},
}


@pytest.mark.parametrize("body", ALLOWED.values(), ids=ALLOWED)
async def test_what_the_contract_allows_is_posted(shared_api, body):
    status, _, answer = await shared_api.send(body.encode(), headers=XML)
    assert (status, fault(answer)) == (200, ("", ""))
    assert await shared_api.requests.summary(request_id(answer))


@pytest.mark.parametrize(("body", "words"), REFUSED.values(), ids=REFUSED)
async def test_what_the_contract_does_not_allow_is_an_invalid_parameter_by_its_name(shared_api, body, words):
    status, kind, answer = await shared_api.send(body.encode(), headers=XML)
    code, sentence = fault(answer)
    assert (status, kind, code) == (500, "text/xml", "InvalidParameter")
    assert words in sentence
    assert "secret" not in sentence


@pytest.mark.parametrize("body", ASKED.values(), ids=ASKED)
async def test_a_question_within_the_limits_is_answered(shared_api, body):
    _, _, answer = await shared_api.send(body.encode(), headers=XML)
    assert fault(answer)[0] == "RequestNotFound"


@pytest.mark.parametrize("body", VERIFIED.values(), ids=VERIFIED)
async def test_signatures_within_the_limits_are_judged(shared_api, body):
    status, _, answer = await shared_api.send(body.encode(), headers=XML)
    assert (status, fault(answer)) == (200, ("", ""))
    assert b"<SignaturesValid" in answer or b":SignaturesValid>" in answer


def of_size(size: int) -> bytes:
    """A good message of so many bytes."""
    body = post().encode()
    return body.replace(b"<s:Body>", b"<s:Body>" + b" " * (size - len(body)))


@pytest.mark.parametrize("headers", [XML, XML | {"Content-Encoding": "gzip"}], ids=["plain", "gzip"])
@pytest.mark.parametrize(("more", "code"), [(0, ""), (1, "InvalidParameter")])
async def test_a_message_may_have_so_many_bytes_and_not_one_more(shared_api, headers, more, code):
    body = of_size(MAX_BODY_BYTES + more)
    packed = gzip.compress(body) if "Content-Encoding" in headers else body
    _, _, answer = await shared_api.send(packed, headers=headers)
    assert fault(answer) == (code, f"the message is larger than {MAX_BODY_BYTES} bytes" if code else "")
