"""What did a user of the sample e-Service choose, and which sign command does that make?

Numbers and names that nobody should have chosen go into the command as they are: the gateway refuses them, and the
e-Service shows why.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from msign_gateway.demo.documents import record, two_page_pdf
from msign_gateway.demo.mandates import MANDATES, Mandate

MOST_DOCUMENTS = 9
INSTRUMENTS = ("moldsign", "nationalid", "securesign", "mobile", "tax")
LANGUAGES = {"ro": "Română", "ru": "Русский", "en": "English"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """The e-Service's form; what is empty is left to the Sign Page."""

    pdf: bool = False
    documents: int = 1
    language: str = "ro"
    instrument: str = ""
    msisdn: str = ""
    expected_signer: str = ""
    mandate: Mandate | None = None
    """Instead of an expected signer: somebody who acts for somebody else."""

    @classmethod
    def of(cls, form: Mapping[str, object]) -> "Wishes":
        """Return what the fields say; a number of documents that is none counts as one."""
        text = {name: value.strip() for name, value in form.items() if isinstance(value, str)}
        number = text.get("documents", "")
        return cls(
            pdf=text.get("what") == "pdf",
            documents=min(max(int(number), 1), MOST_DOCUMENTS) if number.isdecimal() else 1,
            language=text.get("language") or "ro",
            instrument=text.get("instrument", ""),
            msisdn=text.get("msisdn", ""),
            expected_signer=text.get("expected_signer", ""),
            mandate=next((one for one in MANDATES if text.get("mandate") == one.key), None),
        )


def command_of(wishes: Wishes, return_url: str, now: datetime) -> dict[str, Any]:
    """Return the data of the sign command (`shared.messaging.commands.SignRequestData`)."""
    numbers = range(1, wishes.documents + 1)
    data: dict[str, Any] = {"return_url": return_url, "language": wishes.language}
    if wishes.pdf:
        data |= {"content_type": "Pdf", "short_description": "Raport anual", "signature_reason": "Aprobat"}
        data["contents"] = [_content(number, f"raport-{number}.pdf", two_page_pdf(now)) for number in numbers]
    else:
        data |= {"content_type": "Hash", "short_description": "Declarații fiscale"}
        records = [record(number) for number in numbers]
        data["contents"] = [_content(number, one.name, one.digest) for number, one in enumerate(records, start=1)]
    if wishes.instrument:
        data["instrument"] = wishes.instrument
    if wishes.msisdn:
        data["msisdn"] = wishes.msisdn
    if wishes.mandate:
        data["expected_signer"] = wishes.mandate.expected_signer
    elif wishes.expected_signer:
        data["expected_signer"] = {"id": wishes.expected_signer}
    return data


def _content(number: int, name: str, content: bytes) -> dict[str, str]:
    return {"content": base64.b64encode(content).decode(), "correlation_id": str(number), "name": name}
