"""Where is a server now, and does what goes there travel encrypted to a server that somebody vouches for?"""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

Address = str | Callable[[], str]
"""A URL, or what tells the one of this moment: passwords and hosts change under a running process."""

VERIFYING_MODES = ("verify-full", "verify-ca")


def url_of(address: Address) -> str:
    """Return the URL to connect to now."""
    return address if isinstance(address, str) else address()


def each_host(url: str) -> list[str]:
    """Return a URL for each of the hosts that `url` names, separated by commas, in their order."""
    parts = urlsplit(url)
    login, at, hosts = parts.netloc.rpartition("@")
    several = hosts.split(",")
    return [urlunsplit(parts._replace(netloc=f"{login}{at}{host}")) for host in several] if several[1:] else [url]


def weakness(url: str) -> str | None:
    """Return why what goes to `url` could be read or changed on its way, None if it cannot.

    Knows http, AMQP (aiormq's `no_verify_ssl`) and PostgreSQL (libpq's `sslmode`).
    """
    parts = urlsplit(url)
    if parts.scheme in {"http", "amqp"}:
        return f"must be {parts.scheme}s://, not {parts.scheme}://"
    query = parse_qs(parts.query, keep_blank_values=True)
    if parts.scheme == "amqps" and query.get("no_verify_ssl", ["0"]) != ["0"]:
        return "must not say no_verify_ssl"
    if parts.scheme in {"postgresql", "postgres"} and query.get("sslmode", [""])[-1] not in VERIFYING_MODES:
        return f"must say sslmode={' or sslmode='.join(VERIFYING_MODES)}"
    return None


def with_files(url: str, **files: Path | None) -> str:
    """Return `url` with the files that are given as parameters of its query; they go before what it says itself.

    aiormq and asyncpg read the files anew at each connection.
    """
    given = {name: str(path) for name, path in files.items() if path is not None}
    if not given:
        return url
    parts = urlsplit(url)
    own = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
    return urlunsplit(parts._replace(query=urlencode(own | given)))
