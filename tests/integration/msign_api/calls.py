"""Calls written by hand, so that they can break any rule, and what their answers say."""

import base64

from lxml import etree

SOAP_11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP_12 = "http://www.w3.org/2003/05/soap-envelope"
XML = {"Content-Type": "text/xml; charset=utf-8"}
NIL = 'i:nil="true"'
IDNP = "2000000000007"
_ROOT = 'xmlns="https://msign.gov.md" xmlns:i="http://www.w3.org/2001/XMLSchema-instance"'


def envelope(call: str, header: str = "", namespace: str = SOAP_11) -> str:
    head = f"<s:Header>{header}</s:Header>" if header else ""
    return f'<s:Envelope xmlns:s="{namespace}">{head}<s:Body>{call}</s:Body></s:Envelope>'


def call(name: str, inner: str) -> str:
    return envelope(f"<{name} {_ROOT}>{inner}</{name}>")


def element(name: str, text: str) -> str:
    return f"<{name}>{text}</{name}>"


def binary(name: str, data: bytes) -> str:
    return element(name, base64.b64encode(data).decode())


def content(data: bytes | None = b"1" * 32, *, before: str = "", after: str = "") -> str:
    """A SignContent; `after` are the elements that follow its Content."""
    return element("SignContent", before + ("" if data is None else binary("Content", data)) + after)


def post(
    *contents: str,
    kind: str = "Hash",
    description: str = "",
    signer: str = "",
    short: str = "<ShortContentDescription>Cerere</ShortContentDescription>",
    reason: str = "",
) -> str:
    """A PostSignRequest with these contents, or with one good hash."""
    all_contents = element("Contents", "".join(contents or (content(),)))
    parts = (description, element("ContentType", kind), all_contents, signer, short, reason)
    return call("PostSignRequest", element("request", "".join(parts)))


def signer(identity: str = element("ID", IDNP), *, delegator: str = "") -> str:
    return element("ExpectedSigner", delegator + identity)


def get(request_id: str = element("requestID", "0" * 32), language: str = "") -> str:
    return call("GetSignResponse", request_id + language)


def signature(data: bytes | None = b"<a/>", *, content: bytes | None = b"1" * 32, correlation: str = "") -> str:
    """A VerificationContent."""
    parts = "" if content is None else binary("Content", content)
    return element("VerificationContent", parts + correlation + ("" if data is None else binary("Signature", data)))


def verify(*contents: str, kind: str = "Hash", language: str = "") -> str:
    parts = element("Contents", "".join(contents)) + language + element("SignedContentType", kind)
    return call("VerifySignatures", element("request", parts))


def request_id(answer: bytes) -> str:
    return etree.fromstring(answer).findtext(".//{https://msign.gov.md}PostSignRequestResult", "")


def fault(answer: bytes) -> tuple[str, str]:
    """The fault code's local name and the sentence; two empty texts when the answer is no fault."""
    root = etree.fromstring(answer)
    return root.findtext(".//faultcode", "").rpartition(":")[2], root.findtext(".//faultstring", "")
