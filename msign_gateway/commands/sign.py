"""How does a person have files signed? `msign-gateway sign FILE…`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from shared.contract.models import Instrument, Language


def sign(  # noqa: PLR0913 - each is an option of the command line
    files: Annotated[list[Path], typer.Argument(help="PDF files; with --hash, any files.")],
    *,
    amqp_url: Annotated[
        str, typer.Option(envvar="AMQP_URL", help="The broker, as the system's own user.", show_envvar=True)
    ],
    return_url: Annotated[
        str,
        typer.Option(envvar="RETURN_URL", help="Where the browser goes afterwards; in an origin that the system has."),
    ],
    as_hash: Annotated[
        bool, typer.Option("--hash", help="Sign the files' SHA-256; the signatures are XAdES documents of their own.")
    ] = False,
    description: Annotated[str | None, typer.Option(help="What the signer reads; otherwise the files' names.")] = None,
    language: Annotated[Language, typer.Option(help="The language of the pages.")] = Language.RO,
    instrument: Annotated[
        Instrument | None, typer.Option(help="What to sign with; otherwise the signer chooses.")
    ] = None,
    signer: Annotated[str | None, typer.Option(help="The personal number (IDNP) of who must sign.")] = None,
    out: Annotated[Path | None, typer.Option(help="A directory for the results; otherwise beside the files.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over results that are there already.")] = False,
    timeout_s: Annotated[
        float, typer.Option("--timeout", min=1, help="How many seconds to wait for the signer.")
    ] = 900,
    gateway_url: Annotated[
        str | None,
        typer.Option(envvar="SIGN_GATEWAY_URL", help="The gateway's HTTP API, for more than 4 MiB.", show_envvar=True),
    ] = None,
    token: Annotated[
        str | None, typer.Option(envvar="SIGN_GATEWAY_TOKEN", help="The system's token there.", show_envvar=True)
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object a line: the link, the outcome.")
    ] = False,
    no_qr: Annotated[
        bool, typer.Option("--no-qr", help="Print the link only, without the QR code for a phone.")
    ] = False,
) -> None:
    """Have files signed: publish the job, print the link for the signer, wait, and write the results.

    A signed PDF is FILE.signed.pdf; with --hash, a signature is FILE.xades.xml. On a terminal, the link is shown as a
    QR code, too.

    \b
    Examples:
      msign-gateway sign act.pdf
      msign-gateway sign *.pdf --signer 2000000000001 --language en --out signed/
      msign-gateway sign archive.zip --hash --timeout 3600
      msign-gateway sign act.pdf --json | jq -r 'select(.event == "accepted").sign_url'

    Exit codes: 0 all files are signed; 1 they are not (rejected, declined, expired: it says why); 2 nothing was asked
    (wrong use, a file or the broker is not there); 3 the outcome is not known yet, or could not be written: the job
    goes on, and its id was printed.
    """
    from msign_gateway.commands import sign_files, sign_run, sign_telling  # noqa: PLC0415 - slow to import

    order = sign_files.Order(
        files=tuple(files),
        as_hash=as_hash,
        description=description,
        language=language,
        instrument=instrument,
        signer=signer,
        return_url=return_url,
        out=out,
        force=force,
    )
    way = sign_run.Way(amqp_url, gateway_url, token, timeout_s)
    raise typer.Exit(sign_run.run(order, way, sign_telling.Teller(as_json=as_json, with_code=not no_qr)))
