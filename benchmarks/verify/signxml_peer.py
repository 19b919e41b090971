"""What would one write to verify XAdES-T signatures of a hash with what there is?

signxml for the signature and its properties, pyhanko-certvalidator for the paths of the signer and of the timestamping
authority at the time of the timestamp, and by hand what no library does: the timestamp's imprint and signature, and
whether the signature is over the hash. Each signature of a document is verified by itself, as signxml wants it.
"""

import hashlib
from base64 import b64decode
from datetime import datetime
from typing import Any

from asn1crypto import cms, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from lxml import etree
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from signxml.xades.xades import XAdESSignatureConfiguration, XAdESVerifier

_DS = "{http://www.w3.org/2000/09/xmldsig#}"
_XADES = "{http://uri.etsi.org/01903/v1.3.2#}"
_CONFIG = XAdESSignatureConfiguration(expect_references=2)


class NotValid(ValueError):
    """A signature that is not valid, and why."""


async def verify_document(data: bytes, digest: bytes, root: asn1_x509.Certificate) -> int:
    """Verify each signature over `digest`; returns how many there are.

    Raises what the libraries raise, or `NotValid`.
    """
    tree = etree.fromstring(data)
    found = [tree] if tree.tag == f"{_DS}Signature" else list(tree.iter(f"{_DS}Signature"))
    for node in found:
        await _verify(node, digest, root)
    return len(found)


async def _verify(node: Any, digest: bytes, root: asn1_x509.Certificate) -> None:
    certificates = [b64decode(one.text) for one in node.iter(f"{_DS}X509Certificate")]
    alone = etree.tostring(node, with_tail=False)
    signer = x509.load_der_x509_certificate(certificates[0])
    results = XAdESVerifier().verify(alone, x509_cert=signer, expect_config=_CONFIG)
    if not any(_holds(one.signed_xml, digest) for one in results):
        raise NotValid("the signature is not over the hash")
    token = b64decode(node.find(f".//{_XADES}SignatureTimeStamp/{_XADES}EncapsulatedTimeStamp").text)
    value = etree.tostring(node.find(f"{_DS}SignatureValue"), method="c14n", with_tail=False)
    stamped_at, authority, carried = _timestamp(token, value)
    purposes: dict[str, Any] = {"key_usage": {"digital_signature"}, "extended_key_usage": {"time_stamping"}}
    await _path(authority, carried, root, stamped_at, purposes)
    held = [b64decode(one.text) for one in node.iter(f"{_XADES}EncapsulatedX509Certificate")]
    leaf, *others = (asn1_x509.Certificate.load(one) for one in (*certificates, *held))
    await _path(leaf, [*others, *carried], root, stamped_at, {"key_usage": {"non_repudiation"}})


def _holds(signed: Any, digest: bytes) -> bool:
    return signed is not None and signed.tag == f"{_DS}Object" and b64decode(signed.text or "") == digest


async def _path(
    leaf: asn1_x509.Certificate,
    others: list[asn1_x509.Certificate],
    root: asn1_x509.Certificate,
    at: datetime,
    purposes: dict[str, Any],
) -> None:
    context = ValidationContext(trust_roots=[root], moment=at, allow_fetching=False)
    validator = CertificateValidator(leaf, others, context)
    await validator.async_validate_usage(**purposes)  # type: ignore[no-untyped-call]


def _timestamp(token: bytes, value: bytes) -> tuple[datetime, asn1_x509.Certificate, list[asn1_x509.Certificate]]:
    """The time of an RFC 3161 token over `value`, once its signature holds, its signer, and the certificates in it."""
    signed = cms.ContentInfo.load(token)["content"]
    content = signed["encap_content_info"]["content"]
    info = tsp.TSTInfo.load(bytes(content))
    imprint = info["message_imprint"]
    hashed = hashlib.new(imprint["hash_algorithm"]["algorithm"].native, value).digest()
    signer = signed["signer_infos"][0]
    attributes = {one["type"].native: one["values"][0] for one in signer["signed_attrs"]}
    name = signer["digest_algorithm"]["algorithm"].native
    told = hashlib.new(name, bytes(content)).digest()
    if imprint["hashed_message"].native != hashed or attributes["message_digest"].native != told:
        raise NotValid("the timestamp is over something else")
    carried = [one.chosen for one in signed["certificates"]]
    number = signer["sid"].chosen["serial_number"].native
    authority = next(one for one in carried if one.serial_number == number)
    key = x509.load_der_x509_certificate(authority.dump()).public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        raise NotValid("the authority has a key of another kind")
    message = signer["signed_attrs"].untag().dump()
    key.verify(signer["signature"].native, message, padding.PKCS1v15(), getattr(hashes, name.upper())())
    return info["gen_time"].native, authority, [one for one in carried if one is not authority]
