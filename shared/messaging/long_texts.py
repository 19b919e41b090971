"""How is a command read without copies of the documents in it?

Most of a large command is base64. It stays where it is, in the message's own bytes: only the JSON around it is parsed,
and the digest of what the command says is taken over both in turn.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from secrets import token_hex
from typing import Any

import orjson
from pybase64 import b64decode

LONG_BYTES = 16 * 1024
"""From which length a text is long; of shorter ones a copy costs nothing."""
FIELDS = ("content", "signature")
"""Where in the `contents` of a command's data long texts stay in place."""

_PIECE_BYTES = 64 * 1024
_MARK = f"@{token_hex(16)}@"
"""What nobody can guess, and what needs no escape in JSON."""


@dataclass(frozen=True, slots=True)
class LongText:
    """Characters of base64, as a part of the message that they came in."""

    characters: memoryview

    def __len__(self) -> int:
        return len(self.characters)

    @property
    def padding(self) -> int:
        """How many of the last two characters only fill up."""
        return bytes(self.characters[-2:]).count(b"=")

    def decoded(self) -> bytes:
        """Return the bytes that it stands for. Raises `ValueError` where padding stands in between."""
        return b64decode(self.characters, validate=True)


def loads(body: bytes) -> Any:
    """Return what a command's JSON says, long texts among its contents as `LongText`.

    Raises `orjson.JSONDecodeError`, exactly if `orjson.loads` does.
    """
    around, texts = _parted(body)
    if texts:
        said = orjson.loads(around)
        if _put_back(said, texts) == len(texts):
            return said
    return orjson.loads(body)  # nothing is long, or it stands where it must not


def digest_of(said: object) -> bytes:
    """Return the SHA-256 of the JSON of what was loaded, its keys sorted: the same, however it was loaded.

    Raises `orjson.JSONEncodeError` where it is nested deeper than orjson writes (254 levels; it reads 1023).
    """
    texts: list[LongText] = []

    def marked(text: object) -> str:
        if not isinstance(text, LongText):
            raise TypeError
        texts.append(text)
        return _MARK

    option = orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATACLASS
    first, *others = orjson.dumps(said, default=marked, option=option).split(_MARK.encode())
    digest = hashlib.sha256(first)
    for text, behind in zip(texts, others, strict=True):
        digest.update(text.characters)
        digest.update(behind)
    return digest.digest()


def _parted(body: bytes) -> tuple[bytes, dict[str, LongText]]:
    """Return the JSON with a mark for each long text, and those by their marks.

    A text that is base64 all over has no escape in it, so that it ends at the next quote. Should it be none, because
    its first quote belongs to another text, its mark stands within that, and nobody finds it.
    """
    whole = memoryview(body)
    pieces: list[bytes | memoryview] = []
    texts: dict[str, LongText] = {}
    at = 0
    for begin, end in _far_quotes(body):
        if _is_base64(whole[begin:end]):
            mark = f"{_MARK}{len(texts)}"
            texts[mark] = LongText(whole[begin:end])
            pieces += (whole[at:begin], mark.encode())
            at = end
    return b"".join((*pieces, whole[at:])) if texts else body, texts


def _far_quotes(body: bytes) -> Iterator[tuple[int, int]]:
    """Yield the places between quotes that follow each other so far apart; not every quote is looked at for that."""
    begin = body.find(b'"') + 1
    while 0 < begin <= len(body) - LONG_BYTES:
        if last := body.rfind(b'"', begin, begin + LONG_BYTES) + 1:
            begin = last
            continue
        end = body.find(b'"', begin + LONG_BYTES)
        if end >= 0:
            yield begin, end
        begin = end + 1


def _is_base64(characters: memoryview) -> bool:
    try:
        for start in range(0, len(characters), _PIECE_BYTES):
            b64decode(characters[start : start + _PIECE_BYTES], validate=True)
    except ValueError:
        return False
    return True


def _put_back(said: Any, texts: Mapping[str, LongText]) -> int:
    """Put texts into the contents of a command's data in place of their marks; returns how many were there."""
    data = said.get("data") if isinstance(said, dict) else None
    contents = data.get("contents") if isinstance(data, dict) else None
    found = 0
    for item in contents if isinstance(contents, list) else []:
        for name in FIELDS if isinstance(item, dict) else ():
            mark = item.get(name)
            if isinstance(mark, str) and mark in texts:
                item[name] = texts[mark]
                found += 1
    return found
