"""Was a certificate revoked? The issuer's OCSP responder tells, else its revocation list. (RFC 6960, RFC 5280)"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import aiohttp
from cryptography import x509

from shared.signatures.responder import Question, StatusUnknown, responder_url

MAX_LIST_BYTES = 4 * 1024 * 1024


async def is_revoked(
    certificate: x509.Certificate, issuer: x509.Certificate, session: aiohttp.ClientSession, *, timeout_s: float = 5
) -> bool:
    """Ask the responder that the certificate names, and where it has no usable answer read the list that it names.

    Raises `StatusUnknown` when neither can be had; a certificate that names neither is not revoked.
    """
    responder, listed = responder_url(certificate), _list_url(certificate)
    if responder is not None:
        try:
            return await _ask(responder, Question.about(certificate, issuer), session, timeout_s)
        except StatusUnknown:
            if listed is None:
                raise
    if listed is None:
        return False
    return judge(certificate, issuer, await _fetch(listed, session, timeout_s), datetime.now(UTC))


def judge(certificate: x509.Certificate, issuer: x509.Certificate, data: bytes, now: datetime) -> bool:
    """Tell whether the DER list `data` has the certificate; raises `StatusUnknown` for a list that proves nothing."""
    try:
        listed = x509.load_der_x509_crl(data)
        signed = listed.issuer == issuer.subject and listed.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]
        whole = all(_understood(extension, _list_url(certificate)) for extension in listed.extensions)
    except (ValueError, TypeError) as error:
        raise StatusUnknown("the revocation list cannot be read") from error
    until = listed.next_update_utc
    if not signed or not whole or until is None or not listed.last_update_utc <= now <= until:
        raise StatusUnknown("the revocation list is not the issuer's, not current, or limited in its scope")
    return listed.get_revoked_certificate_by_serial_number(certificate.serial_number) is not None


def _understood(extension: x509.Extension[x509.ExtensionType], url: str | None) -> bool:
    """Tell whether an extension leaves the list good for a signer who is pointed to it at `url`.

    An issuing distribution point (RFC 5280 section 5.2.5) may name that very place and end users' certificates, but
    neither narrow the list to some reasons nor speak for other issuers; no other critical extension is known.
    """
    point = extension.value
    if not isinstance(point, x509.IssuingDistributionPoint):
        return not extension.critical
    narrowed = point.indirect_crl or point.only_contains_ca_certs or point.only_contains_attribute_certs
    places = [name.value for name in point.full_name or ()]
    here = url in places if places else point.relative_name is None
    return here and not narrowed and not point.only_some_reasons


async def _ask(url: str, question: Question, session: aiohttp.ClientSession, timeout_s: float) -> bool:
    asked = {"data": question.der(), "headers": {"Content-Type": "application/ocsp-request"}}
    answer = await _fetch(url, session, timeout_s, method="POST", **asked)
    return question.revoked(answer, datetime.now(UTC))


async def _fetch(
    url: str, session: aiohttp.ClientSession, timeout_s: float, method: str = "GET", **options: Any
) -> bytes:
    limit = aiohttp.ClientTimeout(total=timeout_s)
    try:
        async with session.request(
            method, url, timeout=limit, allow_redirects=False, raise_for_status=True, **options
        ) as response:
            data = bytearray()
            async for chunk in response.content.iter_any():
                data += chunk
                if len(data) > MAX_LIST_BYTES:
                    raise StatusUnknown("the answer is too long")
            return bytes(data)
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        raise StatusUnknown("the certificate's status cannot be fetched") from error


def _list_url(certificate: x509.Certificate) -> str | None:
    try:
        points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    except x509.ExtensionNotFound:
        return None
    names = [name.value for point in points for name in point.full_name or ()]
    return next((str(name) for name in names if str(name).startswith(("http://", "https://"))), None)
