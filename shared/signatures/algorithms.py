"""Which algorithms do we know, under which names, and what do their identifiers mean?

XML identifiers: XMLDSig core 1.1, RFC 6931 and RFC 9231. Names of digests are those of `hashlib`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes

from shared.errors import Malformed

DS = "http://www.w3.org/2000/09/xmldsig#"
DSIG11 = "http://www.w3.org/2009/xmldsig11#"
ENC = "http://www.w3.org/2001/04/xmlenc#"
MORE = "http://www.w3.org/2001/04/xmldsig-more#"
MORE2007 = "http://www.w3.org/2007/05/xmldsig-more#"
MORE2021 = "http://www.w3.org/2021/04/xmldsig-more#"

_HASHES: dict[str, hashes.HashAlgorithm] = {
    "md5": hashes.MD5(),  # noqa: S303 - recognised only to say what is wrong with it
    "sha1": hashes.SHA1(),  # noqa: S303 - the vendor's own choice for SHA-1 input
    "sha224": hashes.SHA224(),
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
    "sha3_224": hashes.SHA3_224(),
    "sha3_256": hashes.SHA3_256(),
    "sha3_384": hashes.SHA3_384(),
    "sha3_512": hashes.SHA3_512(),
}

DIGEST_URIS: dict[str, str] = {
    MORE + "md5": "md5",
    DS + "sha1": "sha1",
    MORE + "sha224": "sha224",
    ENC + "sha256": "sha256",
    MORE + "sha384": "sha384",
    ENC + "sha512": "sha512",
    MORE2007 + "sha3-224": "sha3_224",
    MORE2007 + "sha3-256": "sha3_256",
    MORE2007 + "sha3-384": "sha3_384",
    MORE2007 + "sha3-512": "sha3_512",
}

_SHA3_BITS = (224, 256, 384, 512)
CONTENT_DIGESTS = ("sha1", "sha224", "sha256", "sha384", "sha512")
"""The digests that content to sign may be given in (`verify --content ALG:HEX`)."""


@dataclass(frozen=True, slots=True)
class SignatureScheme:
    """How a signature value is made: `family` is `rsa`, `rsa-pss`, `ecdsa` or `eddsa`.

    `digest` is None where the identifier leaves it to a parameter (RFC 6931 section 2.3.9).
    """

    family: str
    digest: str | None


SIGNATURE_URIS: dict[str, SignatureScheme] = {
    DS + "rsa-sha1": SignatureScheme("rsa", "sha1"),
    MORE + "rsa-md5": SignatureScheme("rsa", "md5"),
    **{MORE + f"rsa-{name}": SignatureScheme("rsa", name) for name in ("sha224", "sha256", "sha384", "sha512")},
    **{MORE + f"ecdsa-{name}": SignatureScheme("ecdsa", name) for name in CONTENT_DIGESTS},
    **{MORE2007 + f"{name}-rsa-MGF1": SignatureScheme("rsa-pss", name) for name in CONTENT_DIGESTS},
    **{MORE2021 + f"ecdsa-sha3-{bits}": SignatureScheme("ecdsa", f"sha3_{bits}") for bits in _SHA3_BITS},
    **{MORE2007 + f"sha3-{bits}-rsa-MGF1": SignatureScheme("rsa-pss", f"sha3_{bits}") for bits in _SHA3_BITS},
    MORE2007 + "rsa-pss": SignatureScheme("rsa-pss", None),
    MORE2021 + "eddsa-ed25519": SignatureScheme("eddsa", "sha512"),
}


def hash_named(name: str) -> hashes.HashAlgorithm:
    """The hash algorithm of that name for `cryptography`; raises `Malformed` for one that we do not know."""
    try:
        return _HASHES[name]
    except KeyError:
        raise Malformed(f"unknown digest algorithm {name[:40]!r}", code="unknown_algorithm") from None


def digest(name: str, data: bytes) -> bytes:
    """Hash `data` with the algorithm of that name; raises `Malformed` for one that we do not know."""
    hash_named(name)
    return hashlib.new(name, data, usedforsecurity=False).digest()


def digest_of_length(size: int) -> str | None:
    """The content digest whose values have `size` bytes."""
    sizes = {20: "sha1", 28: "sha224", 32: "sha256", 48: "sha384", 64: "sha512"}
    return sizes.get(size)


def uri_of_digest(name: str) -> str:
    """The XML identifier of a digest; raises `Malformed` for one that has none."""
    for uri, known in DIGEST_URIS.items():
        if known == name:
            return uri
    raise Malformed(f"unknown digest algorithm {name[:40]!r}", code="unknown_algorithm")


def uri_of_scheme(family: str, digest_name: str) -> str:
    """The XML identifier of a signature scheme; raises `Malformed` for one that has none."""
    for uri, scheme in SIGNATURE_URIS.items():
        if scheme == SignatureScheme(family, digest_name):
            return uri
    raise Malformed(f"no XML identifier for {family} with {digest_name[:40]}", code="unknown_algorithm")
