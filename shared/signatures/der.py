"""Which elements is a strictly encoded message made of? (DER, X.690 section 10)

For the few messages that come with every signature: asn1crypto, which reads anything, takes many times as long.
"""

from __future__ import annotations

from dataclasses import dataclass

BOOLEAN, INTEGER, BIT_STRING, OCTET_STRING, NULL, IDENTIFIER = 0x01, 0x02, 0x03, 0x04, 0x05, 0x06
GENERALIZED_TIME, SEQUENCE, SET = 0x18, 0x30, 0x31


class NotStrict(ValueError):
    """The bytes are no strict encoding, or not that of what was expected."""


@dataclass(slots=True)
class Element:
    """One element within `data`: its identifier octet is at `begin`, its content from `body` to `end`."""

    data: bytes
    tag: int
    begin: int
    body: int
    end: int

    @property
    def content(self) -> bytes:
        """What is inside."""
        return self.data[self.body : self.end]

    @property
    def encoding(self) -> bytes:
        """The element as a whole."""
        return self.data[self.begin : self.end]

    def retagged(self, tag: int) -> bytes:
        """The element as a whole with another identifier octet, as implicit tags are taken off."""
        return bytes((tag,)) + self.data[self.begin + 1 : self.end]

    def children(self, *tags: int) -> list[Element]:
        """The elements inside; raises `NotStrict` unless they have these tags, where any are given."""
        found = split(self.data, self.body, self.end)
        if tags and tuple([one.tag for one in found]) != tags:
            raise NotStrict("other elements than expected")
        return found


def only(data: bytes, tag: int) -> Element:
    """The one element that `data` is; raises `NotStrict` for anything else."""
    found = split(data, 0, len(data))
    if len(found) != 1 or found[0].tag != tag:
        raise NotStrict("not one element of the kind expected")
    return found[0]


def split(data: bytes, begin: int, end: int) -> list[Element]:
    """The elements side by side between two places; raises `NotStrict` where they do not fill it exactly."""
    found = []
    while begin < end:
        if end - begin < 2 or data[begin] & 0x1F == 0x1F:
            raise NotStrict("a broken element, or one with a large tag")
        size, body = data[begin + 1], begin + 2
        if size >= 0x80:
            body += size - 0x80
            size = int.from_bytes(data[begin + 2 : body], "big")
            if not 1 <= body - begin - 2 <= 4 or size < max(0x80, 1 << 8 * (body - begin - 3)):
                raise NotStrict("a length that is not written in the shortest way")
        if body + size > end:
            raise NotStrict("an element that is longer than what it is in")
        found.append(Element(data, data[begin], begin, body, body + size))
        begin = body + size
    return found
