"""How does a fault look on the wire? (SOAP 1.1 section 4.4)"""

from lxml import etree

from shared.contract.faults import MSignFault
from shared.contract.wsdl import ENVELOPE, NAMESPACE


def write_fault(fault: Exception) -> tuple[str, bytes]:
    """The code and the envelope for an exception; what is not ours to tell becomes a plain `Server` fault."""
    code = getattr(fault, "code", "") or "Server"
    text = str(fault) if hasattr(fault, "code") else "The service could not do this because of an error of its own"
    prefix = "msign" if isinstance(fault, MSignFault) else "s"
    envelope = etree.Element(f"{{{ENVELOPE}}}Envelope", nsmap={"s": ENVELOPE, "msign": NAMESPACE})
    body = etree.SubElement(envelope, f"{{{ENVELOPE}}}Body")
    element = etree.SubElement(body, f"{{{ENVELOPE}}}Fault")
    etree.SubElement(element, "faultcode").text = f"{prefix}:{code}"
    sentence = etree.SubElement(element, "faultstring")
    sentence.set("{http://www.w3.org/XML/1998/namespace}lang", "en")
    sentence.text = text
    return code, etree.tostring(envelope, xml_declaration=True, encoding="utf-8")
