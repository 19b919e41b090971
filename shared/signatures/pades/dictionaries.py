"""What does a dictionary say that has one key twice? (ISO 32000-2, 7.3.7: it must not)

Most readers take the last value, and pyHanko the first. Here the others are kept as well, each under a key that no file
can have: so whoever compares two revisions sees them all.
"""

from __future__ import annotations

import os
from typing import Any

from pyhanko.pdf_utils import generic, misc
from pyhanko.pdf_utils.metadata.xmp_xml import MetadataStream

AGAIN = "\udcff"
"""What is in the key of a further value: half of a character, which no name in a file can be read as."""

_non_whitespace: Any = misc.read_non_whitespace
_read_object: Any = generic.read_object
_read_name: Any = generic.NameObject.read_from_stream
_Dictionary: Any = generic.DictionaryObject
_NOT_IN_CONTENT = generic.ContentOpReading.NO


class Again(generic.NameObject):
    """The key of a further value; it is written as the file has it."""

    def write_to_stream(self, stream: Any, handler: Any = None, container_ref: Any = None) -> None:
        """Write the key without what tells it from the first."""
        generic.NameObject(self.partition(AGAIN)[0]).write_to_stream(stream, handler, container_ref)


def read_dictionary(
    stream: Any,
    container_ref: Any,
    as_metadata_stream: bool = False,
    in_content_stream: generic.ContentOpReading = _NOT_IN_CONTENT,
) -> Any:
    """The dictionary or stream whose `<<` the stream is at; afterwards the stream is behind it.

    Raises pyHanko's errors for what is none, and in strict reading where a key has two values.
    """
    if stream.read(2) != b"<<":
        raise misc.PdfReadError("a dictionary must begin with <<")
    handler = container_ref.get_pdf_handler()
    entries: dict[generic.NameObject, Any] = {}
    while _non_whitespace(stream) != b">":
        stream.seek(-1, os.SEEK_CUR)
        key = _read_key(stream)
        _non_whitespace(stream, seek_back=True)
        value = _read_object(stream, container_ref, in_content_stream=in_content_stream)
        if key in entries and handler.strict:
            raise misc.PdfStrictReadError("a dictionary has two values for one key")
        if key in entries and entries[key] != value:
            key = Again(f"{key}{AGAIN}{len(entries)}")
        entries[key] = value
    stream.read(1)
    payload = None if in_content_stream else generic._maybe_read_stream_payload(stream, entries, handler)
    if payload is None:
        return _Dictionary(entries)
    return (MetadataStream if as_metadata_stream else generic.StreamObject)(entries, encoded_data=payload)


def _read_key(stream: Any) -> Any:
    try:
        return _read_name(stream)
    except Exception as error:
        raise misc.PdfReadError("the key of a dictionary must be a name") from error


def says_twice(dictionary: Any) -> bool:
    """Whether a key of a dictionary has two values."""
    return any(isinstance(key, Again) for key in dictionary)


def teach_pyhanko() -> None:
    """Let all of pyHanko's readers in this process read dictionaries as this module does."""
    setattr(generic.DictionaryObject, "read_from_stream", staticmethod(read_dictionary))  # noqa: B010 - a method
