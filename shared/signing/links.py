"""Which links and RelayStates are ours? What we hand to browsers is signed, so that nobody can make it up.

The first key of `LINK_SECRET` signs, all of them verify, so that a key can be replaced while links made with the old
one still work.
"""

from uuid import UUID

from itsdangerous import BadSignature, Signer

from shared.keys import Keyring


class Links:
    """Makes and checks the links to `callback_web`."""

    def __init__(self, keyring: Keyring, public_url: str) -> None:
        self._keyring = keyring
        self._public_url = public_url.rstrip("/")

    @property
    def _links(self) -> Signer:
        return Signer(self._keyring.oldest_first, salt="sign-link")

    @property
    def _relay_states(self) -> Signer:
        return Signer(self._keyring.oldest_first, salt="relay-state")

    @property
    def return_url(self) -> str:
        """Where MSign sends browsers back to."""
        return f"{self._public_url}/return"

    def sign_url(self, job_id: UUID) -> str:
        """Return the unguessable link that leads a user to the Sign Page."""
        return f"{self._public_url}/sign/{job_id}?t={self._links.get_signature(str(job_id)).decode()}"

    def opens(self, job_id: UUID, token: str) -> bool:
        """Tell whether `token` is the one in the job's link."""
        return self._links.verify_signature(str(job_id), token)

    def relay_state(self, job_id: UUID) -> str:
        """Return the RelayState that goes to MSign with the user."""
        return self._relay_states.sign(str(job_id)).decode()

    def job_of(self, relay_state: str) -> UUID | None:
        """Return the job of a RelayState of ours, None for any other."""
        try:
            return UUID(self._relay_states.unsign(relay_state).decode())
        except (BadSignature, ValueError):
            return None
