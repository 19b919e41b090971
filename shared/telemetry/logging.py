"""What do log lines look like? One JSON object per line in production, readable lines on a terminal.

Each carries the trace and the span that it belongs to, and what is bound for the flow (`steps`): job and command.
"""

import logging
import sys
from functools import partial
from typing import Any, Literal, TextIO

import structlog
from opentelemetry import trace

Format = Literal["auto", "json", "console"]

_QUIET = {
    # These log whole requests, envelopes or frames at their lower levels: they may hold documents and PINs.
    **dict.fromkeys(("zeep", "aio_pika", "aiormq", "aiohttp.access", "asyncio", "pyhanko", "urllib3"), logging.WARNING),
    "opentelemetry": logging.ERROR,  # while the collector is away, one line for each batch that is lost is enough
}


def configure_logging(service: str, *, level: str = "info", fmt: Format = "auto") -> None:
    """Send structlog's and the standard library's log lines to standard error; `auto` is `console` on a terminal."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        partial(_add_names, service),
        _add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.UnicodeDecoder(),
    ]
    structlog.configure(
        processors=[*shared, *_rendering(fmt)],
        logger_factory=partial(_Lines, sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_rendering(fmt)],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name, quiet in _QUIET.items():
        logging.getLogger(name).setLevel(max(quiet, root.level))


class _Lines(structlog.WriteLogger):
    """Writes our own lines; the standard library, which makes several times their work, is for what others say."""

    def __init__(self, file: TextIO, name: str = "root") -> None:
        super().__init__(file)
        self.name = name


def _add_logger_name(logger: Any, _method: str, line: dict[str, Any]) -> dict[str, Any]:
    record = line.get("_record")  # what another library logged
    line["logger"] = logger.name if record is None else record.name
    return line


def _rendering(fmt: Format) -> list[Any]:
    if fmt == "json" or (fmt == "auto" and not sys.stderr.isatty()):
        return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    # The default formatter of tracebacks shows local variables, which may hold PINs and keys.
    plain = structlog.dev.plain_traceback
    return [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)]


def _add_names(service: str, _logger: Any, _method: str, line: dict[str, Any]) -> dict[str, Any]:
    line["service"] = service
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        line["trace_id"] = trace.format_trace_id(context.trace_id)
        line["span_id"] = trace.format_span_id(context.span_id)
    return line
