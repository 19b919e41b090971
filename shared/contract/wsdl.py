"""What does the WSDL say? The one description that client and provider both work from.

The document is read once a process; nothing in it leads anywhere else.
"""

import functools
from pathlib import Path
from typing import Any

import zeep
from lxml import etree

NAMESPACE = "https://msign.gov.md"
OPERATIONS = ("PostSignRequest", "GetSignResponse", "VerifySignatures")
PORT_TYPE = "IMSign"
ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
WSDL = Path(__file__).parent / "msign.wsdl"

_BINDING = f"{{{NAMESPACE}}}BasicHttpBinding_IMSign"
_SCHEMA = "{http://schemas.xmlsoap.org/wsdl/}types/{http://www.w3.org/2001/XMLSchema}schema"
_ADDRESS = ".//{http://schemas.xmlsoap.org/wsdl/soap/}address"


@functools.cache
def document() -> Any:
    """The WSDL as zeep's `Document`: its types parse and serialise every message."""
    settings = zeep.Settings(
        strict=True, xml_huge_tree=True, forbid_dtd=True, forbid_entities=True, forbid_external=True
    )
    transport: Any = zeep.Transport()  # type: ignore[no-untyped-call]
    return zeep.wsdl.Document(str(WSDL), transport, settings=settings)


def operation(name: str) -> Any:
    """One operation of the binding: `input` and `output` messages. Raises `ValueError` for an unknown one."""
    return document().bindings[_BINDING].get(name)


def element(name: str) -> Any:
    """A global element of the schema, as zeep's type."""
    return document().types.get_element(f"{{{NAMESPACE}}}{name}")


def complex_type(name: str) -> Any:
    """A type of the schema, as zeep's: its `elements` have their order, and say what may be left out."""
    return document().types.get_type(f"{{{NAMESPACE}}}{name}")


def soap_action(name: str) -> str:
    """The SOAPAction of an operation, without quotes."""
    return f"{NAMESPACE}/{PORT_TYPE}/{name}"


def schema() -> etree.XMLSchema:
    """The inline schema, ready to validate (not to be shared between threads: it keeps its errors)."""
    (found,) = etree.parse(WSDL).iterfind(_SCHEMA)
    return etree.XMLSchema(found)


def described_at(address: str) -> bytes:
    """The WSDL with `address` as the place where the service is."""
    tree = etree.parse(WSDL)
    for place in tree.iterfind(_ADDRESS):
        place.set("location", address)
    return etree.tostring(tree, xml_declaration=True, encoding="utf-8")
