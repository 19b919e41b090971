"""How is a XAdES-T signature over a hash made? (`signature-profile.md`, TS 101 903)"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from lxml import etree

from shared.errors import Malformed
from shared.signatures.algorithms import DS, digest, digest_of_length, uri_of_digest, uri_of_scheme
from shared.signatures.xades.canonical import PLAIN, canonical_element
from shared.signatures.xades.names import BASE64, C14N_10, TYPE_SIGNED_PROPERTIES, XADES, ds, xades

if TYPE_CHECKING:
    from datetime import datetime

    from shared.signatures.keys import SigningKey
    from shared.signatures.timestamps import Timestamper


@dataclass(frozen=True, slots=True)
class _Names:
    """The Ids of one signature's parts; all carry the same random part."""

    signature: str
    value: str
    properties: str
    reference: str
    file_object: str

    @classmethod
    def fresh(cls) -> _Names:
        one = str(uuid4())
        return cls(
            f"Signature-{one}", f"SignatureValue-{one}", f"SignedProperties-{one}", f"Reference-{one}",
            f"FileObject-{one}",
        )  # fmt: skip


async def sign_hash(
    content: bytes,
    key: SigningKey,
    timestamper: Timestamper,
    *,
    signed_at: datetime,
    digest_name: str = "sha256",
    detached_as: str | None = None,
) -> bytes:
    """A standalone XAdES-T document that commits to the hash `content`.

    By default the hash stands in the signature (enveloping). With `detached_as`, a URI such as `file:/act.pdf`, the
    reference's DigestValue is the hash itself and the document stays outside.

    Raises `Malformed` for an empty hash, a naive time, or a detached hash whose length is no known digest's;
    `Transient` when no timestamp can be had.
    """
    if not content:
        raise Malformed("there is no hash to sign", code="empty")
    if signed_at.tzinfo is None:
        raise Malformed("the signing time needs an offset", code="naive_time")
    names = _Names.fresh()
    root = _skeleton(content, key.certificate, signed_at, names, digest_name, detached_as)
    _fill_digests(root, names, digest_name)
    signed_info, value = next(root.iter(ds("SignedInfo"))), next(root.iter(ds("SignatureValue")))
    value.text = _text(_xml_value(await key.sign(canonical_element(signed_info, PLAIN), digest_name), key.certificate))
    token = await timestamper.stamp(digest("sha256", canonical_element(value, PLAIN)), "sha256")
    _attach_timestamp(root, token)
    return bytes(etree.tostring(root, encoding="UTF-8", xml_declaration=True))


def _skeleton(
    content: bytes,
    certificate: x509.Certificate,
    signed_at: datetime,
    names: _Names,
    digest_name: str,
    detached_as: str | None,
) -> etree._Element:
    """The whole signature but for the digests inside, the signature value and the timestamp."""
    root = etree.Element(ds("Signature"), {"Id": names.signature}, nsmap={"ds": DS, "xades": XADES})
    _signed_info(root, content, certificate, names, digest_name, detached_as)
    etree.SubElement(root, ds("SignatureValue"), {"Id": names.value})
    data = etree.SubElement(etree.SubElement(root, ds("KeyInfo")), ds("X509Data"))
    der = certificate.public_bytes(serialization.Encoding.DER)
    etree.SubElement(data, ds("X509Certificate")).text = _text(der)
    _qualifying_properties(root, certificate, signed_at, names, digest_name)
    if detached_as is None:
        holder = etree.SubElement(root, ds("Object"), {"Id": names.file_object, "Encoding": BASE64})
        holder.text = _text(content)
    return root


def _signed_info(
    root: etree._Element,
    content: bytes,
    certificate: x509.Certificate,
    names: _Names,
    digest_name: str,
    detached_as: str | None,
) -> None:
    info = etree.SubElement(root, ds("SignedInfo"))
    etree.SubElement(info, ds("CanonicalizationMethod"), {"Algorithm": C14N_10})
    family = "ecdsa" if isinstance(certificate.public_key(), ec.EllipticCurvePublicKey) else "rsa"
    etree.SubElement(info, ds("SignatureMethod"), {"Algorithm": uri_of_scheme(family, digest_name)})
    _reference(info, {"Type": TYPE_SIGNED_PROPERTIES, "URI": "#" + names.properties}, digest_name)
    if detached_as is None:
        _reference(info, {"Id": names.reference, "URI": "#" + names.file_object}, digest_name)
        return
    named = digest_of_length(len(content))
    if named is None:
        raise Malformed(f"a detached signature needs a digest, not {len(content)} bytes", code="digest_length")
    value = _reference(info, {"Id": names.reference, "URI": detached_as}, named)
    value.text = _text(content)


def _reference(info: etree._Element, attributes: dict[str, str], digest_name: str) -> etree._Element:
    reference = etree.SubElement(info, ds("Reference"), attributes)
    etree.SubElement(reference, ds("DigestMethod"), {"Algorithm": uri_of_digest(digest_name)})
    return etree.SubElement(reference, ds("DigestValue"))


def _qualifying_properties(
    root: etree._Element, certificate: x509.Certificate, signed_at: datetime, names: _Names, digest_name: str
) -> None:
    holder = etree.SubElement(root, ds("Object"))
    qualifying = etree.SubElement(holder, xades("QualifyingProperties"), {"Target": "#" + names.signature})
    signed = etree.SubElement(qualifying, xades("SignedProperties"), {"Id": names.properties})
    about_signature = etree.SubElement(signed, xades("SignedSignatureProperties"))
    etree.SubElement(about_signature, xades("SigningTime")).text = signed_at.isoformat(timespec="seconds")
    cert = etree.SubElement(etree.SubElement(about_signature, xades("SigningCertificate")), xades("Cert"))
    cert_digest = etree.SubElement(cert, xades("CertDigest"))
    etree.SubElement(cert_digest, ds("DigestMethod"), {"Algorithm": uri_of_digest(digest_name)})
    der = certificate.public_bytes(serialization.Encoding.DER)
    etree.SubElement(cert_digest, ds("DigestValue")).text = _text(digest(digest_name, der))
    issuer_serial = etree.SubElement(cert, xades("IssuerSerial"))
    etree.SubElement(issuer_serial, ds("X509IssuerName")).text = certificate.issuer.rfc4514_string()
    etree.SubElement(issuer_serial, ds("X509SerialNumber")).text = str(certificate.serial_number)
    about_data = etree.SubElement(signed, xades("SignedDataObjectProperties"))
    form = etree.SubElement(about_data, xades("DataObjectFormat"), {"ObjectReference": "#" + names.reference})
    etree.SubElement(form, xades("MimeType")).text = "application/octet-stream"


def _fill_digests(root: etree._Element, names: _Names, digest_name: str) -> None:
    """Digest what our own references point at; a detached reference's value stands already."""
    by_id = {"#" + node.get("Id", ""): node for node in root.iter(ds("Object"), xades("SignedProperties"))}
    for reference in root.iter(ds("Reference")):
        target = by_id.get(reference.get("URI", ""))
        if target is not None:
            next(reference.iter(ds("DigestValue"))).text = _text(digest(digest_name, canonical_element(target, PLAIN)))


def _attach_timestamp(root: etree._Element, token: bytes) -> None:
    qualifying = next(root.iter(xades("QualifyingProperties")))
    unsigned = etree.SubElement(qualifying, xades("UnsignedProperties"))
    holder = etree.SubElement(unsigned, xades("UnsignedSignatureProperties"))
    stamp = etree.SubElement(holder, xades("SignatureTimeStamp"))
    etree.SubElement(stamp, ds("CanonicalizationMethod"), {"Algorithm": C14N_10})
    etree.SubElement(stamp, xades("EncapsulatedTimeStamp")).text = _text(token)


def _xml_value(signature: bytes, certificate: x509.Certificate) -> bytes:
    """XMLDSig wants ECDSA as r and s side by side, each as long as the curve's order (RFC 4050, section 3.3)."""
    public = certificate.public_key()
    if not isinstance(public, ec.EllipticCurvePublicKey):
        return signature
    size = (public.curve.key_size + 7) // 8
    r, s = utils.decode_dss_signature(signature)
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
