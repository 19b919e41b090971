"""Whatever is done to a message: the answer is an answer or a fault that blames the message, in SOAP."""

import gzip
from collections.abc import Callable
from copy import deepcopy

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from tests.documents import pdf_file
from tests.integration.msign_api.calls import (
    IDNP,
    NIL,
    SOAP_11,
    content,
    element,
    envelope,
    get,
    post,
    signature,
    signer,
    verify,
)

pytestmark = pytest.mark.asyncio(loop_scope="session")

WCF_ACTION = (
    '<Action s:mustUnderstand="1" xmlns="http://schemas.microsoft.com/ws/2005/05/addressing/none">'
    "https://msign.gov.md/IMSign/GetSignResponse</Action>"
)
DELEGATED = "".join([element("DelegatedRoleID", "7"), element("DelegatorID", IDNP), element("DelegatorType", "Person")])
MESSAGES = [
    post(
        content(after=element("CorrelationID", "ș") + element("MultipleSignatures", "true") + element("Name", "a.pdf")),
        content(b"2" * 20),
        description=element("ContentDescription", "Описание"),
        signer=signer(delegator=DELEGATED),
        reason=f"<SignatureReason {NIL}/>",
    ),
    post(content(pdf_file()), kind="Pdf"),
    get(language=element("language", "ru")),
    verify(signature(correlation=element("CorrelationID", "1")), language=element("Language", "en")),
    envelope("<GetSignResponse xmlns='https://msign.gov.md'/>", WCF_ACTION),
]
BLAMED = frozenset({"Client", "VersionMismatch", "MustUnderstand", "InvalidParameter", "RequestNotFound"})
HEADERS = {
    "Content-Type": st.sampled_from(
        ["text/xml", "text/xml; charset=utf-8", "text/xml; charset=utf-16", "text/xml; charset=x", "application/json"]
    ),
    "SOAPAction": st.sampled_from(['""', '"https://msign.gov.md/IMSign/PostSignRequest"', "urn:x", '"'])
    | st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=20),
}
XML_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff"))
BUDGET = settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])

Change = Callable[[bytes], bytes]


async def judge(api, body: bytes, headers: dict[str, str] | None = None) -> None:
    """Post a message and see that the answer is one that a SOAP client can read."""
    status, kind, answer = await api.send(body, headers={"Content-Type": "text/xml"} | (headers or {}))
    assert kind == "text/xml"
    root = etree.fromstring(answer)
    assert root.tag == f"{{{SOAP_11}}}Envelope"
    code = root.findtext(".//faultcode", "").rpartition(":")[2]
    assert (status, code) == (200, "") or (status == 500 and code in BLAMED), answer


def cut(at: int, length: int) -> Change:
    return lambda data: data[: at % (len(data) + 1)] + data[at % (len(data) + 1) + length :]


def repeat(at: int, length: int, times: int) -> Change:
    return lambda data: data[: at % (len(data) + 1)] + data[at % (len(data) + 1) :][:length] * times + data[at:]


def insert(at: int, more: bytes) -> Change:
    return lambda data: data[: at % (len(data) + 1)] + more + data[at % (len(data) + 1) :]


PLACES = st.integers(0, 5_000)
TOKENS = st.sampled_from(
    [b"<", b">", b"&", b"&amp;", b"&#0;", b"&x;", b"<!--", b"-->", b"<![CDATA[", b"]]>", b"<?x?>", b"<!DOCTYPE a>",
     b'"', b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"</", b"/>", b"=", b'xmlns=""', b"<a" + b" b" * 99, b"<a>" * 99]
)  # fmt: skip
CHANGES = st.one_of(
    st.builds(cut, PLACES, st.integers(1, 200)),
    st.builds(repeat, PLACES, st.integers(1, 300), st.integers(2, 5)),
    st.builds(insert, PLACES, st.binary(min_size=1, max_size=8) | TOKENS),
)


@BUDGET
@given(
    message=st.sampled_from(MESSAGES),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"]),
    changes=st.lists(CHANGES, min_size=1, max_size=4),
)
async def test_a_message_with_changed_bytes_is_answered(shared_api, message, encoding, changes):
    data = message.encode(encoding)
    for change in changes:
        data = change(data)
    await judge(shared_api, data)


@BUDGET
@given(data=st.binary(max_size=300), packed=st.booleans(), headers=st.fixed_dictionaries({}, optional=HEADERS))
async def test_bytes_that_mean_nothing_are_answered(shared_api, data, packed, headers):
    body = gzip.compress(data) if packed else data
    await judge(shared_api, body, headers | ({"Content-Encoding": "gzip"} if packed else {}))


def remove(one: etree._Element) -> None:
    parent = one.getparent()
    if parent is not None:
        parent.remove(one)


def double(one: etree._Element) -> None:
    if one.getparent() is not None:
        one.addnext(deepcopy(one))


def nest(one: etree._Element) -> None:
    one.append(deepcopy(one))


def shuffle(one: etree._Element) -> None:
    for child in reversed(list(one)):
        one.append(child)


def empty(one: etree._Element) -> None:
    one.clear()


def nil(one: etree._Element) -> None:
    one.set("{http://www.w3.org/2001/XMLSchema-instance}nil", "true")


def retype(one: etree._Element) -> None:
    one.set("{http://www.w3.org/2001/XMLSchema-instance}type", "SignResponse")


def understand(one: etree._Element) -> None:
    one.set(f"{{{SOAP_11}}}mustUnderstand", "1")


def move(one: etree._Element) -> None:
    if one.getparent() is not None:
        one.getroottree().getroot().append(one)


def rename(name: str) -> Callable[[etree._Element], None]:
    def change(one: etree._Element) -> None:
        one.tag = name

    return change


def say(text: str) -> Callable[[etree._Element], None]:
    def change(one: etree._Element) -> None:
        one.text = text

    return change


NAMES = [f"{{https://msign.gov.md}}{name}" for name in ("Content", "Signature", "request", "ID", "X")]
TREE_CHANGES = st.one_of(
    st.sampled_from([remove, double, nest, shuffle, empty, nil, retype, understand, move]),
    st.builds(rename, st.sampled_from([*NAMES, "Content", f"{{{SOAP_11}}}Body"])),
    st.builds(say, XML_TEXT | st.sampled_from(["", "-1", "true", "9" * 40, "=", "Hash", "Pdf", "MTIz", " \n"])),
)


@BUDGET
@given(
    message=st.sampled_from(MESSAGES),
    changes=st.lists(st.tuples(st.integers(0, 40), TREE_CHANGES), min_size=1, max_size=4),
    headers=st.fixed_dictionaries({}, optional=HEADERS),
)
async def test_a_message_with_changed_elements_is_answered(shared_api, message, changes, headers):
    root = etree.fromstring(message)
    for place, change in changes:
        elements = list(root.iter())
        change(elements[place % len(elements)])
    await judge(shared_api, etree.tostring(root), headers)
