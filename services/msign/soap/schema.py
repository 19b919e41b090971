"""Does the body of a call look as the WSDL says?

libxml2 judges; the fault names the element and what is wrong with it, never the value, which may be a document.
"""

import re
import threading
from collections.abc import Sequence
from typing import Any

from lxml import etree

from shared.contract.faults import InvalidParameter
from shared.contract.wsdl import schema

_ELEMENT = re.compile(r"Element '(?:\{[^}]*\})?([^']*)'")
_EXPECTED = re.compile(r"Expected is (?:one of )?\( ?([^)]*)\)")
_PREFIX = re.compile(r"\{[^}]*\}")
_MAX_NAME = 80
_WRONG_TYPE = "the value is not of the type that the contract says"

_schemas = threading.local()


def check_body(call: etree._Element, unreadable: Sequence[etree._Element] = ()) -> None:
    """Raise `InvalidParameter` for the first thing that the schema does not allow, or was `unreadable` as base64."""
    found = getattr(_schemas, "schema", None)
    if found is None:
        found = _schemas.schema = schema()
    if not found.validate(call):
        errors: Any = found.error_log
        raise InvalidParameter(describe(errors[0]))
    if unreadable:
        raise InvalidParameter(f"{etree.QName(unreadable[0]).localname}: {_WRONG_TYPE}")


def describe(error: "etree._LogEntry") -> str:
    """One sentence for libxml2's complaint."""
    name = _ELEMENT.match(error.message)
    where = name.group(1)[:_MAX_NAME] if name else "the message"
    return f"{where}: {_sentence(error)}"


def _sentence(error: "etree._LogEntry") -> str:
    kind = error.type_name
    if kind == "SCHEMAV_ELEMENT_CONTENT":
        expected = _EXPECTED.search(error.message)
        names = _PREFIX.sub("", expected.group(1)).strip().replace("'", "") if expected else ""
        missing = "Missing child" in error.message
        said = "an element is missing in it" if missing else "is not allowed here"
        return f"{said}, expected {names}" if names else said
    if kind in {"SCHEMAV_CVC_ELT_3_1", "SCHEMAV_CVC_ELT_3_2_1"}:
        return "must not be nil"
    if "ENUMERATION" in kind:
        return "is none of the allowed values"
    if "DATATYPE" in kind:
        return _WRONG_TYPE
    return "does not match the contract"
