"""Answers are read as zeep reads them, whatever they hold, and in pieces of any size."""

import base64
import os
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape

import pytest
import zeep.exceptions
from hypothesis import given
from hypothesis import strategies as st

from shared.contract import answers, wsdl
from shared.contract.arriving import SMALL_BYTES, Arrived, Arriving
from shared.contract.faults import InvalidParameter
from shared.contract.models import (
    SignResponse,
    SignResult,
    SignStatus,
    VerificationCertificate,
    VerificationResponse,
    VerificationResult,
)
from shared.contract.safe_xml import read_xml
from shared.errors import Transient
from shared.persistence.contents import ref_of
from shared.spool import PIECE_BYTES, Spool

SPOOLED = os.urandom(2 * PIECE_BYTES)
SUCCESS = "<Status>Success</Status>"
READERS: dict[str, Any] = {
    "PostSignRequest": answers.read_request_id,
    "GetSignResponse": answers.read_sign_response,
    "VerifySignatures": answers.read_verification_response,
}


def answer(name: str, result: str, prologue: str = "") -> bytes:
    return (
        f'{prologue}<s:Envelope xmlns:s="{wsdl.ENVELOPE}"><s:Body><{name}Response xmlns="{wsdl.NAMESPACE}" '
        f'xmlns:i="http://www.w3.org/2001/XMLSchema-instance"><{name}Result>{result}</{name}Result>'
        f"</{name}Response></s:Body></s:Envelope>"
    ).encode()


def results(*signatures: bytes) -> str:
    found = "".join(
        f"<SignResult><Signature>{base64.b64encode(one).decode()}</Signature></SignResult>" for one in signatures
    )
    return f"<Results>{found}</Results>{SUCCESS}"


async def arrived(data: bytes, piece: int = 64 * 1024, charset: str | None = None) -> Arrived:
    arriving = Arriving(charset)
    for start in range(0, len(data), piece):
        await arriving.feed(data[start : start + piece])
    return await arriving.end()


def read(name: str, found: Arrived) -> Any:
    return answers.read_answer(name, found.root, found.spools, READERS[name])


def by_zeep(name: str, data: bytes) -> Any:
    """The same as zeep's own objects say it, as the contract's dataclasses."""
    wrapper = read_xml(data)[0][0]
    value = getattr(wsdl.element(f"{name}Response").parse(wrapper, wsdl.document().types), f"{name}Result")
    return sign_response(value) if name == "GetSignResponse" else verification_response(value)


def aware(moment: datetime | None) -> datetime | None:
    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC)


def items(array: Any, name: str) -> list[Any]:
    found = [] if array is None else getattr(array, name) or []
    return [wsdl.element(name)() if one is None else one for one in found]


def sign_response(value: Any) -> SignResponse:
    return SignResponse(
        status=SignStatus(value.Status),
        message=value.Message,
        results=tuple(
            SignResult(correlation_id=one.CorrelationID, certificate=one.Certificate, signature=one.Signature)
            for one in items(value.Results, "SignResult")
        ),
    )


def verification_response(value: Any) -> VerificationResponse:
    return VerificationResponse(
        results=tuple(
            VerificationResult(
                message=one.Message or "",
                signatures_valid=bool(one.SignaturesValid),
                correlation_id=one.CorrelationID,
                certificates=tuple(
                    VerificationCertificate(
                        certificate=each.Certificate or b"",
                        signature_valid=bool(each.SignatureValid),
                        subject=each.Subject or "",
                        signed_at=aware(each.SignedAt),
                    )
                    for each in items(one.Certificates, "VerificationCertificate")
                ),
            )
            for one in items(value.Results, "VerificationResult")
        )
    )


TEXTS = st.text("aă<&> \n", max_size=5).map(escape)
BINARIES = st.binary(max_size=9).map(lambda data: base64.encodebytes(data).decode()) | st.sampled_from(
    ["M", "MTI", " "]
)
MOMENTS = st.datetimes().map(str) | st.sampled_from(["2026-01-02T03:04:05Z", "2026-01-02T03:04:05+02:00", "soon", ""])
BOOLEANS = st.sampled_from(["true", "false", " 1 ", "0", "yes", ""])


def elements(**children: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Mostly all of the children in their order; else some are missing, nil, twice, or in each other's place."""
    whole = st.tuples(*(each.map(f"<{name}>{{}}</{name}>".format) for name, each in children.items()))
    nil = st.sampled_from([f"<{name} i:nil='true'/>" for name in children])
    some = whole.flatmap(lambda found: st.lists(st.sampled_from(found) | nil, max_size=len(found) + 1))
    kept = whole.flatmap(
        lambda found: st.sets(st.sampled_from(found)).map(lambda out: [x for x in found if x not in out])
    )
    return st.one_of(whole, kept, some).map("<!-- -->".join)


def many(name: str, inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(inner.map(f"<{name}>{{}}</{name}>".format) | st.just(f"<{name}/>"), max_size=3).map("".join)


SIGN = elements(
    Message=TEXTS,
    Results=many("SignResult", elements(Certificate=BINARIES, CorrelationID=TEXTS, Signature=BINARIES)),
    Status=st.sampled_from([*SignStatus, "Signed"]),
)
CERTIFICATES = many(
    "VerificationCertificate",
    elements(Certificate=BINARIES, SignatureValid=BOOLEANS, SignedAt=MOMENTS, Subject=TEXTS),
)
VERIFY = elements(
    Results=many(
        "VerificationResult",
        elements(Certificates=CERTIFICATES, CorrelationID=TEXTS, Message=TEXTS, SignaturesValid=BOOLEANS),
    )
)


@pytest.mark.parametrize(("name", "result"), [("GetSignResponse", SIGN), ("VerifySignatures", VERIFY)])
@given(data=st.data())
def test_an_answer_is_read_as_zeep_reads_it(name, result, data):
    sent = answer(name, data.draw(result))
    try:
        expected = by_zeep(name, sent)
    except (zeep.exceptions.Error, ValueError, AttributeError, TypeError):
        with pytest.raises((ValueError, Transient)):
            read(name, Arrived(read_xml(sent)))
    else:
        assert read(name, Arrived(read_xml(sent))) == expected


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("piece", [1000, 64 * 1024, 10 * PIECE_BYTES])
async def test_large_signatures_come_beside_the_tree(piece, encoding):
    small = os.urandom(100)
    data = answer("GetSignResponse", results(SPOOLED, small, b"", SPOOLED[::-1])).decode().encode(encoding)
    found = await arrived(data, piece, None if encoding == "utf-8" else encoding.replace("-le", "le"))
    response = read("GetSignResponse", found)
    first, second, third, fourth = [one.held for one in response.results]
    assert isinstance(first, Spool)
    assert isinstance(fourth, Spool)
    assert (first.read(), second, third, fourth.read()) == (SPOOLED, small, None, SPOOLED[::-1])
    assert (first.ref, len(first)) == (ref_of(SPOOLED), len(SPOOLED))
    assert response.status is SignStatus.SUCCESS


async def test_a_large_answer_is_read_as_a_small_one_with_more_white_space_in_it():
    text = f"<Message>ș</Message>{results(b'<a/>', b'<b/>')}"
    few, many = (
        answer("GetSignResponse", text.replace("<Message>", f"{' ' * count}<Message>")) for count in (0, SMALL_BYTES)
    )
    assert read("GetSignResponse", await arrived(few)) == read("GetSignResponse", await arrived(many))


@pytest.mark.parametrize("where", [0, 1, 3 * PIECE_BYTES - 1])
async def test_a_large_signature_that_is_no_base64_is_none(where):
    text = base64.b64encode(SPOOLED).decode()
    broken = f"{text[:where]}%{text[where:]}"
    data = answer("GetSignResponse", results(b"x").replace(base64.b64encode(b"x").decode(), broken))
    (result,) = read("GetSignResponse", await arrived(data)).results
    assert result.held is None


@pytest.mark.parametrize(
    "data",
    [
        answer("GetSignResponse", results(SPOOLED))[:-1000],
        answer("GetSignResponse", results(SPOOLED)).replace(b"</Signature>", b"</Signatur>"),
        answer("GetSignResponse", results(SPOOLED), "<!DOCTYPE s [<!ENTITY x 'y'>]>"),
        answer("GetSignResponse", results(SPOOLED), "<?xml version='1.0' encoding='iso-8859-1'?>"),
        answer("GetSignResponse", f"<Message>{'x' * (17 << 20)}</Message>{results(SPOOLED)}"),
        answer("GetSignResponse", f"{'<a>' * 100_000}"),
        answer("GetSignResponse", f"<Results>{'<SignResult/>' * 100_000}</Results>{SUCCESS}"),
        b"x" * 2 * SMALL_BYTES,
    ],
    ids=["truncated", "not well-formed", "document type", "encoding", "text", "depth", "elements", "no XML"],
)
async def test_a_large_answer_that_is_not_to_be_read_is_refused(data):
    with pytest.raises(Transient, match="cannot be read"):
        await arrived(data)


@pytest.mark.parametrize("more", ["", " " * SMALL_BYTES])
async def test_a_fault_is_raised_from_answers_of_any_size(more):
    fault = f"<s:Fault>{more}<faultcode>InvalidParameter</faultcode><faultstring>language: x</faultstring></s:Fault>"
    data = f'<s:Envelope xmlns:s="{wsdl.ENVELOPE}"><s:Body>{fault}</s:Body></s:Envelope>'.encode()
    with pytest.raises(InvalidParameter, match="language: x"):
        read("GetSignResponse", await arrived(data))


@pytest.mark.parametrize("result", ["", " \n ", "<a/>"])
def test_a_request_id_that_is_none_is_refused(result):
    with pytest.raises((ValueError, Transient)):
        read("PostSignRequest", Arrived(read_xml(answer("PostSignRequest", result))))


def test_a_request_id_comes_without_white_space():
    assert read("PostSignRequest", Arrived(read_xml(answer("PostSignRequest", " 1\n")))) == "1"


def signed_at(moment: str) -> datetime | None:
    certificate = f"<Certificate/><SignatureValid>true</SignatureValid><SignedAt>{moment}</SignedAt>"
    held = f"<VerificationCertificate>{certificate}<Subject/></VerificationCertificate>"
    rest = "<Message/><SignaturesValid>true</SignaturesValid>"
    text = f"<Results><VerificationResult><Certificates>{held}</Certificates>{rest}</VerificationResult></Results>"
    (result,) = read("VerifySignatures", Arrived(read_xml(answer("VerifySignatures", text)))).results
    found: datetime | None = result.certificates[0].signed_at
    return found


def test_a_time_without_a_zone_is_read_as_utc():
    assert signed_at("2026-01-02T03:04:05.1234567") == datetime(2026, 1, 2, 3, 4, 5, 123456, tzinfo=UTC)


def test_a_time_before_or_after_all_others_is_none():
    """.NET writes the first midnight of its machine's zone for a time that was not set."""
    assert [signed_at(one) for one in ("0001-01-01T00:00:00+02:00", "9999-12-31T23:59:59-02:00")] == [None, None]


def test_a_spool_that_nobody_holds_is_closed():
    spool = Spool()
    spool.append(SPOOLED)
    spool.put_away()
    file = spool.file
    del spool
    assert file.closed
