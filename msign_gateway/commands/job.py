"""How does a system's developer see where a job stands? `msign-gateway job`, over the gateway's HTTP API."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import typer

from msign_gateway.client import ContentStore, JobView, MSignGatewayError
from shared.messaging.events import CompletedData, RejectedData


def job(
    wanted: Annotated[str, typer.Argument(metavar="JOB_ID|COMMAND_ID", help="A job's id, or its command's.")],
    *,
    gateway_url: Annotated[
        str, typer.Option(envvar="SIGN_GATEWAY_URL", help="The gateway's HTTP API.", show_envvar=True)
    ],
    token: Annotated[
        str, typer.Option(envvar="SIGN_GATEWAY_TOKEN", help="The system's token there.", show_envvar=True)
    ],
    wait_s: Annotated[
        float, typer.Option("--wait", min=0, max=30, help="Wait for a change of the job for so many seconds.")
    ] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Tell where one of the system's own jobs stands: its state, the link for the signer, how it ended.

    For operators, who see every job and what happened to it, there is `jobs show`.

    \b
    Examples:
      msign-gateway job order-4711
      msign-gateway job order-4711 --wait 30 --json | jq -r .sign_url

    Exit codes: 0 there is such a job; 1 the system has none; 2 it could not be asked.
    """
    try:
        store = ContentStore(gateway_url, token)
        found = store.job(job_id=wanted, wait_s=wait_s) if _is_uuid(wanted) else None
        found = found or store.job(command_id=wanted, wait_s=wait_s)
    except MSignGatewayError as error:
        typer.echo(f"job: {error}", err=True)
        raise typer.Exit(2) from None
    if found is None:
        typer.echo(f"job: this system has no job {wanted} (finished ones are forgotten in time)", err=True)
        raise typer.Exit(1)
    typer.echo(found.model_dump_json() if as_json else "\n".join(_lines(found)))


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _lines(found: JobView) -> list[str]:
    told = {
        "job": found.job_id,
        "command": found.command_id,
        "state": f"{found.state} ({found.kind})",
        "expires at": found.expires_at,
        "sign at": found.sign_url,
        "outcome": _outcome(found),
    }
    return [f"{name:<11} {value}" for name, value in told.items() if value is not None]


def _outcome(found: JobView) -> str | None:
    outcome = found.outcome
    if outcome is None:
        return None
    if isinstance(outcome, RejectedData):
        return "; ".join(f"{error.field} {error.message} ({error.code})" for error in outcome.errors)
    if isinstance(outcome, CompletedData) and outcome.results_ref:
        return f"the verdicts are {outcome.results_ref}"
    if isinstance(outcome, CompletedData):
        return f"{sum(one.valid for one in outcome.results)} of {len(outcome.results)} valid"
    return outcome.status + (f" ({outcome.reason_code})" if outcome.reason_code else "")
