"""What do the messages look like to other programs? `msign-gateway schemas`."""

import json
from pathlib import Path
from typing import Annotated

import typer


def schemas(
    out: Annotated[Path | None, typer.Option(help="A directory to write them to, one file each.")] = None,
) -> None:
    """Write the JSON Schemas of all commands and events, the AsyncAPI and the OpenAPI document.

    Without --out they are printed as one JSON object, by the names of their files.
    """
    from msign_gateway.schemas import documents  # noqa: PLC0415 - slow to import

    found = documents()
    if out is None:
        typer.echo(_text(found), nl=False)
        return
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, document in found.items():
            (out / name).write_text(_text(document), encoding="utf-8")
    except OSError as error:
        typer.echo(f"schemas: {error.filename}: {error.strerror}", err=True)
        raise typer.Exit(1) from error
    typer.echo(f"wrote {len(found)} documents to {out}")


def _text(document: object) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
