"""Logs: one JSON object a line for machines, or coloured lines for a person."""

import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import ClassVar, Final, Literal, TextIO

import orjson
import structlog
from structlog.tracebacks import ExceptionDictTransformer

Format = Literal["auto", "json", "console"]

# Of the request that is being answered; empty outside of one.
request_id: ContextVar[str] = ContextVar("request_id", default="")

_JSON: Final = orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE


class Lines:
    """The lines at INFO of a logger that has one for each request.

    They are the same as any other line; in JSON they are written without the long way there.
    """

    handler: "ClassVar[logging.StreamHandler[TextIO] | None]" = None

    def __init__(self, name: str) -> None:
        self._name = name
        self._logger = logging.getLogger(name)
        self._usual = structlog.get_logger(name)

    def is_wanted(self) -> bool:
        """Whether a line would be written."""
        return self._logger.isEnabledFor(logging.INFO)

    def tell(self, event: str, facts: dict[str, object]) -> None:
        """Write a line of facts that JSON has a form for."""
        handler = self.handler
        if handler is None:
            self._usual.info(event, **facts)
            return
        line = {
            **facts,
            "event": event,
            "level": "info",
            "logger": self._name,
            "timestamp": datetime.now(UTC),
        }
        _write(handler, orjson.dumps(line, option=_JSON).decode())


def _write(handler: "logging.StreamHandler[TextIO]", line: str) -> None:
    """As the handler itself does it: whole lines, and a log that is gone harms nobody."""
    handler.acquire()
    try:
        handler.stream.write(line)
    except (OSError, ValueError):
        pass
    finally:
        handler.release()


def _with_request(
    _logger: object, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    id = request_id.get()
    if id:
        event.setdefault("request_id", id)
    return event


def configure(form: Format, level: str) -> None:
    """Send the logs of ours and of every library to standard error in one form."""
    is_console = form == "console" or (form == "auto" and sys.stderr.isatty())
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        _with_request,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    # Tracebacks without local variables, which hold passwords and tokens.
    rendering: list[structlog.typing.Processor] = (
        [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
        if is_console
        else [
            structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False)),
            structlog.processors.JSONRenderer(),
        ]
    )
    handler = logging.StreamHandler(sys.stderr)
    Lines.handler = None if is_console else handler
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendering],
        )
    )
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    # These tell at INFO what our own lines tell already.
    for name in ("uvicorn.error", "alembic", "pgqueuer", "httpx"):
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
