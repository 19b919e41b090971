"""How is a message read as it comes, so that a large one is never in memory as a whole?

The parser is fed piece by piece. The values that may be large, the base64 of `Content` and `Signature`, are decoded as
they pass by and kept beside the tree, in which their elements stay empty. The parser does not even see it: from the
value's start tag up to the next tag, base64 is base64, whatever reads it. Everything else is small in an honest
message, and refused while it is being read where it is not.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from lxml import etree

from shared.contract.base64_text import Base64Text, Value
from shared.contract.safe_xml import PROLOGUE_BYTES, check_prologue, encoding_of, known_charset
from shared.contract.wsdl import NAMESPACE
from shared.errors import Malformed

MAX_ELEMENTS = 50_000
MAX_DEPTH = 32
MAX_ATTRIBUTES = 64
MAX_CHARACTERS = 16 * 1024 * 1024
MAX_MARKUP_BYTES = 256 * 1024
BINARY = frozenset(f"{{{NAMESPACE}}}{name}" for name in ("Content", "Signature"))

_MAY_BEGIN = re.compile(rb"(?:Content|Signature)>")
_LONGEST_BYTES = len(b"Signature")

V = TypeVar("V", bound=Value)


class TooMuch(Malformed):
    """The message is beyond one of the limits above, which the text names."""

    def __init__(self, what: str) -> None:
        super().__init__(f"the message has {what}", code="too_complex")


@dataclass(frozen=True, slots=True)
class Message(Generic[V]):
    """A message: its tree without the binary values, those values by their element, and whose text was not base64."""

    root: etree._Element
    values: dict[etree._Element, V]
    unreadable: Sequence[etree._Element] = ()


class MessageReader(Generic[V]):
    """Reads one message in the encoding that the transport declares, if it does.

    `new_value` makes what takes the bytes of one binary value. Every method raises `TooMuch` for a message beyond the
    limits above, and `Malformed` for what is not well-formed XML, is encoded in another way than UTF-8 or UTF-16, or
    has a document type.
    """

    def __init__(self, charset: str | None, new_value: Callable[[], V]) -> None:
        self._charset = known_charset(charset)
        self._start = b""
        self._tree = _Tree(new_value)
        self._parser: Any = None
        self._silent_bytes = 0
        self._last = b""
        self._looks_for_values = False
        self._passes_by = False

    def only_passes(self, data: bytes) -> bool:
        """Tell whether the next bytes seem to be all of a value, so that they are taken in at next to no cost."""
        return self._passes_by and b"<" not in data

    def feed(self, data: bytes) -> None:
        """Take the next bytes."""
        if self._parser is not None:
            self._take(data)
            return
        self._start += data
        if len(self._start) >= PROLOGUE_BYTES:
            self._begin()

    def close(self) -> Message[V]:
        """Return the message that is complete now."""
        if self._parser is None:
            self._begin()
        try:
            self._parser.close()
        except (etree.XMLSyntaxError, ValueError):
            raise _not_well_formed() from None
        if self._tree.root is None or self._parser.feed_error_log.filter_from_errors():
            raise _not_well_formed()
        message = Message(self._tree.root, self._tree.values, self._tree.unreadable)
        self._parser = None
        self._tree.release()
        return message

    def let_go(self) -> None:
        """Hold no value any more; what `close` returned holds its own.

        The parser and its target refer to each other: by themselves, they go whenever garbage is collected.
        """
        self._tree.release()

    def _begin(self) -> None:
        check_prologue(self._start, self._charset)
        encoding = encoding_of(self._start, self._charset)
        target: Any = self._tree
        self._parser = etree.XMLParser(
            target=target,
            encoding=encoding.replace("-16-", "-16"),
            resolve_entities=False,
            load_dtd=False,
            no_network=True,
        )
        self._looks_for_values = encoding == "utf-8"
        self._take(self._start.removeprefix("\ufeff".encode(encoding)))

    def _take(self, data: bytes) -> None:
        while data:
            if self._passes_by:
                data = self._pass_by(data)
            elif (begins := self._next_value(data)) > 0:
                data = self._begin_value(data, begins)
            else:
                self._parse(data)
                self._last, data = (self._last + data)[-_LONGEST_BYTES:], b""

    def _next_value(self, data: bytes) -> int:
        """The place behind the next bytes that may be a value's start tag; 0 where there are none."""
        found = _MAY_BEGIN.search(self._last + data) if self._looks_for_values else None
        return 0 if found is None else found.end() - len(self._last)

    def _begin_value(self, data: bytes, begins: int) -> bytes:
        """Let the parser have all up to a place; if a value begins there, what follows passes it by."""
        self._parse(data[: begins - 1])
        before = self._tree.events
        self._parse(data[begins - 1 : begins])
        # Only a `>` came, and a value began: the tag was a tag, not in a comment, and nothing is held back behind it.
        self._passes_by = self._tree.value_began and self._tree.events == before + 1
        # Where no tag ends, somebody wrote this on purpose, maybe a million times.
        self._looks_for_values = self._tree.events > before
        self._last = b""
        return data[begins:]

    def _pass_by(self, data: bytes) -> bytes:
        """Take the value's text up to the next tag, if it may be base64; return what is left for the parser."""
        end = data.find(b"<")
        text = data if end < 0 else data[:end]
        taken = self._tree.take(text)
        self._passes_by = taken and end < 0
        return data[len(text) :] if taken else data

    def _parse(self, data: bytes) -> None:
        before = self._tree.events
        try:
            self._parser.feed(data)
        except (etree.XMLSyntaxError, ValueError):
            raise _not_well_formed() from None
        # The parser holds back what it has not understood to its end: one tag, comment or the like.
        self._silent_bytes = self._silent_bytes + len(data) if self._tree.events == before else 0
        if self._silent_bytes > MAX_MARKUP_BYTES:
            raise TooMuch(f"a tag, a comment or a CDATA section longer than {MAX_MARKUP_BYTES} bytes")


@dataclass(slots=True)
class _Tree(Generic[V]):
    """The parser's target: it builds the tree and keeps count."""

    new_value: Callable[[], V]
    events: int = 0
    root: etree._Element | None = None
    values: dict[etree._Element, V] = field(default_factory=dict)
    unreadable: list[etree._Element] = field(default_factory=list)
    value_began: bool = False
    _builder: Any = field(default_factory=etree.TreeBuilder)
    _value: V | None = None
    _binary: Base64Text | None = None
    _elements: int = 0
    _depth: int = 0
    _characters: int = 0

    def start(self, tag: str, attributes: dict[str, str], nsmap: dict[str, str]) -> None:
        self.events += 1
        self._elements += 1
        self._depth += 1
        if self._elements > MAX_ELEMENTS:
            raise TooMuch(f"more than {MAX_ELEMENTS} elements")
        if self._depth > MAX_DEPTH:
            raise TooMuch(f"elements nested more than {MAX_DEPTH} deep")
        if len(attributes) + len(nsmap) > MAX_ATTRIBUTES:
            raise TooMuch(f"more than {MAX_ATTRIBUTES} attributes in one element")
        self._count(len(tag) + sum(map(len, attributes.values())) + sum(map(len, nsmap.values())))
        self._value = self.new_value() if tag in BINARY else None
        self._binary = None if self._value is None else Base64Text(self._value)
        self.value_began = self._value is not None
        self._builder.start(tag, attributes, {prefix or None: uri for prefix, uri in nsmap.items()})

    def take(self, text: bytes) -> bool:
        return self._binary is not None and self._binary.take(text)

    def data(self, text: str) -> None:
        self.events += 1
        self.value_began = False
        if self._binary is not None:
            self._binary.feed(text)
            return
        self._count(len(text))
        self._builder.data(text)

    def end(self, tag: str) -> None:
        self.events += 1
        self.value_began = False
        self._depth -= 1
        element = self._builder.end(tag)
        if self._depth == 0:
            self.root = element
        if self._binary is None or self._value is None:
            return
        if self._binary.close():
            self.values[element] = self._value
        else:
            self.unreadable.append(element)
        self._binary = self._value = None

    def doctype(self, *_: object) -> None:
        raise Malformed("a document type is not allowed", code="document_type")

    def release(self) -> None:
        """Let go of what was built: the parser refers to itself and to this, and stays until garbage is collected."""
        self.root, self.values, self.unreadable = None, {}, []
        self.new_value = _no_more_values
        self._builder = self._value = self._binary = None

    def close(self) -> None:
        """Nothing: the parser calls this after an error, too."""

    def _count(self, characters: int) -> None:
        self._characters += characters
        if self._characters > MAX_CHARACTERS:
            raise TooMuch(f"more than {MAX_CHARACTERS} characters outside Content and Signature")


def _no_more_values() -> Any:
    raise ValueError("the message is read")


def _not_well_formed() -> Malformed:
    return Malformed("the message is not well-formed XML", code="xml")
