"""In which language is a request answered that carries no state of ours?"""

from collections.abc import Iterable

from aiohttp import web

from shared.contract.models import Language


def wished(request: web.Request) -> Language:
    """Return `lang`, else the best of Accept-Language."""
    lang = request.query.get("lang", "").lower()
    return Language(lang) if lang in set(Language) else preferred(request.headers.get("Accept-Language", ""))


def preferred(accept_language: str) -> Language:
    """Return the best of our languages for an Accept-Language header (RFC 9110 section 12.5.4); default Romanian."""
    wishes = sorted(_wishes(accept_language), key=lambda wish: -wish[0])
    known = [Language(name) for quality, name in wishes if quality > 0 and name in set(Language)]
    return known[0] if known else Language.RO


def _wishes(header: str) -> Iterable[tuple[float, str]]:
    for part in header[:512].split(","):
        name, _, parameters = part.partition(";")
        quality = parameters.strip().removeprefix("q=")
        try:
            yield float(quality or 1), name.strip().lower().split("-")[0]
        except ValueError:
            continue
