"""What becomes of an input that breaks the code that reads it? A refusal, never a crash."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import structlog

from shared.errors import Malformed

_P = ParamSpec("_P")
_R = TypeVar("_R")
_log = structlog.get_logger(__name__)


def refusing(judge: Callable[_P, _R]) -> Callable[_P, _R]:
    """Let only `Malformed` out of a function that reads hostile input.

    Anything else that a parser below raises means that the input cannot be read; its kind is logged, not its text,
    which may quote the input.
    """

    @wraps(judge)
    def guarded(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        try:
            return judge(*args, **kwargs)
        except Malformed:
            raise
        except Exception as error:
            _log.warning("input_unreadable", error=type(error).__name__, judge=judge.__name__)
            raise Malformed("the input cannot be read", code="unreadable") from error

    return guarded
