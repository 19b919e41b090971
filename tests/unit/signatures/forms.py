"""A small forger: XAdES signatures in forms that other tools make, honest or not.

`Form` says what to make; `make` signs it. `before` may change the finished tree before it is signed, `after` when it
has been.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from lxml import etree

from shared.signatures.keys import MemoryKey
from shared.signatures.timestamps import Timestamper
from shared.signatures.xades.names import BASE64, C14N_10, C14N_11, ENVELOPED

DS = "http://www.w3.org/2000/09/xmldsig#"
XADES = "http://uri.etsi.org/01903/v1.3.2#"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
DIGESTS = {
    "http://www.w3.org/2000/09/xmldsig#sha1": "sha1",
    "http://www.w3.org/2001/04/xmldsig-more#sha224": "sha224",
    SHA256: "sha256",
    "http://www.w3.org/2001/04/xmldsig-more#sha384": "sha384",
    "http://www.w3.org/2001/04/xmlenc#sha512": "sha512",
}
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"


@dataclass(frozen=True)
class Ref:
    """One reference: its URI, the transforms (XML fragments or identifiers) and the octets to digest."""

    uri: str | None
    octets: Callable[[Any], bytes]
    transforms: tuple[str, ...] = ()
    type: str = ""


@dataclass(frozen=True)
class Form:
    references: tuple[Ref, ...]
    objects: str = ""
    digest: str = SHA256
    method: str = RSA_SHA256
    scheme: Callable[[bytes, MemoryKey], bytes] | None = None
    c14n: str = C14N_10
    certificate_version: int = 1
    certificate_digest: Callable[[bytes], bytes] = lambda der: hashlib.sha256(der).digest()
    sign_properties: bool = True
    properties: bool = True
    bind: bool = True
    wrap: str = "{signature}"
    before: Callable[[Any], None] | None = None
    prefix: str = ""


def make(form: Form, key: MemoryKey, der: bytes | None = None) -> bytes:
    """The signed document; the signature stands where `wrap` says `{signature}`."""
    certificate = der or key.certificate.public_bytes(serialization.Encoding.DER)
    root = tree(form.wrap.replace("{signature}", _template(form, certificate)))
    signature = root if root.tag == f"{{{DS}}}Signature" else root.xpath(f"//*[@Id='{form.prefix}sig']")[0]
    if form.before:
        form.before(root)
    info = signature[0]
    references = [one for one in info if one.tag == f"{{{DS}}}Reference"]
    offset = 0
    if form.properties and form.sign_properties:
        signed = signature.find(f".//{{{XADES}}}SignedProperties")
        _put(references[0], form, c14n(signed))
        offset = 1
    for node, reference in zip(references[offset:], form.references, strict=True):
        _put(node, form, reference.octets(root))
    octets = c14n(info, exclusive=form.c14n.startswith(EXCLUSIVE))
    value = form.scheme(octets, key) if form.scheme else rsa_pkcs1(octets, key)
    signature[1].text = base64.b64encode(value).decode()
    return bytes(etree.tostring(root))


async def stamped(document: bytes, timestamper: Timestamper) -> bytes:
    """The signed document with a signature timestamp."""
    root = tree(document)
    value = next(root.iter(f"{{{DS}}}SignatureValue"))
    token = await timestamper.stamp(hashlib.sha256(c14n(value)).digest(), "sha256")
    holder = next(root.iter(f"{{{XADES}}}QualifyingProperties"))
    for name in ("UnsignedProperties", "UnsignedSignatureProperties", "SignatureTimeStamp", "EncapsulatedTimeStamp"):
        holder = etree.SubElement(holder, f"{{{XADES}}}{name}")
    holder.text = base64.b64encode(token).decode()
    return bytes(etree.tostring(root))


def rsa_pkcs1(octets: bytes, key: MemoryKey, algorithm: hashes.HashAlgorithm | None = None) -> bytes:
    return _rsa(key).sign(octets, padding.PKCS1v15(), algorithm or hashes.SHA256())


def rsa_pss(octets: bytes, key: MemoryKey) -> bytes:
    return _rsa(key).sign(octets, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())


def tree(data: bytes | str) -> Any:
    """The root element; `Any`, since tests know what they find below it."""
    return etree.fromstring(data)


def c14n(node: Any, *, exclusive: bool = False) -> bytes:
    return bytes(etree.tostring(node, method="c14n", exclusive=exclusive, with_comments=False))


def _rsa(key: MemoryKey) -> rsa.RSAPrivateKey:
    assert isinstance(key._private_key, rsa.RSAPrivateKey)
    return key._private_key


def by_id(name: str) -> Callable[[Any], bytes]:
    return lambda root: c14n(root.xpath(f"//*[@Id='{name}']")[0])


def without_signature(root: Any) -> bytes:
    copy = tree(etree.tostring(root))
    for node in copy.findall(f".//{{{DS}}}Signature"):
        node.getparent().remove(node)
    return c14n(copy)


def enveloped() -> Ref:
    return Ref("", without_signature, (ENVELOPED,))


def holding(content: bytes, name: str = "content") -> str:
    """An object with base64 in it."""
    return f'<ds:Object Id="{name}">{base64.b64encode(content).decode()}</ds:Object>'


_ACT = holding(hashlib.sha256(b"an act").digest())
FORMS = {
    "enveloping": Form((Ref("#content", by_id("content")),), _ACT),
    "base64": Form((Ref("#content", lambda _: hashlib.sha256(b"an act").digest(), (BASE64,)),), _ACT),
    "exclusive, version 2": Form(
        (Ref("#content", by_id("content")),),
        _ACT,
        c14n=EXCLUSIVE,
        certificate_version=2,
    ),
    "enveloped": Form((enveloped(),), wrap="<act><text>an act</text>{signature}</act>"),
    "beside": Form((Ref("#act", by_id("act")),), wrap='<all><act Id="act">an act</act>{signature}</all>'),
    "below an xml:base": Form(
        (Ref("#act", lambda _: b'<act Id="act" xml:base="http://act.md/a/">an act</act>', (C14N_11,)),),
        wrap='<all><acts xml:base="http://act.md/a/" xml:id="a"><act Id="act">an act</act></acts>{signature}</all>',
    ),
    "below two xml:bases": Form(
        (Ref("#act", lambda _: b'<act Id="act" xml:base="http://act.md/b/c">an act</act>', (C14N_11,)),),
        wrap='<all><a xml:base="http://act.md/a/"><act Id="act" xml:base="../b/c">an act</act></a>{signature}</all>',
    ),
}


def _put(node: Any, form: Form, octets: bytes) -> None:
    node.find(f"{{{DS}}}DigestValue").text = base64.b64encode(
        hashlib.new(DIGESTS[form.digest], octets).digest()
    ).decode()


def _template(form: Form, certificate: bytes) -> str:
    signed = ""
    if form.properties and form.sign_properties:
        signed = _reference(Ref("#props", lambda _: b"", type="http://uri.etsi.org/01903#SignedProperties"), form)
    references = signed + "".join(_reference(one, form) for one in form.references)
    text = (
        f'<ds:Signature xmlns:ds="{DS}" xmlns:xades="{XADES}" Id="sig"><ds:SignedInfo>'
        f'<ds:CanonicalizationMethod Algorithm="{form.c14n}"/><ds:SignatureMethod Algorithm="{form.method}"/>'
        f'{references}</ds:SignedInfo><ds:SignatureValue Id="value"></ds:SignatureValue><ds:KeyInfo><ds:X509Data>'
        f"<ds:X509Certificate>{base64.b64encode(certificate).decode()}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>"
        f"{_properties(form, certificate) if form.properties else ''}{form.objects}</ds:Signature>"
    )
    for name in ("sig", "props", "value"):
        text = text.replace(f'"{name}"', f'"{form.prefix}{name}"').replace(f'"#{name}"', f'"#{form.prefix}{name}"')
    return text


def _reference(one: Ref, form: Form) -> str:
    uri = "" if one.uri is None else f' URI="{one.uri}"'
    kind = f' Type="{one.type}"' if one.type else ""
    steps = "".join(t if t.startswith("<") else f'<ds:Transform Algorithm="{t}"/>' for t in one.transforms)
    steps = f"<ds:Transforms>{steps}</ds:Transforms>" if steps else ""
    return (
        f'<ds:Reference{uri}{kind}>{steps}<ds:DigestMethod Algorithm="{form.digest}"/>'
        "<ds:DigestValue></ds:DigestValue></ds:Reference>"
    )


def _properties(form: Form, certificate: bytes) -> str:
    bound = base64.b64encode(form.certificate_digest(certificate)).decode()
    name = "SigningCertificate" + ("V2" if form.certificate_version == 2 else "")
    cert = (
        f'<xades:{name}><xades:Cert><xades:CertDigest><ds:DigestMethod Algorithm="{SHA256}"/>'
        f"<ds:DigestValue>{bound}</ds:DigestValue></xades:CertDigest></xades:Cert></xades:{name}>"
    )
    return (
        '<ds:Object><xades:QualifyingProperties Target="#sig"><xades:SignedProperties Id="props">'
        "<xades:SignedSignatureProperties><xades:SigningTime>2026-01-01T10:00:00+02:00</xades:SigningTime>"
        f"{cert if form.bind else ''}</xades:SignedSignatureProperties></xades:SignedProperties>"
        "</xades:QualifyingProperties></ds:Object>"
    )
