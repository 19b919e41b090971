import base64
import gc
import io
import itertools
import weakref
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import etree

from shared.contract.message import (
    MAX_ATTRIBUTES,
    MAX_CHARACTERS,
    MAX_DEPTH,
    MAX_ELEMENTS,
    MAX_MARKUP_BYTES,
    Message,
    MessageReader,
    TooMuch,
)
from shared.contract.safe_xml import PROLOGUE_BYTES
from shared.errors import Malformed

DTD = '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'
PIECE = 64 * 1024


def read(data: bytes | Iterable[bytes], charset: str | None = None, piece: int = PIECE) -> Message[io.BytesIO]:
    reader = MessageReader(charset, io.BytesIO)
    for part in (data[at : at + piece] for at in range(0, len(data), piece)) if isinstance(data, bytes) else data:
        reader.feed(part)
    return reader.close()


@pytest.mark.parametrize("piece", [1, 7, PIECE])
@pytest.mark.parametrize(
    ("data", "charset"),
    [
        ("<a>ș</a>".encode(), None),
        ("\ufeff<a>ș</a>".encode(), None),
        ("<?xml version='1.0' encoding='UTF-8'?>\n<!-- <!DOCTYPE --><a>ș</a>".encode(), "utf-8"),
        ("<a>ș</a>".encode("utf-16"), None),
        ("<?xml version='1.0' encoding='utf-16'?><a>ș</a>".encode("utf-16"), "utf-16"),
        ("<a>ș</a>".encode("utf-16-le"), "utf-16le"),
        ("<a>ș</a>".encode("utf-16-be"), "utf-16be"),
        ("\ufeff<a>ș</a>".encode("utf-16-be"), "utf-16"),
        ("<a>ș</a>".encode("utf-16-be"), "utf-16"),
        ("<a>ș</a>".encode("utf-16-le"), "utf-16"),
        ("\ufeff<a>ș</a>".encode("utf-16-le"), "utf-8"),
        ("<a><![CDATA[ș]]></a>".encode(), None),
        (b"<a>&#537;<!-- a remark --></a>", None),
        ("<a xmlns='relative'>ș</a>".encode(), None),
    ],
)
def test_utf_8_and_utf_16_are_read_in_pieces_of_any_size(data, charset, piece):
    assert read(data, charset, piece).root.text == "ș"


@pytest.mark.parametrize(
    ("data", "charset", "code"),
    [
        (b"", None, "xml"),
        (b"hello", None, "xml"),
        (b"<a>", None, "xml"),
        (b"<a></b>", None, "xml"),
        (b"<a/>x", None, "xml"),
        (b"<a>\xff</a>", None, "xml"),
        (b"<a>&b;</a>", None, "xml"),
        (b"<a>&#0;</a>", None, "xml"),
        (b"<a xmlns:b='c'><d:e/></a>", None, "xml"),
        (b"<a/>", "utf-7", "encoding"),
        (b"<?xml version='1.0' encoding='utf-7'?><a/>", None, "encoding"),
        (DTD.encode(), None, "document_type"),
        (DTD.encode("utf-16"), None, "document_type"),
        (DTD.encode("utf-16-be"), None, "document_type"),
        (b"<!--" + b"x" * 20_000 + b"--><!DOCTYPE a><a/>", None, "document_type"),
    ],
)
@pytest.mark.parametrize("piece", [1, PIECE])
def test_what_cannot_be_read_safely_is_refused(data, charset, code, piece):
    with pytest.raises(Malformed) as refused:
        read(data, charset, piece)
    assert refused.value.code == code


def test_a_binary_value_is_kept_beside_the_tree():
    data = bytes(range(256)) * 1000
    text = base64.encodebytes(data).decode()
    message = read(f"<a xmlns='https://msign.gov.md'><Content>{text}</Content><Signature/><Name>x</Name></a>".encode())
    content, signature, name = message.root
    expected: Any = {content: data, signature: b""}
    assert {element: value.getvalue() for element, value in message.values.items()} == expected
    assert (content.text, signature.text, name.text) == (None, None, "x")


PARTS = st.sampled_from(
    ["<Content>", "</Content>", "<Content", ">", "<Signature>", "</Signature>", "<Name>", "</Name>", "<!--", "-->",
     "<?x ", "?>", "<![CDATA[", "]]>", "QUJD", "QQ==", "Q", "=", " ", "\n", "&#65;", "&amp;", "!", "ș",
     '<Content a="Content>', '">', "<Content/>", "QUJD" * 8]
)  # fmt: skip


@settings(max_examples=2000)
@given(st.lists(PARTS, max_size=12).map("".join), st.integers(1, 40))
@example("<Content><!-- <Content>QUJD</Content> -->QUJD</Content>", 7)
@example("<!-- <Content>QUJD --><Content>QUJD<![CDATA[<Content>QUJD]]></Content>", 9)
@example("<Content>QUJD Content>QUJD</Content>", 8)
@example("<Content>QU&#74;D</Content><Content>QU<!-- -->JD</Content>", 10)
def test_what_passes_the_parser_by_is_what_it_would_have_read(inside, piece):
    """Only UTF-8 passes it by."""
    document = f"<a xmlns='https://msign.gov.md'>{inside}</a>"
    assert told(document.encode(), piece) == told(document.encode("utf-16"), piece)


def told(data: bytes, piece: int) -> object:
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("shared.contract.message.PROLOGUE_BYTES", 40)
            message = read(data[at : at + piece] for at in range(0, len(data), piece))
    except Malformed as refused:
        return refused.code
    values = {message.root.getroottree().getpath(element): one.getvalue() for element, one in message.values.items()}
    unreadable = [message.root.getroottree().getpath(element) for element in message.unreadable]
    return etree.tostring(message.root, encoding="unicode"), values, unreadable


@pytest.mark.parametrize("piece", [1, 5, PIECE])
def test_a_long_value_passes_the_parser_by(monkeypatch, piece):
    parsed = 0
    parse = MessageReader._parse

    def counted(self: MessageReader[io.BytesIO], part: bytes) -> None:
        nonlocal parsed
        parsed += len(part)
        parse(self, part)

    monkeypatch.setattr(MessageReader, "_parse", counted)
    data = bytes(range(256)) * 100
    text = base64.b64encode(data).decode()
    before, after = "<a xmlns='https://msign.gov.md'>" + " " * PROLOGUE_BYTES + "<Signature>", "</Signature></a>"
    (value,) = read(f"{before}{text}{after}".encode(), piece=piece).values.values()
    assert value.getvalue() == data
    assert parsed == len(before) + len(after)


@pytest.mark.parametrize("inside", ["<!--{}-->", "<Name>{}</Name>", "<Name a='{}'/>", "<![CDATA[{}]]>"])
def test_what_only_looks_like_tags_is_not_read_bit_by_bit(monkeypatch, inside):
    times = 0
    parse = MessageReader._parse

    def counted(self: MessageReader[io.BytesIO], part: bytes) -> None:
        nonlocal times
        times += 1
        parse(self, part)

    monkeypatch.setattr(MessageReader, "_parse", counted)
    false = inside.format("Content>" * 5000)
    message = read(f"<a xmlns='https://msign.gov.md'>{false}<Content>QUJD</Content></a>".encode())
    assert [value.getvalue() for value in message.values.values()] == [b"ABC"]
    assert times < 10


def test_a_value_goes_with_its_message_and_waits_for_no_garbage_to_be_collected():
    class Kept(io.BytesIO):
        pass

    reader = MessageReader(None, Kept)
    reader.feed(b"<a xmlns='https://msign.gov.md'><Content>QUJD</Content></a>")
    message = reader.close()
    (value,) = message.values.values()
    left = weakref.ref(value)
    gc.disable()
    try:
        del value, message
        assert left() is None
    finally:
        gc.enable()


def test_what_is_no_base64_is_told_by_its_element():
    message = read(b"<a xmlns='https://msign.gov.md'><Content>!</Content></a>")
    assert message.unreadable == [message.root[0]]


def test_the_same_name_in_another_namespace_is_text():
    assert read(b"<a><Content>!</Content></a>").root[0].text == "!"


def test_namespaces_and_attributes_are_where_they_were():
    root = read(b"<a xmlns='u:a' xmlns:b='u:b' b:c='1'><b:d/></a>").root
    assert (root.tag, root.get("{u:b}c"), root[0].tag) == ("{u:a}a", "1", "{u:b}d")
    expected: Any = {None: "u:a", "b": "u:b"}
    assert root.nsmap == expected


def elements(count: int) -> bytes:
    return b"<a>" + b"<b/>" * (count - 1) + b"</a>"


def attributes(count: int) -> bytes:
    return b"<a " + b" ".join(b'a%d=""' % number for number in range(count)) + b"/>"


def namespaces(count: int) -> bytes:
    return b"<a " + b" ".join(b'xmlns:a%d="u:a"' % number for number in range(count)) + b"/>"


def comment(size: int) -> Iterable[bytes]:
    yield from (b"<a>" + b" " * PIECE, b"<!--", *[b"x" * PIECE] * (size // PIECE), b"--></a>")


WITHIN = [
    elements(MAX_ELEMENTS),
    b"<a>" * MAX_DEPTH + b"</a>" * MAX_DEPTH,
    attributes(MAX_ATTRIBUTES),
    namespaces(MAX_ATTRIBUTES),
    b"<a>" + b"x" * (MAX_CHARACTERS - 1) + b"</a>",
    comment(MAX_MARKUP_BYTES - PIECE),
]
BEYOND = [
    (elements(MAX_ELEMENTS + 1), f"more than {MAX_ELEMENTS} elements"),
    (b"<a>" * (MAX_DEPTH + 1) + b"</a>" * (MAX_DEPTH + 1), f"nested more than {MAX_DEPTH} deep"),
    (attributes(MAX_ATTRIBUTES + 1), f"more than {MAX_ATTRIBUTES} attributes"),
    (namespaces(MAX_ATTRIBUTES + 1), f"more than {MAX_ATTRIBUTES} attributes in one element"),
    (b"<a>" + attributes(1).replace(b'""', b'"%s"' % (b"x" * 100_000)) * 200 + b"</a>", "more than .* characters"),
    (b"<a>" + namespaces(1).replace(b"u:a", b"u:" + b"x" * 100_000) * 200 + b"</a>", "more than .* characters outside"),
    (attributes(200_000), f"longer than {MAX_MARKUP_BYTES} bytes"),
    (b"<a>" + b"x" * MAX_CHARACTERS + b"</a>", f"more than {MAX_CHARACTERS} characters"),
    (comment(MAX_MARKUP_BYTES + PIECE), f"longer than {MAX_MARKUP_BYTES} bytes"),
    (b"<a><![CDATA[" + b"x" * 2 * MAX_MARKUP_BYTES + b"]]></a>", f"longer than {MAX_MARKUP_BYTES} bytes"),
    (b"<a/>" + b" " * 2 * MAX_MARKUP_BYTES, f"longer than {MAX_MARKUP_BYTES} bytes"),
]


@pytest.mark.parametrize("data", WITHIN, ids=["elements", "depth", "attributes", "namespaces", "characters", "comment"])
def test_a_message_within_the_limits_is_read(data):
    assert isinstance(read(data).root, etree._Element)


@pytest.mark.parametrize(("data", "limit"), BEYOND, ids=[limit for _, limit in BEYOND])
def test_a_message_beyond_a_limit_is_refused_by_its_name(data, limit):
    with pytest.raises(TooMuch, match=limit):
        read(data)


@pytest.mark.parametrize(
    ("begin", "more"),
    [(b"<a>", b"<b/>" * 10_000), (b"<a ", b"a" * PIECE), (b"<a><!--", b"x" * PIECE), (b"<a>", b"x" * PIECE)],
    ids=["elements", "attributes", "comment", "text"],
)
def test_an_endless_message_is_refused_while_it_is_still_coming(begin, more):
    with pytest.raises(TooMuch, match="the message has"):
        read(itertools.chain([begin], itertools.repeat(more)))
