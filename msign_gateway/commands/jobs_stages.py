"""How far has a job come? The stages that a person thinks in, each done, gone wrong, under way, ahead or left out."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from shared.persistence.inquiries import Story
from shared.signing.states import Kind, State

WRONG = {State.FAILED, State.EXPIRED, State.REJECTED}


class Mark(StrEnum):
    """How a stage stands."""

    DONE = "✓"
    WRONG = "✗"
    NOW = "●"
    AHEAD = "○"
    LEFT_OUT = "–"


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage of a job's way."""

    name: str
    mark: Mark


def stages(story: Story) -> tuple[Stage, ...]:
    """Return the stages of a job's way in order; the first that is not done is under way, unless it cannot come."""
    found: list[Stage] = []
    under_way = True
    for name, done, possible in _facts(story):
        if done or not possible:
            mark = Mark.LEFT_OUT if not done else Mark.WRONG if name in WRONG else Mark.DONE
        else:
            mark, under_way = (Mark.NOW if under_way else Mark.AHEAD), False
        found.append(Stage(name, mark))
    return tuple(found)


def _facts(story: Story) -> Iterator[tuple[str, bool, bool]]:
    """Yield each stage's name, whether it is done, and whether it can still come."""
    job = story.job
    yield "received", True, True
    if job.kind is Kind.SIGN:
        yield "at MSign", job.request_id is not None, not job.final
        yield "signer came back", job.returned_at is not None, not job.final
    good = "signed" if job.kind is Kind.SIGN else "verified"
    yield (job.state if job.final and job.state is not State.COMPLETED else good), job.final, True
    told = job.final and bool(story.events) and story.events[-1].published_at is not None
    yield "system told", told, True
