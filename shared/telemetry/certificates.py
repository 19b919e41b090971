"""When do the certificates in a file end?"""

from collections.abc import Callable
from pathlib import Path

import structlog
from cryptography import x509

from shared.watched import Watched

UNREADABLE = 0.0

log = structlog.get_logger(__name__)


def earliest_end(path: Path) -> float:
    """Return when the first of a PEM file's certificates ends, in seconds since 1970; 0 if none can be read."""
    try:
        found = x509.load_pem_x509_certificates(path.read_bytes())
    except (OSError, ValueError) as error:
        log.warning("certificate_unreadable", file=str(path), error=type(error).__name__)
        return UNREADABLE
    return min(one.not_valid_after_utc.timestamp() for one in found)


def watched_end(path: Path) -> Callable[[], float]:
    """Return what tells `earliest_end` of this moment; the file is read again only when it has changed."""
    return Watched((path,), lambda: earliest_end(path)).current
