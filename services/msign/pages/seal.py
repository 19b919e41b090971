"""How does the Sign Page know its own forms and links again?

They carry a seal that fits one browser's cookie and one request. A form made elsewhere has none (that is the defence
against cross-site request forgery), and a link that somebody passes on opens nothing.
"""

from itsdangerous import BadData, SignatureExpired, URLSafeTimedSerializer

from services.msign.pages.visits import Visit, owner_of
from shared.errors import Malformed
from shared.keys import Keyring

FORM_TTL_S = 24 * 3600
LINK_TTL_S = 3600


class Seal:
    """Seals forms and links with the first of the instance's keys, and opens what any of them sealed."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    @property
    def _forms(self) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(self._keyring.oldest_first, salt="form")

    @property
    def _links(self) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(self._keyring.oldest_first, salt="document")

    def form(self, visit: Visit, signed: int = 0) -> str:
        """Return the hidden field `state` of a form that is shown when so many documents are signed."""
        return str(self._forms.dumps([owner_of(visit.browser), visit.request_id, signed]))

    def open_form(self, sealed: str, visit: Visit) -> int:
        """Return how many documents were signed when the form was shown.

        Raises `Malformed` when the form is altered, too old, another browser's or another request's.
        """
        try:
            owner, request_id, signed = self._forms.loads(sealed, max_age=FORM_TTL_S)
        except BadData as error:
            raise Malformed("the form is not one of ours, or too old", field="state", code="stale_form") from error
        if (owner, request_id) != (owner_of(visit.browser), visit.request_id):
            raise Malformed("the form is another browser's or request's", field="state", code="stale_form")
        return int(signed)

    def link(self, visit: Visit) -> str:
        """Return what a link to one of the request's documents carries, good for `LINK_TTL_S`."""
        return str(self._links.dumps([owner_of(visit.browser), visit.request_id]))

    def check_link(self, sealed: str, visit: Visit) -> None:
        """Raise `Malformed`: `link_expired` for a link that has become too old, `link_foreign` for any other."""
        try:
            bound_to = self._links.loads(sealed, max_age=LINK_TTL_S)
        except SignatureExpired as error:
            raise Malformed("the link is too old", field="token", code="link_expired") from error
        except BadData as error:
            raise Malformed("the link is not one of ours", field="token", code="link_foreign") from error
        if bound_to != [owner_of(visit.browser), visit.request_id]:
            raise Malformed("the link is another browser's or request's", field="token", code="link_foreign")
