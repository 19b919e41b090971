"""What do the pages work with?"""

from dataclasses import dataclass

from services.msign.instruments.catalogue import Catalogue
from services.msign.instruments.mobile import Mobile
from services.msign.pages.ports import Requests
from services.msign.pages.state import Seal
from services.msign.signing.claims import Claims
from shared.signatures.timestamps import Timestamper


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Everything; `people` are shown beside the PIN form of test instances, without `mobile` no phone can sign."""

    requests: Requests
    claims: Claims
    instruments: Catalogue
    timestamper: Timestamper
    seal: Seal
    mobile: Mobile | None = None
    people: tuple[dict[str, str], ...] = ()
