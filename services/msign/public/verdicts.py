"""How does a verdict come back when its page is asked for in another language?

Nothing is kept on the server: the page carries the verdict in a hidden field, sealed, so that nobody can have this
instance say what it did not find.
"""

from itsdangerous import BadData, URLSafeTimedSerializer
from pydantic import TypeAdapter

from services.msign.public.view import VerdictView
from shared.errors import Malformed
from shared.keys import Keyring

VERDICT_TTL_S = 24 * 3600

_VERDICT = TypeAdapter(VerdictView)


class VerdictSeal:
    """Seals verdicts with the first of the instance's keys, and opens what any of them sealed."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    @property
    def _serializer(self) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(self._keyring.oldest_first, salt="verdict")

    def seal(self, verdict: VerdictView) -> str:
        """Return the text of the hidden field."""
        return str(self._serializer.dumps(_VERDICT.dump_python(verdict, mode="json")))

    def open(self, sealed: str) -> VerdictView:
        """Return the verdict; raises `Malformed` when it is altered, another instance's or too old."""
        try:
            return _VERDICT.validate_python(self._serializer.loads(sealed, max_age=VERDICT_TTL_S), strict=False)
        except BadData as error:
            raise Malformed("the verdict is not one of ours, or too old", field="verdict", code="bad_seal") from error
