"""Which pages does a pending request have, and what do they show?"""

from collections.abc import Mapping
from dataclasses import replace

from aiohttp import web

from services.msign.instruments.instrument import FieldKind, SigningInstrument
from services.msign.instruments.mobile import Mobile
from services.msign.pages.parts import Parts
from services.msign.pages.render import Renderer
from services.msign.pages.steps import BUSY, Step
from services.msign.pages.texts import KEPT, NOTHING_SIGNED, Complaint, complaint
from services.msign.pages.view import View, view_of
from services.msign.pages.visits import Remark
from shared.contract.models import Instrument

Offered = SigningInstrument | Mobile


class Screens:
    """The page with the instruments, and the form of each."""

    def __init__(self, parts: Parts, renderer: Renderer) -> None:
        self._parts = parts
        self._renderer = renderer
        phone = {Instrument.MOBILE: parts.mobile} if parts.mobile else {}
        self._offered: dict[Instrument, Offered] = {**phone, **parts.instruments}

    def instrument(self, name: str | None) -> Offered | None:
        """Return the instrument of a name in the browser form, if it is offered."""
        return self._offered.get(Instrument(name)) if name in set(Instrument) else None

    def choose(self, step: Step) -> web.Response:
        """Show what is to be signed and the instruments."""
        return self._renderer.page(
            "choose.html", step.language, view=self.view(step), state=self._parts.seal.form(step.visit),
            instruments=[*self._offered], complaint=_complaint(step.visit.remark), busy=step.visit.remark == BUSY,
        )  # fmt: skip

    async def form(self, step: Step, instrument: Offered) -> web.Response:
        """Show the form of an instrument, with what was entered before but for secrets."""
        signed, total = await self._parts.requests.progress(step.request_id)
        remark = step.visit.remark
        people = [person for person in self._parts.people if person["instrument"] == instrument.name]
        return self._renderer.page(
            "pin.html", step.language, view=self.view(step, signed), state=self._parts.seal.form(step.visit, signed),
            instrument=instrument, complaint=_complaint(remark, signed), people=people, signed=signed, total=total,
            values=remark.entered if remark else {"MSISDN": step.visit.entry.msisdn or ""}, busy=remark == BUSY,
        )  # fmt: skip

    def view(self, step: Step, signed: int = 0) -> View:
        """Return what every page shows of the request, of which so many documents are signed."""
        return view_of(step.asked, step.visit.entry, self._parts.seal.link(step.visit), signed)


def kept_values(instrument: Offered, form: Mapping[str, str | bytes]) -> dict[str, str]:
    """Return what was entered and may be shown again: numbers as they are meant, never a secret or a file."""
    numbers = [field for field in instrument.fields if field.kind is FieldKind.DIGITS]
    return {field.name: field.read(str(form.get(field.name, ""))[: field.max_length]) for field in numbers}


def _complaint(remark: Remark | None, signed: int = 0) -> Complaint | None:
    if remark is None or not remark.key:
        return None
    said = complaint(remark.key, remark.number)
    return replace(said, then=KEPT) if signed and said.then is NOTHING_SIGNED else said
