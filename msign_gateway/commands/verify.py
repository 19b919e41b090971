"""Are these signatures valid? `msign-gateway verify` (architecture, "Command line")."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def verify(
    files: Annotated[list[Path] | None, typer.Argument(help="XAdES documents and signed PDF files.")] = None,
    content: Annotated[
        str | None,
        typer.Option(help="What was signed: a file, or ALG:HEX (sha1, sha224, sha256, sha384, sha512)."),
    ] = None,
    trust: Annotated[Path | None, typer.Option(help="A directory of trust anchors (PEM or DER).")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the verdict as one JSON object.")] = False,
    batch: Annotated[
        Path | None, typer.Option(help='Lines {"case_id", "file", "kind", "content"}; prints one verdict a line.')
    ] = None,
    policy: Annotated[
        Path | None, typer.Option(help="A policy file (TOML) in place of the one that is shipped.")
    ] = None,
    online: Annotated[
        bool, typer.Option("--online", help="Ask the network for revocation status and missing issuers.")
    ] = False,
) -> None:
    """Verify XAdES and PAdES signatures: integrity, coverage, timestamp and trust.

    Without --trust nothing is trusted, but the rest is still judged; without --online the network is not used.

    Exit code 0 means that there is a verdict, whichever it is; 2 that an input holds no signature or cannot be used.
    """
    try:
        from msign_gateway.commands import verify_run  # noqa: PLC0415 - the engine comes with the extra `services`
    except ImportError as error:
        typer.echo(f"verify needs the extra: pip install 'msign-gateway[services]' ({error.name} is missing)", err=True)
        raise typer.Exit(2) from error
    if (batch is None) == (not files):
        raise typer.BadParameter("give either files or --batch")
    wishes = verify_run.Wishes(trust, policy, online, as_json or batch is not None)
    raise typer.Exit(
        verify_run.run_files(files or [], content, wishes) if batch is None else verify_run.run_batch(batch, wishes)
    )
