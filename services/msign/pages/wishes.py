"""In which language is a request answered that carries no state of ours?"""

from aiohttp import web

from services.msign.pages.texts import preferred
from shared.contract.models import Language


def wished(request: web.Request) -> Language:
    """Return `lang`, else the best of Accept-Language."""
    lang = request.query.get("lang", "").lower()
    return Language(lang) if lang in set(Language) else preferred(request.headers.get("Accept-Language", ""))
