"""What does the verification page say of each verdict, and of what it cannot judge?"""

from dataclasses import dataclass
from enum import StrEnum

from services.msign.locale.words import Text
from services.msign.pages.texts import Complaint
from shared.signatures.verdict import Coverage, Integrity, TimestampStatus, Trust


class Outcome(StrEnum):
    """The verdict on a whole file; `UNKNOWN` when nothing but trust is lacking."""

    VALID = "valid"
    UNKNOWN = "unknown"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class OutcomeTexts:
    """A verdict, which may count the signatures as `num`, and what it means."""

    title: Text
    body: Text


OUTCOMES = {
    Outcome.VALID: OutcomeTexts(
        Text("%(num)d valid signature", "%(num)d valid signatures"),
        Text("The document has not been changed since, and it is known who signed."),
    ),
    Outcome.UNKNOWN: OutcomeTexts(
        Text("It cannot be said who signed"),
        Text(
            "The document is unchanged, but the certificate is not to be trusted. Ask for a signature with another one."
        ),
    ),
    Outcome.INVALID: OutcomeTexts(
        Text("The signature is not valid"),
        Text("Do not rely on this document. Ask the signer for the original."),
    ),
}

INTEGRITY = {
    Integrity.PASSED: Text("What was signed is unchanged."),
    Integrity.FAILED: Text("What was signed has been changed, or the signature is broken."),
}
COVERAGE = {
    Coverage.WHOLE: Text("The signature covers the whole document."),
    Coverage.PARTIAL: Text("Something was added afterwards that the signer did not see."),
    Coverage.NONE: Text("The signature is not over this document."),
}
TIMESTAMP = {
    TimestampStatus.PASSED: Text("An independent authority confirms the time."),
    TimestampStatus.FAILED: Text("The timestamp is not valid."),
    TimestampStatus.NONE: Text("Nobody else confirms the time."),
}
TRUST = {
    Trust.TRUSTED: Text("The certificate comes from an authority that is trusted here."),
    Trust.UNTRUSTED: Text("The certificate's issuer is not known here."),
    Trust.REVOKED: Text("The certificate was revoked."),
    Trust.EXPIRED: Text("The certificate was not valid at the time of signing."),
    Trust.UNKNOWN: Text("The certificate could not be checked."),
}

TRUSTED_UNASKED = Text(
    "The certificate comes from an authority that is trusted here; nobody could tell if it was revoked."
)

NO_FILE = Complaint(Text("There is no signed file."), Text("Choose it, then verify."), ("File",))
NO_HASH = Complaint(
    Text("The hash is neither hexadecimal nor base64 of a known length (SHA-1, SHA-2)."),
    Text("Check what you entered."),
    ("Hash",),
)
TOO_LARGE = Complaint(
    Text("The files are too large."), Text("Together they may have up to 32 MB."), ("File", "Original")
)
TOO_COMPLEX = Complaint(
    Text("The file could not be read within the time allowed."),
    Text("It is too complex. Choose another file."),
    ("File",),
)
TOO_BUSY = Complaint(Text("There are too many verifications at once."), Text("Try again in a minute."))
NO_SIGNATURE = Complaint(Text("The file holds no signature."), Text("Choose the signed file."), ("File",))
UNREADABLE = Complaint(
    Text("The file cannot be read."),
    Text("It is no PDF or XAdES signature, or it is damaged or encrypted. Choose another file."),
    ("File",),
)
VERDICT_GONE = Complaint(Text("This verdict is not shown any more."), Text("Choose the file again."), ("File",))
