"""How is a system told what is wrong with its command?

A problem is a JSON Pointer into the command (RFC 6901), a code of the closed list `Code`, and a sentence.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum

from pydantic import ValidationError

from shared.contract import limits


class Code(StrEnum):
    """Every code that a `rejected` event may carry."""

    MISSING = "missing"
    UNKNOWN_FIELD = "unknown_field"
    WRONG_TYPE = "wrong_type"
    NOT_ALLOWED = "not_allowed"
    TOO_LONG = "too_long"
    TOO_SHORT = "too_short"
    TOO_MANY = "too_many"
    BAD_FORMAT = "bad_format"
    BAD_BASE64 = "bad_base64"
    BAD_DIGEST = "bad_digest"
    BAD_PDF = "bad_pdf"
    BAD_IDNP = "bad_idnp"
    ONE_OF = "one_of"
    NOT_UNIQUE = "not_unique"
    TOO_LARGE = "too_large"
    TOO_MANY_OPEN = "too_many_open"
    TOO_FAST = "too_fast"
    CONTENT_NOT_FOUND = "content_not_found"
    ORIGIN_NOT_REGISTERED = "origin_not_registered"
    DEADLINE_PASSED = "deadline_passed"
    REFUSED_BY_MSIGN = "refused_by_msign"
    NOT_ANSWERED = "not_answered"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a command."""

    field: str
    code: Code
    message: str

    def as_dict(self) -> dict[str, str]:
        """Return the problem as it stands in a `rejected` event."""
        return asdict(self)


_CODES = {
    "missing": Code.MISSING,
    "extra_forbidden": Code.UNKNOWN_FIELD,
    "enum": Code.NOT_ALLOWED,
    "literal_error": Code.NOT_ALLOWED,
    "string_too_long": Code.TOO_LONG,
    "string_too_short": Code.TOO_SHORT,
    "too_short": Code.TOO_SHORT,
    "too_long": Code.TOO_MANY,
    "string_pattern_mismatch": Code.BAD_FORMAT,
    "timezone_aware": Code.BAD_FORMAT,
    "out_of_the_calendar": Code.BAD_FORMAT,
    "unusable_character": Code.BAD_FORMAT,
    "reserved": Code.NOT_ALLOWED,
    "bad_base64": Code.BAD_BASE64,
    "one_of": Code.ONE_OF,
}


def pointer(path: Iterable[str | int]) -> str:
    """Return the JSON Pointer of a path of names and indexes."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


def from_validation(error: ValidationError, *, under: str = "") -> tuple[Problem, ...]:
    """Return the problems that pydantic found; the values themselves are never repeated."""
    return tuple(
        Problem(under + pointer(problem["loc"]), _code(problem["type"]), problem["msg"])
        for problem in error.errors(include_url=False, include_input=False, include_context=False)
    )


_CONTRACT_CODES = {"required": Code.MISSING, "duplicate": Code.NOT_UNIQUE, "bad_language": Code.NOT_ALLOWED}
_CONTRACT_NAMES = {
    "Contents": "contents",
    "Content": "content",
    "CorrelationID": "correlation_id",
    "Name": "name",
    "ContentDescription": "description",
    "ShortContentDescription": "short_description",
    "SignatureReason": "signature_reason",
    "ExpectedSigner": "expected_signer",
    "ID": "id",
    "DelegatorID": "delegator_id",
    "Signature": "signature",
    "Language": "language",
}


def from_contract(problems: Iterable[limits.Problem]) -> tuple[Problem, ...]:
    """Return the contract's problems as problems of the command."""
    return tuple(
        Problem(
            "/data" + pointer(_CONTRACT_NAMES[step] if isinstance(step, str) else step for step in problem.path),
            _CONTRACT_CODES.get(problem.code) or Code(problem.code),
            problem.sentence,
        )
        for problem in problems
    )


def _code(kind: str) -> Code:
    if kind in _CODES:
        return _CODES[kind]
    if kind.endswith(("_type", "_parsing")):
        return Code.BAD_FORMAT if kind.startswith("datetime") else Code.WRONG_TYPE
    return Code.INVALID
