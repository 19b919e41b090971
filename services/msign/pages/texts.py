"""What do the pages say for each instrument, field, refusal and outcome?

Sentences that stand on one page only are in its template.
"""

from dataclasses import dataclass, replace

from services.msign.instruments.instrument import Refusal
from services.msign.instruments.mobile import TransactionState
from services.msign.locale.words import Text
from shared.contract.models import Instrument


@dataclass(frozen=True, slots=True)
class InstrumentTexts:
    """An instrument by its name, and what one needs for it."""

    name: Text
    about: Text


@dataclass(frozen=True, slots=True)
class Notice:
    """A page that says one thing."""

    title: Text
    body: Text


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong with what was entered, what to do next, and the fields that it is about (none: the whole form).

    `num` is what the sentences count.
    """

    wrong: Text
    then: Text | None = None
    fields: tuple[str, ...] = ()
    num: int | None = None


INSTRUMENTS = {
    Instrument.MOBILE: InstrumentTexts(Text("Mobile signature"), Text("You enter the PIN on your phone")),
    Instrument.MOLDSIGN: InstrumentTexts(Text("MoldSign"), Text("Cryptographic token with a PIN")),
    Instrument.NATIONALID: InstrumentTexts(
        Text("Identity card"), Text("Identity card with a chip; asks for its PIN for each document")
    ),
    Instrument.SECURESIGN: InstrumentTexts(Text("SecureSign"), Text("USB token with a PIN")),
    Instrument.TAX: InstrumentTexts(Text("Tax service key"), Text("Key file (.p12, .pfx) with a password")),
}

FIELDS = {
    "IDNP": Text("Personal number, IDNP (13 digits)"),
    "PIN": Text("PIN"),
    "MSISDN": Text("Phone number (with the country's code)"),
    "KeyFile": Text("Key file (.p12, .pfx)"),
    "Password": Text("Password of the file"),
}

NOTHING_SIGNED = Text("Nothing was signed. Try again in a moment.")
KEPT = Text("What is signed already is kept. Try again in a moment.")

REFUSALS = {
    Refusal.UNKNOWN_TOKEN: Complaint(
        Text("There is no token with this personal number."),
        Text("Check the 13 digits, or choose another instrument."),
        ("IDNP",),
    ),
    Refusal.UNKNOWN_SUBSCRIBER: Complaint(
        Text("There is no subscriber with this phone number and personal number."),
        Text("Check both numbers, or choose another instrument."),
        ("MSISDN", "IDNP"),
    ),
    Refusal.WRONG_PIN: Complaint(
        Text("The PIN is wrong."),
        Text("Enter it again: %(num)d try is left.", "Enter it again: %(num)d tries are left."),
        ("PIN",),
    ),
    Refusal.LOCKED: Complaint(
        Text("The token is locked after too many wrong PINs."),
        Text("Ask its issuer to unlock it, or choose another instrument."),
        ("PIN",),
    ),
    Refusal.TOO_MANY_TRIES: Complaint(
        Text("There were too many wrong entries."),
        Text("Try again in %(num)d minute.", "Try again in %(num)d minutes."),
    ),
    Refusal.TOO_MANY_CALLS: Complaint(
        Text("This number was called too often."),
        Text("Try again in %(num)d minute.", "Try again in %(num)d minutes."),
    ),
    Refusal.KEY_FILE_UNREADABLE: Complaint(
        Text("The file is not a key, or the password is wrong."),
        Text("Choose the file with the ending .p12 or .pfx and enter its password again."),
        ("KeyFile", "Password"),
    ),
    Refusal.CERTIFICATE_EXPIRED: Complaint(
        Text("The certificate has expired."), Text("Renew it, or choose another instrument.")
    ),
    Refusal.CERTIFICATE_REVOKED: Complaint(
        Text("The certificate was revoked."), Text("Choose another instrument, or ask for a new certificate.")
    ),
    Refusal.CERTIFICATE_UNTRUSTED: Complaint(
        Text("The certificate was not issued by a provider known here."), Text("Choose another instrument.")
    ),
    Refusal.STATUS_UNKNOWN: Complaint(Text("The certificate's status cannot be checked now."), NOTHING_SIGNED),
}

COMPLAINTS = {
    **{refusal.value: complaint for refusal, complaint in REFUSALS.items()},
    "token_unavailable": Complaint(Text("The signing device does not answer."), NOTHING_SIGNED),
    "no_timestamp": Complaint(Text("The timestamping service does not answer."), NOTHING_SIGNED),
    "signer_mismatch": Complaint(
        Text("Somebody else is expected to sign."), Text("Use that person's instrument, or cancel."), ("IDNP",)
    ),
    "busy": Complaint(Text("This request is being signed in another tab."), Text("Wait, then reload the page.")),
    "instrument_unavailable": Complaint(
        Text("The requested instrument is not available here."), Text("Choose another instrument.")
    ),
    "stale_form": Complaint(Text("The form was too old."), Text("Nothing was sent. Fill it in again.")),
    "too_late": Complaint(Text("This request does not wait for a signature any more.")),
    "signing_failed": Complaint(Text("One of the documents cannot be signed.")),
}

PHONE_NEWS = {
    "signed": Text("You have signed. Go on at the Sign Page."),
    "declined": Text("You refused to sign."),
}

_CANNOT_OPEN = Text("This page cannot be opened")
_FAILED = Text("Signing failed")
_FINISHED = Text("This request is already finished")

SIGNED = Notice(Text("Signing succeeded"), Text("You are now returning to the service that asked for your signature."))
ALREADY_SIGNED = Notice(_FINISHED, Text("The documents were signed earlier."))
ALREADY_FAILED = Notice(_FINISHED, Text("Signing ended earlier without success."))
EXPIRED = Notice(
    Text("This request has expired"),
    Text("The time to sign has passed. Go back to the service that sent you and start again."),
)
UNKNOWN = Notice(
    Text("Request not found"),
    Text("The address is wrong or the request was removed. Go back to the service that sent you and start again."),
)
NO_COOKIE = Notice(
    Text("This page needs cookies"),
    Text("Your browser sent none. Allow cookies for this site, then go back to the service and start again."),
)
NO_VISIT = Notice(
    _CANNOT_OPEN,
    Text("It was opened in another browser, or too long ago. Go back to the service that sent you and start again."),
)
LINK_EXPIRED = Notice(
    Text("This link is too old"), Text("Load the page with the documents again, then open the document from there.")
)
LINK_FOREIGN = Notice(_CANNOT_OPEN, Text("Documents open only from the page on which you sign them."))
NO_DOCUMENT = Notice(
    Text("Document not found"), Text("The request has no such document, or only its digest is signed here.")
)
TOO_LARGE = Notice(
    Text("That is too large"), Text("A key file has a few kilobytes. Go back and choose the file with your key.")
)
UNREADABLE = Notice(
    _CANNOT_OPEN, Text("What the browser sent cannot be read. Go back to the service that sent you and start again.")
)
BROKEN = Notice(_CANNOT_OPEN, Text("Something went wrong. Try again in a few minutes."))

ENTRY_PROBLEMS = {
    "return_url_missing": Text("The service that sent you did not say where to return (ReturnUrl)."),
    "return_url_not_allowed": Text("The return address (ReturnUrl) is not allowed for this service."),
    "relay_state_too_long": Text("The parameter RelayState is longer than 2 KiB."),
    "msisdn_invalid": Text("The phone number (MSISDN) must consist of digits."),
}
"""What is wrong with the e-Service's form, by the code of `read_entry`."""

_CALLS = {
    TransactionState.WAITING: Text("Waiting for your phone…"),
    TransactionState.SIGNING: Text("Signing…"),
    TransactionState.SIGNED: Text("You have signed."),
    TransactionState.REFUSED: Text("You refused on the phone."),
    TransactionState.TIMED_OUT: Text("The phone did not answer in time."),
}

_FAILURES = {"declined": Text("You cancelled the signing.")} | {
    key: complaint.wrong for key, complaint in COMPLAINTS.items()
}


def complaint(key: str, num: int | None = None) -> Complaint:
    """Return a complaint by its key (a `Refusal`'s value, or one of the pages' own) with what it counts."""
    return replace(COMPLAINTS[key], num=num)


def bad_entry(code: str) -> Notice:
    """Return the page for an e-Service's form that cannot be taken."""
    return Notice(_CANNOT_OPEN, ENTRY_PROBLEMS[code])


def failed(reason: str | None) -> Notice:
    """Return the page that says that a request has just failed, and why."""
    return Notice(_FAILED, failure_text(reason))


def failure_text(reason: str | None) -> Text:
    """Return why a request or a call has failed; an unknown reason gets the general sentence."""
    return _FAILURES.get(reason or "", Text("Signing failed."))


def call_text(state: TransactionState, reason: str | None) -> Text:
    """Return how far a call has come."""
    return _CALLS.get(state) or failure_text(reason)
