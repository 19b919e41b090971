"""Which charts does the page show of a state, in which order and under which titles?"""

from collections import Counter
from dataclasses import dataclass

from services.sign_gateway.status import charts
from services.sign_gateway.status.charts import Chart, Stage
from services.sign_gateway.status.looking import Section, Snapshot
from services.sign_gateway.status.tally import OUTCOMES, Funnel
from services.sign_gateway.status.windows import HOUR
from shared.persistence.measures import OpenJobs
from shared.signing.states import Kind

TITLES = {Kind.SIGN: "Signing", Kind.VERIFICATION: "Verification"}
STAGE_TITLES = {
    "received_to_posted": "Received → posted to MSign",
    "accepted_to_returned": "Posted → signer came back",
    "returned_to_ready": "Signer came back → outcome known",
    "end_to_end": "Received → outcome known",
}
AGES = {
    "under_1m": "< 1 min",
    "1m_to_10m": "1–10 min",
    "10m_to_1h": "10–60 min",
    "1h_to_1d": "1–24 h",
    "over_1d": "> 1 d",
}


@dataclass(frozen=True, slots=True)
class Part:
    """One kind of job on the page."""

    id: str
    title: str
    browser: bool
    funnel: Funnel
    stages: tuple[Stage, ...]
    outcomes: tuple[str, ...]
    systems: dict[str, Funnel]
    charts: tuple[Chart, ...]


@dataclass(frozen=True, slots=True)
class Drawn:
    """The page's charts."""

    parts: tuple[Part, ...]
    outbox: Chart


def draw(snapshot: Snapshot) -> Drawn:
    """Return everything that is drawn of a state."""
    outbox = charts.lines(
        "outbox", "Oldest event that the broker does not have, seconds", HOUR.steps(snapshot.read_at), HOUR.step,
        {"longest wait": snapshot.outbox_oldest_s}, linear=True,
    )  # fmt: skip
    return Drawn(tuple(_part(snapshot, section) for section in snapshot.sections), outbox)


def _part(snapshot: Snapshot, section: Section) -> Part:
    kind, browser = section.kind, section.kind is Kind.SIGN
    return Part(
        kind,
        TITLES[kind],
        browser,
        section.funnel,
        charts.stages(section.funnel, browser=browser),
        tuple(outcome for outcome in OUTCOMES if browser or outcome not in {"failed", "expired"}),
        section.by_system,
        (_ended(snapshot, section), *_speeds(snapshot, section), _ages(kind, snapshot.open_jobs)),
    )


def _ended(snapshot: Snapshot, section: Section) -> Chart:
    window = snapshot.window
    return charts.stacked(f"{section.kind}-ended", "Jobs that ended", snapshot.steps, window.step, section.ended)


def _speeds(snapshot: Snapshot, section: Section) -> tuple[Chart, ...]:
    return tuple(
        charts.lines(
            f"{section.kind}-{stage}", STAGE_TITLES[stage], snapshot.steps, snapshot.window.step,
            {"median": speed.median_s, "95 of 100 within": speed.p95_s},
        )
        for stage, speed in section.stages.items()
    )  # fmt: skip


def _ages(kind: Kind, open_jobs: tuple[OpenJobs, ...]) -> Chart:
    ages = Counter[str]()
    for some in open_jobs:
        if some.kind is kind:
            ages.update(some.by_age)
    return charts.columns(f"{kind}-ages", "Open jobs by age, now", {title: ages[age] for age, title in AGES.items()})
