"""How is text that others wrote shown, and under which name is a document saved?"""

import unicodedata
from urllib.parse import quote

_DIRECTION_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""They can make a name read as another one (Unicode Technical Report 36, section 2.5)."""
_INSTEAD = "\ufffd"
MAX_FILE_NAME = 120


def for_the_eye(text: str) -> str:
    """Return a text as it may stand on a page: controls are seen as such, white space is plain.

    Joiners stay, since emoji and several scripts need them.
    """
    return " ".join("".join(_shown(one) for one in text).split())


def content_disposition(name: str | None, number: int) -> str:
    """Return the header by which a PDF file is shown in the browser and saved under its name (RFC 6266).

    Whatever could be taken for a folder, a control or an extension other than .pdf is gone from the name.
    """
    numbered = f"document-{number}"
    shown = for_the_eye(name or "").replace(_INSTEAD, "")
    safe = "".join("_" if one in '/\\:*?"<>|%' else one for one in shown)
    stem = (safe[:-4] if safe.lower().endswith(".pdf") else safe).strip(" .")[:MAX_FILE_NAME].strip(" .") or numbered
    plain = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode().strip(" .") or numbered
    return f"inline; filename=\"{plain}.pdf\"; filename*=UTF-8''{quote(stem, safe='')}.pdf"


def _shown(one: str) -> str:
    if one.isspace():
        return " "
    return _INSTEAD if one in _DIRECTION_CONTROLS or unicodedata.category(one) in {"Cc", "Cs"} else one
