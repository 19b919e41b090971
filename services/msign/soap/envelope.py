"""Which operation does a SOAP message call? (SOAP 1.1 sections 4 and 6)"""

from lxml import etree

from shared.contract.wsdl import ENVELOPE, NAMESPACE, OPERATIONS, soap_action
from shared.errors import MSignGatewayError

NEXT_ACTOR = "http://schemas.xmlsoap.org/soap/actor/next"
WCF_ADDRESSING = "http://schemas.microsoft.com/ws/2005/05/addressing/none"
UNDERSTOOD = frozenset({f"{{{WCF_ADDRESSING}}}Action", f"{{{WCF_ADDRESSING}}}To"})


class SoapFault(MSignGatewayError):
    """The message breaks SOAP's own rules; `code` is one of SOAP 1.1's fault codes (section 4.4.1)."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


def find_call(envelope: etree._Element, action: str | None) -> etree._Element:
    """Return the body's element, which is named like an operation.

    `action` is the SOAPAction header as it came: quoted, unquoted, empty or absent. Raises `SoapFault`.
    """
    _check_version(envelope)
    _check_headers(envelope)
    call = _only_child(envelope)
    name = etree.QName(call)
    if name.namespace != NAMESPACE or name.localname not in OPERATIONS:
        raise SoapFault("Client", f"the body must hold one of {', '.join(OPERATIONS)} of {NAMESPACE}")
    _check_action(action, name.localname)
    return call


def _check_version(envelope: etree._Element) -> None:
    name = etree.QName(envelope)
    if name.localname != "Envelope":
        raise SoapFault("Client", "the message is not a SOAP envelope")
    if name.namespace != ENVELOPE:
        raise SoapFault("VersionMismatch", "only SOAP 1.1 is spoken here")


def _check_headers(envelope: etree._Element) -> None:
    for header in envelope.iterfind(f"{{{ENVELOPE}}}Header/*"):
        needed = header.get(f"{{{ENVELOPE}}}mustUnderstand", "0").strip() in {"1", "true"}
        ours = header.get(f"{{{ENVELOPE}}}actor", NEXT_ACTOR) in {NEXT_ACTOR, ""}
        if needed and ours and header.tag not in UNDERSTOOD:
            raise SoapFault("MustUnderstand", f"the header {etree.QName(header).localname} is not understood")


def _only_child(envelope: etree._Element) -> etree._Element:
    bodies = envelope.findall(f"{{{ENVELOPE}}}Body")
    if len(bodies) != 1 or len(bodies[0]) != 1:
        raise SoapFault("Client", "the envelope must have one body with one element in it")
    return bodies[0][0]


def _check_action(action: str | None, name: str) -> None:
    told = (action or "").strip().strip('"').strip()
    if told and told != soap_action(name):
        raise SoapFault("Client", f"the SOAPAction does not belong to {name}")
