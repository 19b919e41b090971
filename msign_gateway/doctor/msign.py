"""Does MSign take our certificate, do we take its, and does it answer?

Nothing is changed there: the one call asks for a request that cannot exist, and "there is none" is the good answer.
"""

import asyncio
import ssl
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from urllib.parse import urlsplit

from cryptography import x509

from msign_gateway.doctor.findings import Finding, brief, counted, failed, ok, place, read_settings, travels, warning
from shared.connections import MSignConnection
from shared.contract.client import MSignClient
from shared.contract.faults import AuthenticationFailed, MSignFault, RequestNotFound
from shared.contract.transport import client_context
from shared.errors import MSignGatewayError

WITHIN_S = 8
NOBODYS = "0" * 32
SOON = timedelta(days=30)


async def examine() -> list[Finding]:
    """Look at the files, the connection and one answer."""
    settings = read_settings(MSignConnection)
    if isinstance(settings, list):
        return settings
    url = settings.msign_api_url
    findings = [travels("encryption", url)]
    cert, key, bundle = settings.msign_client_cert, settings.msign_client_key, settings.msign_ca_bundle
    if cert and key and bundle:
        findings += client_certificate(cert, key)
        if url.startswith("https") and not any(finding.outcome == "failed" for finding in findings):
            findings.append(await handshake(url, client_context(client_cert=cert, client_key=key, ca_bundle=bundle)))
    if all(finding.outcome != "failed" for finding in findings):
        findings.append(await answer(settings))
    return findings


def client_certificate(cert: Path, key: Path) -> list[Finding]:
    """Look at what we show: how long it is valid, whether the key goes with it, who can read the key."""
    check = "our certificate"
    try:
        certificate = x509.load_pem_x509_certificate(cert.read_bytes())
        ssl.create_default_context().load_cert_chain(cert, key)
    except (OSError, ValueError) as error:
        why = brief(error) if isinstance(error, OSError) else "not a certificate"
        detail = f"{cert} and {key} cannot be used: {why}"
        return [failed(check, detail, "MSIGN_CLIENT_CERT and MSIGN_CLIENT_KEY must be PEM and belong to each other")]
    serial = f"serial number {certificate.serial_number:X}"
    advice = "get a new one, register it at MSign, and replace both files: no restart is needed"
    findings = [validity(check, certificate, datetime.now(UTC), advice, note=serial)]
    if key.stat().st_mode & (stat.S_IRWXO | stat.S_IWGRP):
        findings.append(warning("our key", f"{key} is open to others on this machine", f"chmod o=,g-w {key}"))
    return findings


def validity(check: str, certificate: x509.Certificate, now: datetime, advice: str, *, note: str) -> Finding:
    """Judge when a certificate ends."""
    end = certificate.not_valid_after_utc
    if certificate.not_valid_before_utc > now:
        return failed(check, f"is not valid yet; {note}", "is this machine's clock right?")
    if end <= now:
        return failed(check, f"ended on {end:%Y-%m-%d}; {note}", advice)
    until = f"valid until {end:%Y-%m-%d}, {counted((end - now).days, 'day')} left; {note}"
    return warning(check, until, advice) if end - now < SOON else ok(check, until)


async def handshake(url: str, context: ssl.SSLContext) -> Finding:
    """Connect, and look at the server's certificate."""
    parts, check = urlsplit(url), "MSign's certificate"
    try:
        async with asyncio.timeout(WITHIN_S):
            _, writer = await asyncio.open_connection(parts.hostname, parts.port or 443, ssl=context)
    except ssl.SSLCertVerificationError as error:
        advice = "put MSign's CA into MSIGN_CA_BUNDLE; if the name is wrong, mend MSIGN_API_URL"
        return failed(check, f"{place(url)}: {error.verify_message}", advice)
    except ssl.SSLError as error:
        detail = f"{place(url)}: the TLS handshake failed: {brief(error)}"
        return failed(check, detail, "does MSign know the CA of our certificate, and is this an https port?")
    except (OSError, TimeoutError) as error:
        detail = f"{place(url)} cannot be reached: {brief(error)}"
        return failed("connection", detail, "is MSIGN_API_URL right, and may this machine connect to it?")
    connection = writer.get_extra_info("ssl_object")
    certificate = x509.load_der_x509_certificate(connection.getpeercert(binary_form=True))
    writer.transport.abort()
    return validity(check, certificate, datetime.now(UTC), "ask MSign's operators", note="trusted")


async def answer(settings: MSignConnection) -> Finding:
    """Ask for a request that there is not."""
    began = perf_counter()
    try:
        async with MSignClient.connect(
            url=settings.msign_api_url,
            client_cert=settings.msign_client_cert,
            client_key=settings.msign_client_key,
            ca_bundle=settings.msign_ca_bundle,
            timeout_s=min(settings.msign_timeout_s, WITHIN_S),
            connect_s=WITHIN_S,
        ) as client:
            await client.get_sign_response(NOBODYS, "en")
    except RequestNotFound:
        return ok("answer", f"MSign knows us and answers in {perf_counter() - began:.2f} s")
    except AuthenticationFailed as error:
        advice = "have the serial number of our certificate registered at MSign (it may also be revoked there)"
        return failed("answer", f"MSign does not know us: {error}", advice)
    except MSignFault as error:
        advice = "is MSIGN_API_URL the endpoint that ends in /MSign.svc?"
        return warning("answer", f"MSign answers with the fault {error.code}: {error.text[:200]}", advice)
    except MSignGatewayError as error:
        advice = "is MSIGN_API_URL the endpoint that ends in /MSign.svc, and MSign up?"
        return failed("answer", str(error)[:200], advice)
    return warning("answer", "MSign knows a request that nobody made", "is this really MSign?")
