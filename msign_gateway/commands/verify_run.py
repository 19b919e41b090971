"""How does `msign-gateway verify` go through its files or its batch, and with which exit code does it end?"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import typer

from msign_gateway.commands import verify_report
from msign_gateway.commands.verify_cases import Case, Unusable, as_data, judge, load_anchors, read_case
from shared.signatures.trust import TrustAnchors

EXIT_VERDICT = 0
EXIT_UNUSABLE = 2


def run(files: list[Path], *, content: str | None, trust: Path | None, as_json: bool, batch: Path | None) -> int:
    """Verify and print; the exit code is 0 when there is a verdict on everything (always for a batch), else 2."""
    try:
        anchors = load_anchors(trust)
        lines = None if batch is None else _lines(batch)
    except Unusable as error:
        if as_json or batch is not None:
            _print({"error": str(error)})
        else:
            typer.echo(str(error), err=True)
        return EXIT_UNUSABLE
    if batch is not None and lines is not None:
        asyncio.run(_batch(lines, batch.parent, anchors))
        return EXIT_VERDICT
    return asyncio.run(_files(files, content, anchors, as_json=as_json))


async def _files(files: list[Path], content: str | None, anchors: TrustAnchors, *, as_json: bool) -> int:
    code = EXIT_VERDICT
    for file in files:
        named = {"file": str(file)} if len(files) > 1 else {}
        try:
            report = await judge(Case(file, content=content), anchors)
        except Unusable as error:
            code = EXIT_UNUSABLE
            if as_json:
                _print(named | {"error": str(error)})
            else:
                verify_report.show_problem(file, str(error))
            continue
        if as_json:
            _print(named | as_data(report))
        else:
            verify_report.show(file, report)
    return code


async def _batch(lines: list[str], base: Path, anchors: TrustAnchors) -> None:
    """One line for each case, in order; a case that cannot be used does not stop the others."""
    _print({"ready": True})
    for line in lines:
        case_id: Any = None
        try:
            case_id, case = read_case(line, base)
            answer = as_data(await judge(case, anchors))
        except Unusable as error:
            case_id = case_id if error.case_id is None else error.case_id
            answer = {"error": str(error)}
        _print({"case_id": case_id} | answer)


def _lines(batch: Path) -> list[str]:
    try:
        return [line for line in batch.read_text(encoding="utf-8").split("\n") if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise Unusable(f"{batch} cannot be read") from error


def _print(answer: dict[str, Any]) -> None:
    typer.echo(json.dumps(answer, ensure_ascii=False))
