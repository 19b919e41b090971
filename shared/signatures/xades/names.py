"""Which XML names does XAdES use?"""

from __future__ import annotations

from shared.signatures.algorithms import DS

XADES = "http://uri.etsi.org/01903/v1.3.2#"
XADES_132 = XADES
XADES_122 = "http://uri.etsi.org/01903/v1.2.2#"
XADES_111 = "http://uri.etsi.org/01903/v1.1.1#"
XADES_NAMESPACES = frozenset({XADES_132, XADES_122, XADES_111})
XADES_141 = "http://uri.etsi.org/01903/v1.4.1#"

TYPE_SIGNED_PROPERTIES = "http://uri.etsi.org/01903#SignedProperties"
TYPES_SIGNED_PROPERTIES = frozenset(
    {
        TYPE_SIGNED_PROPERTIES,
        "http://uri.etsi.org/01903/v1.1.1#SignedProperties",
        "http://uri.etsi.org/01903/v1.2.2#SignedProperties",
        "http://uri.etsi.org/01903/v1.3.2#SignedProperties",
    }
)
TYPE_MANIFEST = DS + "Manifest"
TYPE_COUNTERSIGNED = "http://uri.etsi.org/01903#CountersignedSignature"

C14N_10 = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
C14N_11 = "http://www.w3.org/2006/12/xml-c14n11"
C14N_EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
BASE64 = DS + "base64"
ENVELOPED = DS + "enveloped-signature"
XPATH = "http://www.w3.org/TR/1999/REC-xpath-19991116"
XPATH_FILTER2 = "http://www.w3.org/2002/06/xmldsig-filter2"


def ds(name: str) -> str:
    """The Clark name of an XMLDSig element."""
    return f"{{{DS}}}{name}"


def xades(name: str) -> str:
    """The Clark name of an element of XAdES 1.3.2."""
    return f"{{{XADES}}}{name}"
