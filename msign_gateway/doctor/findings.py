"""What does the doctor say of one thing that it looked at? Never with a secret in it."""

import os
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar
from urllib.parse import urlsplit

from pydantic import ValidationError
from pydantic_settings import BaseSettings

from shared.addresses import weakness
from shared.settings import describe

LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


class Outcome(StrEnum):
    """How good it is; `skipped` was not looked at, and why not is in the detail."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing: what was found, and what to do unless it is well."""

    check: str
    outcome: Outcome
    detail: str
    advice: str = ""


SettingsT = TypeVar("SettingsT", bound=BaseSettings)


def ok(check: str, detail: str) -> Finding:
    """It is well."""
    return Finding(check, Outcome.OK, detail)


def warning(check: str, detail: str, advice: str) -> Finding:
    """It works, and somebody should look at it."""
    return Finding(check, Outcome.WARNING, detail, advice)


def failed(check: str, detail: str, advice: str) -> Finding:
    """It does not work, or is not safe. Without `advice` the detail says what to do."""
    return Finding(check, Outcome.FAILED, detail, advice)


def skipped(check: str, detail: str, advice: str = "") -> Finding:
    """It was not looked at."""
    return Finding(check, Outcome.SKIPPED, detail, advice)


def worst(findings: Iterable[Finding]) -> Outcome:
    """Return the worst outcome; `ok` of none."""
    order = (Outcome.FAILED, Outcome.WARNING, Outcome.OK)
    found = {finding.outcome for finding in findings}
    return next((outcome for outcome in order if outcome in found), Outcome.OK)


def read_settings(kind: type[SettingsT]) -> SettingsT | list[Finding]:
    """Return the settings of the environment, or a finding for each that is missing or wrong."""
    try:
        return kind()
    except ValidationError as error:
        return [failed("settings", describe(one), "") for one in error.errors(include_url=False)]
    except OSError as error:
        return [failed("settings", f"{error.filename}: {error.strerror} (named by a _FILE setting)", "")]


def place(url: str) -> str:
    """Return the host and port of a URL (a database's may name several), without anything else."""
    return urlsplit(url).netloc.rpartition("@")[2] or "localhost"


def stays_here(url: str) -> bool:
    """Tell whether what goes to `url` does not leave this machine."""
    hosts = [urlsplit(f"//{one}").hostname or "localhost" for one in place(url).split(",")]
    return all(host in LOCAL for host in hosts)


def travels(check: str, url: str) -> Finding:
    """Tell whether what goes to `url` could be read or changed on its way."""
    if stays_here(url) and weakness(url):
        return ok(check, f"{place(url)}: in the clear, and does not leave this machine")
    if problem := weakness(url):
        detail = f"{place(url)}: in the clear; to be encrypted, the URL {problem}"
        return warning(check, detail, "encrypt it before real documents go there, and set REQUIRE_TLS=true")
    return ok(check, f"{place(url)}: the URL demands it, with a certificate that is checked")


def brief(error: BaseException) -> str:
    """Return what went wrong on a connection in a few words: the system's own where it has some."""
    if isinstance(error, ssl.SSLError):
        return getattr(error, "verify_message", "") or error.reason or "TLS error"
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno) if error.errno > 0 else error.strerror or type(error).__name__
    return str(error).strip()[:200] or type(error).__name__


def counted(number: int, noun: str) -> str:
    """Return `1 queue`, `2 queues`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
