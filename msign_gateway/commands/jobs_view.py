"""How is a job told to a person? "Where is my signature?" in one look."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from rich.console import Console
from rich.markup import escape

from msign_gateway.commands.jobs_stages import Mark, Stage, stages
from msign_gateway.commands.listing import show_lines
from shared.persistence.inquiries import Attempt, Change, Sight, Step, Story, Told
from shared.signing.states import Kind, State

_CAUSES = {
    "intake": "the command came in",
    "claim": "a gateway process takes it",
    "retry": "that did not work; it is tried again later",
    "lost_claim": "the gateway process was lost; another takes it",
    "posted": "MSign has the request; the user can sign",
    "refused": "it cannot be carried out",
    "signed": "the signatures are here, and checked",
    "not_signed": "there is no good signature",
    "deadline": "the time is up",
    "verified": "the verdicts are here",
}
_ENDS = {
    State.COMPLETED: "done",
    State.FAILED: "not signed",
    State.EXPIRED: "nobody signed in time",
    State.REJECTED: "not carried out",
}
_OUTCOMES = {
    "declined": "the signer declined",
    "provider_failure": "MSign failed",
    "content_mismatch": "the signature does not cover what was sent",
    "signer_mismatch": "somebody else signed",
    "expired": "nobody signed in time",
    "not_found": "MSign does not know the request any more",
    "refused_by_msign": "MSign refused it",
}
PROMPT_S = 10.0
"""For how long an event may wait before that is trouble."""
_COLOURS = {State.COMPLETED: "green", State.FAILED: "red", State.REJECTED: "red", State.EXPIRED: "yellow"}


def whereabouts(story: Story) -> str:
    """Return a sentence: where the job is now, and what it waits for."""
    job = story.job
    match job.state:
        case State.RECEIVED if job.due_at is not None and job.due_at > job.seen_at:
            after = f", after {_failures(job.failures)}" if job.failures else ""
            return f"waits for attempt {job.attempt + 1} at {moment(job.due_at)}{after}"
        case State.RECEIVED:
            return "waits for a free gateway process (is one running, and does MSign answer?)"
        case State.POSTING | State.VERIFYING:
            doing = "hands it to MSign" if job.state is State.POSTING else "has the signatures verified"
            return f"a gateway process {doing} (attempt {job.attempt}), until {moment(job.lease_until)} at most"
        case State.AWAITING_SIGNER:
            return _awaiting(job)
    return _ended(story)


def show_list(console: Console, found: Sequence[Sight]) -> None:
    """Print a line for each job."""
    show_lines(console, ("JOB", "SYSTEM", "KIND", "STATE", "AGE", ""), map(_line, found))


def show_story(console: Console, story: Story) -> None:
    """Print where a job is, its ids, and everything that happened to it in order of time."""
    job = story.job
    overdue = "  [bold red]overdue[/]" if job.overdue else ""
    console.print(f"[bold]{_coloured(job.state)}[/]{overdue}  {escape(whereabouts(story))}", soft_wrap=True)
    console.print()
    console.print("  [dim]→[/]  ".join(_marked(stage) for stage in stages(story)), soft_wrap=True)
    console.print()
    for name, value in _facts(job):
        console.print(f"[dim]{name:>12}[/]  {escape(value)}", soft_wrap=True)
    console.print()
    for at, what in timeline(story):
        console.print(f"[dim]{moment(at)}  {_offset(job.created_at, at):>9}[/]  {escape(what)}", soft_wrap=True)
    for event in story.events:
        if event.published_at is None:
            console.print(_unpublished(event, job.seen_at), soft_wrap=True)


def timeline(story: Story) -> list[tuple[datetime, str]]:
    """Return every moment of a job's life with what happened then."""
    told = [*_steps(story.steps), *_returns(story.job), *_attempts(story.attempts), *_events(story.events)]
    return sorted(told, key=lambda one: one[0])


def show_change(console: Console, change: Change) -> None:
    """Print a change of state as one line."""
    where = f"{change.job_id}  {change.system}"
    what = f"{change.from_state or '-'} → {change.to_state}  {_CAUSES.get(change.cause, change.cause)}"
    console.print(f"[dim]{moment(change.at)}[/]  {escape(where)}  {escape(what)}", soft_wrap=True)


def moment(at: datetime | None) -> str:
    """Return a time (UTC) to the second."""
    return f"{at:%Y-%m-%d %H:%M:%S}" if at else "-"


def span(begin: datetime, end: datetime | None) -> str:
    """Return how long something took, in the two largest units that say it."""
    seconds = (end - begin).total_seconds() if end else 0
    if seconds < 10:
        return f"{max(seconds, 0):.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, hours, days = int(seconds // 60), int(seconds // 3600), int(seconds // 86400)
    if hours < 1:
        return f"{minutes} min"
    return f"{hours} h {minutes % 60} min" if days < 2 else f"{days} d {hours % 24} h"


def _line(job: Sight) -> tuple[str, ...]:
    overdue = "[bold red]overdue[/]" if job.overdue else ""
    age = span(job.created_at, job.seen_at)
    return str(job.job_id), escape(job.system), job.kind, _coloured(job.state), age, overdue


def _facts(job: Sight) -> Iterator[tuple[str, str]]:
    yield "job", str(job.job_id)
    yield "system", job.system
    yield "command", job.command_id
    yield "kind", f"{job.kind}, {job.contents} content{'' if job.contents == 1 else 's'}"
    if job.kind is Kind.SIGN:
        yield "RequestID", job.request_id or "none yet"
        yield "deadline", f"{moment(job.expires_at)}{' (past)' if job.expires_at < job.seen_at else ''}"
    if job.polls:
        times = "once" if job.polls == 1 else f"{job.polls} times"
        yield "MSign asked", f"{times}, at {moment(job.collected_at)}{' last' if job.polls > 1 else ''}"


def _steps(steps: Sequence[Step]) -> Iterator[tuple[datetime, str]]:
    for step in steps:
        yield step.at, f"{step.to_state}: {_CAUSES.get(step.cause, step.cause)}"


def _returns(job: Sight) -> Iterator[tuple[datetime, str]]:
    if job.returned_at is not None:
        yield job.returned_at, "the signer's browser came back from the Sign Page"


def _attempts(attempts: Sequence[Attempt]) -> Iterator[tuple[datetime, str]]:
    for attempt in attempts:
        if attempt.ended_at is not None:
            request = f", RequestID {attempt.request_id}" if attempt.request_id else ""
            yield attempt.ended_at, f"PostSignRequest, attempt {attempt.attempt}: {attempt.outcome}{request}"


def _events(events: Sequence[Told]) -> Iterator[tuple[datetime, str]]:
    for event in events:
        if event.published_at is not None:
            outcome = " ".join(filter(None, (event.status, event.reason_code and f"({event.reason_code})")))
            yield event.published_at, f"the system was told: the broker has {event.type}{outcome and f': {outcome}'}"
        for error in event.errors:
            where = " ".join(filter(None, (error.get("field"), error.get("code"))))
            yield event.created_at, f"{where}: {error.get('message', '')}"


def _coloured(state: State) -> str:
    colour = _COLOURS.get(state, "cyan")
    return f"[{colour}]{state}[/]"


def _failures(count: int) -> str:
    return f"{count} failure{'' if count == 1 else 's'}"


def _awaiting(job: Sight) -> str:
    if job.expires_at > job.seen_at:
        waits = f"waits for the signer, until {moment(job.expires_at)}"
    else:
        waits = f"the signer's time was over at {moment(job.expires_at)}"
    if job.lease_until is not None and job.lease_until > job.seen_at:
        return f"{waits}; MSign is being asked now"
    if job.overdue and job.due_at is not None and job.due_at < job.seen_at:
        return f"{waits}; MSign should have been asked at {moment(job.due_at)} (is sign_gateway running?)"
    return f"{waits}; MSign is asked again at {moment(job.due_at)}"


def _ended(story: Story) -> str:
    """Tell an outcome, why, and whether the system knows."""
    job = story.job
    last = story.events[-1] if story.events else None
    reason = last and (last.reason_code or next((error.get("code") for error in last.errors), None))
    known = "its system was told" if last and last.published_at else "its system was not told yet"
    after = span(job.created_at, job.finished_at)
    outcome = _OUTCOMES.get(reason or "", _ENDS[job.state] + (f" ({reason})" if reason else ""))
    return f"{outcome}, {after} after it began; {known}"


def _unpublished(event: Told, now: datetime) -> str:
    waited = (now - event.created_at).total_seconds()
    tries = f", tried {event.attempts} times" if event.attempts else ""
    sentence = f"{event.type} waits for the broker for {span(event.created_at, now)}{tries}"
    return f"[bold red]{escape(sentence)}[/]" if waited > PROMPT_S else f"[yellow]{escape(sentence)}[/]"


def _marked(stage: Stage) -> str:
    colour = {Mark.DONE: "green", Mark.WRONG: "red", Mark.NOW: "bold cyan"}.get(stage.mark, "dim")
    return f"[{colour}]{stage.mark} {stage.name}[/]"


def _offset(begin: datetime, at: datetime) -> str:
    return f"+{span(begin, at)}"
