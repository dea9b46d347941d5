"""Structured logs: one JSON object a line, with ids and codes, never with what people typed."""

import json
import logging
import sys
import traceback
from typing import Any, BinaryIO

import orjson

from server.clock import local_now
from server.http.request import OwnRequest

_log = logging.getLogger("zcgl")
_out: "JsonLines | None" = None  # once configured
_LEVELS = {level: name.lower() for level, name in logging._levelToName.items()}
_OURS = {"zcgl", "server", "__main__"}


class JsonLines(logging.Handler):
    """Each line is out before anything that follows it happens: a process may be killed at any moment."""

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__()
        self._stream = stream

    def emit(self, record: logging.LogRecord) -> None:
        """What a library logs, and whatever went through the standard logging."""
        error = record.exc_info[1] if record.exc_info else None
        self.write(_event(record), record.levelno, error, getattr(record, "facts", {}))

    def write(self, event: str, level: int, error: BaseException | None, facts: dict[str, Any]) -> None:
        line = {"at": local_now(), "level": _LEVELS.get(level, "notset"), "event": event, **facts}
        if error:
            line |= fault(error)
        try:
            self._stream.write(_encoded(line))
            self._stream.flush()
        except (OSError, ValueError):  # whoever read the log is gone, or it is closed: that stops nobody here
            return


def _encoded(line: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(line, default=str, option=orjson.OPT_APPEND_NEWLINE)
    except orjson.JSONEncodeError:  # a method of bytes that are no text
        return json.dumps(line, default=str).encode() + b"\n"


def _event(record: logging.LogRecord) -> str:
    """Of a library only what its author wrote: it fills in values, and asyncio quotes the error it tells of."""
    is_ours = record.name.partition(".")[0] in _OURS
    return record.getMessage() if is_ours else str(record.msg).partition("\n")[0]


def fault(error: BaseException) -> dict[str, Any]:
    """Type and place of an error. Its message stays out: drivers quote the values they choke on."""
    frames = traceback.extract_tb(error.__traceback__)[-12:]
    return {"error": type(error).__name__, "trace": [f"{f.filename}:{f.lineno} {f.name}" for f in frames]}


def configure(level: str) -> None:
    """From now on this process writes lines of JSON to its standard output."""
    global _out  # noqa: PLW0603 - one output a process, set once by the composition root
    _out = JsonLines(sys.stdout.buffer)
    # No line of ours names a thread, a process or the place that logged: looking for them costs more than the line.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None  # the documented way
    logging.basicConfig(level=level.upper(), handlers=[_out], force=True)
    for noisy in ("sanic.access", "sanic.root", "sanic.server", "aiosqlite", "tortoise", "asyncio", "aiohttp.access"):
        logging.getLogger(noisy).handlers = []
        logging.getLogger(noisy).setLevel(logging.WARNING)


def log(event: str, *, level: int = logging.INFO, error: BaseException | None = None, **facts: Any) -> None:
    """One line: log("request", request_id=…, status=200). Facts are ids, codes and counts only."""
    if not _log.isEnabledFor(level):
        return
    if _out is None:
        _log.log(level, event, exc_info=error, extra={"facts": facts})
    else:  # the standard way costs three times as much, and every request comes by here
        _out.write(event, level, error, facts)


def log_request(request: OwnRequest, status: int, **facts: Any) -> None:
    """The one line of a request; a second call for the same one writes nothing."""
    if not request.is_logged:
        request.is_logged = True
        log("request", request_id=request.id, method=request.method, status=status, **facts)
