"""What do the API's answers say to people? (contract: at most 100 characters, in every language)"""

from services.msign.locale.words import Text, words
from shared.contract.models import Language

MAX_MESSAGE = 100

VERDICTS = {
    "valid": Text("The signature is valid"),
    "broken": Text("The signature is not valid"),
    "altered": Text("The signature is not valid: the content is not what was signed"),
    "timestamp": Text("The signature is not valid: its timestamp is wrong"),
    "weak": Text("The signature is not accepted: its algorithms are too weak"),
    "revoked": Text("The signature is not valid: the certificate was revoked"),
    "expired_certificate": Text("The signature is not valid: the certificate had expired"),
    "untrusted": Text("The signature is not valid: the certificate is not trusted"),
    "no_signature": Text("There is no signature"),
    "unreadable": Text("The signature cannot be read"),
}

OUTCOMES = {
    "declined": Text("The user declined to sign"),
    "signing_failed": Text("One of the documents cannot be signed"),
    "wrong_pin": Text("The PIN was wrong too many times"),
    "locked": Text("The signing device is locked"),
    "signer_mismatch": Text("Somebody else than the expected signer signed"),
    "expired": Text("The time to sign has passed"),
    "failed": Text("Signing failed"),
}


def verdict_message(language: Language, key: str) -> str:
    """The message of a VerificationResult."""
    return words(language).say(VERDICTS[key])


def outcome_message(language: Language, reason: str | None) -> str:
    """The message of a SignResponse that is a Failure or Expired; an unknown reason gets the general one."""
    return words(language).say(OUTCOMES.get(reason or "", OUTCOMES["failed"]))
