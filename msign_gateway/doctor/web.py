"""Do PUBLIC_URL and MSIGN_FRONTEND_URL lead where browsers must come to?

Only browsers need these addresses, and this machine may stand elsewhere: what cannot be reached from here is a warning.
"""

import ssl
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from uuid import UUID

import aiohttp

from msign_gateway.doctor.database import CLOCKS_AGREE, clocks
from msign_gateway.doctor.findings import Finding, brief, ok, place, read_settings, travels, warning
from shared.settings import Settings, url_text

WITHIN_S = 8
NOBODYS = f"/sign/{UUID(int=0)}"


class FrontendSettings(Settings):
    """Where the Sign Page is."""

    msign_frontend_url: url_text("https", "http")  # type: ignore[valid-type]


class PublicSettings(Settings):
    """Where callback_web is, as browsers see it."""

    public_url: url_text("https", "http")  # type: ignore[valid-type]


async def examine() -> list[Finding]:
    """Look at both."""
    ours, theirs = read_settings(PublicSettings), read_settings(FrontendSettings)
    timeout = aiohttp.ClientTimeout(total=WITHIN_S)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        return [
            *(ours if isinstance(ours, list) else await public(session, ours.public_url)),
            *(theirs if isinstance(theirs, list) else await frontend(session, theirs.msign_frontend_url)),
        ]


async def public(session: aiohttp.ClientSession, url: str) -> list[Finding]:
    """Ask for the page of a job that cannot exist: callback_web's answer is known by its headers."""
    check = "PUBLIC_URL"
    findings = [travels(f"{check} encryption", url)]
    try:
        async with session.get(url.rstrip("/") + NOBODYS, allow_redirects=False) as response:
            ours = response.status == 404 and response.headers.get("Referrer-Policy") == "no-referrer"
            if ours:
                return [*findings, ok(check, f"callback_web answers at {place(url)}")]
            detail = f"{place(url)} answers with HTTP {response.status}, and it is not callback_web"
    except (aiohttp.ClientError, ssl.SSLError, TimeoutError) as error:
        return [*findings, unreachable(check, url, error)]
    return [*findings, warning(check, detail, "lead /sign, /return and /assets there to callback_web's HTTP_PORT")]


async def frontend(session: aiohttp.ClientSession, url: str) -> list[Finding]:
    """Ask the Sign Page's server for anything; its answer also tells its clock."""
    check = "MSIGN_FRONTEND_URL"
    findings = [travels(f"{check} encryption", url)]
    try:
        async with session.get(url, allow_redirects=False) as response:
            status, date = response.status, response.headers.get("Date")
    except (aiohttp.ClientError, ssl.SSLError, TimeoutError) as error:
        return [*findings, unreachable(check, url, error)]
    if status >= 500:
        return [*findings, warning(check, f"{place(url)} answers with HTTP {status}", "is MSign up?")]
    findings.append(ok(check, f"{place(url)} answers with HTTP {status}"))
    return [*findings, *clock(date)]


def clock(date: str | None) -> list[Finding]:
    """Compare MSign's clock, which it tells in whole seconds, with ours."""
    try:
        theirs = parsedate_to_datetime(date or "")
    except ValueError:
        return []
    difference = theirs.astimezone(UTC) - datetime.now(UTC) + timedelta(seconds=0.5)
    if abs(difference) <= CLOCKS_AGREE + timedelta(seconds=0.5):
        difference = timedelta(0)
    return [clocks("MSign's clock", "MSign's", difference)]


def unreachable(check: str, url: str, error: BaseException) -> Finding:
    """Tell why there was no answer."""
    why = brief(error)
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        why = getattr(error.certificate_error, "verify_message", "its certificate is not trusted here")
    elif isinstance(error, aiohttp.ClientConnectorError):
        why = brief(error.os_error)
    return warning(check, f"no answer at {place(url)} from here: {why}", "open it in a browser as users would")
