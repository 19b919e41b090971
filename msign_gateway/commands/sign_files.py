"""Which files are to be signed, what is asked for them, and where do the results go? Nothing here talks to anybody."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.contract.models import Instrument, Language
from shared.errors import Malformed

PDF_HEADER_WITHIN = 1024
LONGEST_DESCRIPTION = 90
LONGEST_NAME = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What somebody wants to have signed, and how."""

    files: tuple[Path, ...]
    return_url: str
    as_hash: bool = False
    description: str | None = None
    language: Language = Language.RO
    instrument: Instrument | None = None
    signer: str | None = None
    out: Path | None = None
    force: bool = False


@dataclass(frozen=True, slots=True)
class Paper:
    """A file, what of it is signed, and where its result goes; `id` is its correlation id."""

    id: str
    file: Path
    content: bytes
    result: Path


def papers(order: Order) -> tuple[Paper, ...]:
    """Read the files; raises `Malformed`, with a sentence, for what cannot be signed or whose result has no place."""
    if order.out is not None and not order.out.is_dir():
        raise Malformed(f"{order.out} is not a directory")
    found: list[Paper] = []
    for number, file in enumerate(order.files, start=1):
        result = result_of(file, order)
        if any(result == paper.result for paper in found):
            raise Malformed(f"{file}: its result would be written over another's, {result}")
        if result.exists() and not order.force:
            raise Malformed(f"{result} is there already; --force writes over it")
        found.append(Paper(str(number), file, _content(file, as_hash=order.as_hash), result))
    return tuple(found)


def result_of(file: Path, order: Order) -> Path:
    """Return where the result of a file goes."""
    name = f"{file.name}.xades.xml" if order.as_hash else f"{file.name.removesuffix(file.suffix)}.signed.pdf"
    return (order.out or file.parent) / name


def command(order: Order, asked: tuple[Paper, ...], refs: dict[str, str]) -> dict[str, Any]:
    """Return the data of the sign command; `refs` has the references of stored contents, by the papers' ids."""
    contents = [
        {
            "correlation_id": paper.id,
            "name": paper.file.name[:LONGEST_NAME],
            **({"content_ref": refs[paper.id]} if paper.id in refs else {"content": paper.content}),
        }
        for paper in asked
    ]
    wishes = {
        "instrument": order.instrument,
        "expected_signer": {"id": order.signer} if order.signer else None,
    }
    return {
        "content_type": "Hash" if order.as_hash else "Pdf",
        "short_description": order.description or _description(order.files),
        "contents": contents,
        "return_url": order.return_url,
        "language": order.language,
    } | {name: value for name, value in wishes.items() if value is not None}


def write(paper: Paper, result: bytes) -> None:
    """Write a result in one go: nobody ever sees half of it. Raises `OSError`."""
    fresh = paper.result.with_name(f".{paper.result.name}.new")
    try:
        fresh.write_bytes(result)
        fresh.replace(paper.result)
    finally:
        fresh.unlink(missing_ok=True)


def _content(file: Path, *, as_hash: bool) -> bytes:
    try:
        body = file.read_bytes()
    except OSError as error:
        raise Malformed(f"{file}: {error.strerror}") from error
    if as_hash:
        return hashlib.sha256(body).digest()
    if b"%PDF-" not in body[:PDF_HEADER_WITHIN]:
        raise Malformed(f"{file} is not a PDF file; with --hash any file can be signed")
    return body


def _description(files: tuple[Path, ...]) -> str:
    names = ", ".join(file.name for file in files)
    return names if len(names) <= LONGEST_DESCRIPTION else f"{names[: LONGEST_DESCRIPTION - 1]}…"
