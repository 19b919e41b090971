"""What is to be verified, and how does the verdict look as JSON? (architecture, "Command line")"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from shared.errors import Malformed
from shared.signatures.content import Digest, KnownContent, Original
from shared.signatures.policy import Policy, shipped_policy
from shared.signatures.trust import TrustAnchors
from shared.signatures.verdict import Report
from shared.signatures.verify import Verifier

MAX_FILE_BYTES = 256 << 20
KINDS = ("xades", "pades")


class Unusable(Exception):
    """An input that there can be no verdict on; the message says why."""

    def __init__(self, message: str, case_id: Any = None) -> None:
        super().__init__(message)
        self.case_id = case_id


@dataclass(frozen=True, slots=True)
class Case:
    """One file to verify; without a `kind` the file itself tells, `content` is a path or `ALG:HEX`."""

    file: Path
    kind: str | None = None
    content: str | None = None
    base: Path = Path()


def load_anchors(trust: Path | None, policy: Path | None) -> TrustAnchors:
    """The anchors of a directory, or none, and the policy; raises `Unusable` where there is none to be had."""
    try:
        rules = shipped_policy() if policy is None else Policy.from_file(policy)
        return TrustAnchors(policy=rules) if trust is None else TrustAnchors.from_directory(trust, rules)
    except Malformed as error:
        raise Unusable(str(error)) from error


def read_case(line: str, base: Path) -> tuple[Any, Case]:
    """A line of a batch file, with the case's id; paths may be relative to `base`. Raises `Unusable`."""
    try:
        told = json.loads(line)
    except ValueError as error:
        raise Unusable("the line is not JSON") from error
    if not isinstance(told, dict):
        raise Unusable("the line is not a JSON object")
    case_id = told.get("case_id")
    file, kind, content = told.get("file"), told.get("kind") or None, told.get("content") or None
    if not isinstance(file, str) or not isinstance(content, str | None) or kind not in (None, *KINDS):
        raise Unusable("the case has no file, or its kind or content is wrong", case_id)
    return case_id, Case(_located(file, base), kind, content, base)


async def judge(case: Case, verifier: Verifier) -> Report:
    """The verdict on one case; raises `Unusable` for everything that there is no verdict on."""
    data = _read(case.file)
    kind = case.kind or ("pades" if b"%PDF-" in data[:1024] else "xades")
    known = None if case.content is None else _known(case.content, case.base)
    try:
        if kind == "pades":
            return await verifier.pdf(data)
        return await verifier.hash_signature(data, known)
    except Malformed as error:
        raise Unusable(str(error)) from error
    except Exception as error:
        raise Unusable(f"the input could not be read ({type(error).__name__})") from error


def as_data(report: Report) -> dict[str, Any]:
    """The verdict as `verify --json` prints it."""
    return {
        "valid": report.valid,
        "signatures": [
            {
                "integrity": one.integrity.value,
                "coverage": one.coverage.value,
                "timestamp": one.timestamp.value,
                "trust": one.trust.value,
                "subject": one.subject,
                "reason": one.reason,
            }
            for one in report.signatures
        ],
        "reason": report.reason,
    }


def _known(content: str, base: Path) -> KnownContent:
    algorithm, separator, _ = content.partition(":")
    path = _located(content, base)
    if separator and algorithm.lower().replace("-", "").startswith("sha") and not path.exists():
        try:
            return Digest.parse(content)
        except Malformed as error:
            raise Unusable(str(error)) from error
    return Original(_read(path))


def _located(name: str, base: Path) -> Path:
    """A path as given, or beside the batch file."""
    beside = base / name
    return beside if beside.exists() else Path(name)


def _read(file: Path) -> bytes:
    try:
        if file.stat().st_size > MAX_FILE_BYTES:
            _refuse(f"{file} is too large")
        return file.read_bytes()
    except OSError as error:
        raise Unusable(f"{file} cannot be read: {error.strerror}") from error


def _refuse(message: str) -> NoReturn:
    raise Unusable(message)
