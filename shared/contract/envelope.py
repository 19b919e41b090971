"""How does a call of MSign become an envelope, without documents in memory?

The schema, as zeep reads it, says which elements there are, in which order and whether they may be left out; the text
is written as zeep would write it. A document stands in it as what yields its bytes, and is encoded piece by piece.
"""

import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from functools import cache
from typing import Any
from xml.sax.saxutils import escape

from pybase64 import b64encode

from shared.contract import wsdl
from shared.contract.codec import element_name
from shared.contract.models import SignContent, VerificationContent

STEP_BYTES = 192 * 1024
"""How much of a document is encoded and handed to the connection at once; three bytes become four characters."""
IN_TEXT_BYTES = 4 * 1024
"""How large a content may be to be encoded while the message is written, not while it is sent."""

_HEAD = f"<?xml version='1.0' encoding='utf-8'?>\n<soap-env:Envelope xmlns:soap-env=\"{wsdl.ENVELOPE}\"><soap-env:Body>"
_TAIL = "</soap-env:Body></soap-env:Envelope>"
_NIL = ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"'
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_DOCUMENTS = {SignContent: "content", VerificationContent: "signature"}


@dataclass(frozen=True, slots=True)
class Document:
    """Bytes that are not in memory: how many, and what yields them from their beginning."""

    size: int
    pieces: Callable[[], AsyncIterator[bytes]]


@dataclass(frozen=True, slots=True)
class Envelope:
    """A SOAP message: UTF-8, with documents in between."""

    parts: tuple[bytes | Document, ...]

    @property
    def size(self) -> int:
        """How many bytes the message has."""
        return sum(len(part) if isinstance(part, bytes) else (part.size + 2) // 3 * 4 for part in self.parts)

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield the message. Raises `ValueError` when a document is not of its size, and whatever its source does."""
        for part in self.parts:
            if isinstance(part, bytes):
                yield part
            else:
                async for piece in _encoded(part):
                    yield piece


async def _encoded(document: Document) -> AsyncIterator[bytes]:
    left, rest = document.size, b""
    async for piece in document.pieces():
        left -= len(piece)
        if left < 0:
            break
        whole = rest + piece if rest else piece
        end = len(whole) if left == 0 else len(whole) - len(whole) % 3
        for start in range(0, end, STEP_BYTES):
            yield b64encode(memoryview(whole)[start : min(end, start + STEP_BYTES)])
        rest = whole[end:]
    if left != 0:
        raise ValueError("a document is not of the size that it was said to be of")


def write(name: str, parameters: Mapping[str, Any], documents: Mapping[int, Document] | None = None) -> Envelope:
    """Return the message that calls an operation; `parameters` are text, or dataclasses of the contract.

    `documents` are those of the parameter's contents that are not in memory, by their places. Raises `ValueError` for
    text that no XML can hold.
    """
    out = _Writer(documents or {})
    out.text(f'{_HEAD}<ns0:{name} xmlns:ns0="{wsdl.NAMESPACE}">')
    for parameter, value in parameters.items():
        out.value(parameter, value)
    out.text(f"</ns0:{name}>{_TAIL}")
    return Envelope(out.parts())


class _Writer:
    def __init__(self, documents: Mapping[int, Document]) -> None:
        self._documents = documents
        self._parts: list[bytes | Document] = []
        self._text: list[str] = []

    def parts(self) -> tuple[bytes | Document, ...]:
        self._end_text()
        return tuple(self._parts)

    def text(self, text: str) -> None:
        self._text.append(text)

    def value(self, tag: str, value: Any) -> None:
        self._text.append(f"<ns0:{tag}>")
        if isinstance(value, Document):
            self._document(value)
        elif isinstance(value, bytes):
            self._bytes(value)
        elif isinstance(value, StrEnum):
            self._text.append(value.value)
        elif isinstance(value, str):
            self._text.append(_escaped(value))
        elif isinstance(value, bool | int):
            self._text.append(str(value).lower())
        elif isinstance(value, tuple):
            self._array(value)
        else:
            self._model(value)
        self._text.append(f"</ns0:{tag}>")

    def _model(self, model: Any, document: Document | None = None) -> None:
        streamed = _DOCUMENTS.get(type(model)) if document else None
        for field, tag, optional in _elements(model.__class__):
            value = document if field == streamed else getattr(model, field)
            if value is not None:
                self.value(tag, value)
            elif not optional:
                self._text.append(f"<ns0:{tag}{_NIL}/>")

    def _array(self, items: Sequence[Any]) -> None:
        for place, item in enumerate(items):
            tag = type(item).__name__
            self._text.append(f"<ns0:{tag}>")
            self._model(item, self._documents.get(place))
            self._text.append(f"</ns0:{tag}>")

    def _bytes(self, data: bytes) -> None:
        if len(data) > IN_TEXT_BYTES:
            self._document(Document(len(data), lambda: _whole(data)))
        else:
            self._text.append(b64encode(data).decode("ascii"))

    def _document(self, document: Document) -> None:
        self._end_text()
        self._parts.append(document)

    def _end_text(self) -> None:
        self._parts.append("".join(self._text).encode())
        self._text.clear()


async def _whole(data: bytes) -> AsyncIterator[bytes]:
    yield data


@cache
def _elements(model: type) -> tuple[tuple[str, str, bool], ...]:
    """A dataclass' fields in the schema's order, each with its element and whether that may be left out."""
    named = {element_name(field.name): field.name for field in fields(model)}
    return tuple((named[tag], tag, element.is_optional) for tag, element in wsdl.complex_type(model.__name__).elements)


def _escaped(text: str) -> str:
    if _NO_XML.search(text):
        raise ValueError("a text holds characters that XML cannot")
    return escape(text, {"\r": "&#13;"})
