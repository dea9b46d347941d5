"""Structured logs: one JSON object a line, with ids and codes, never with what people typed."""

import logging
import sys
import time
import traceback
from typing import Any, BinaryIO

import orjson
from sanic import Request

from server.clock import local_now

_log = logging.getLogger("zcgl")
_OURS = {"zcgl", "server", "__main__"}


_UNTOLD = {
    "name": "zcgl",
    "pathname": "",
    "filename": "",
    "module": "",
    "funcName": "",
    "lineno": 0,
    "args": None,
    "exc_text": None,
    "stack_info": None,
}


class Line(logging.LogRecord):
    """One of ours: which file, line, thread and process wrote it costs more to find out than the line itself."""

    def __init__(self, event: str, level: int, error: BaseException | None, facts: dict[str, Any]) -> None:
        self.__dict__.update(_UNTOLD, msg=event, levelno=level, created=time.time(), facts=facts)
        self.levelname = logging.getLevelName(level)
        self.exc_info = (type(error), error, error.__traceback__) if error else None


class JsonLines(logging.Handler):
    """Each line is out before anything that follows it happens: a process may be killed at any moment."""

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__()
        self._stream = stream

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._stream.write(line_of(record))
            self._stream.flush()
        except Exception:  # noqa: BLE001 - as every handler does: what cannot be logged must stop nobody
            self.handleError(record)


def line_of(record: logging.LogRecord) -> bytes:
    line = {"at": local_now(), "level": record.levelname.lower(), "event": _event(record)}
    line |= getattr(record, "facts", {})
    if record.exc_info and record.exc_info[1]:
        line |= fault(record.exc_info[1])
    return orjson.dumps(line, default=str, option=orjson.OPT_APPEND_NEWLINE)


def _event(record: logging.LogRecord) -> str:
    """Of a library only what its author wrote: it fills in values, and asyncio quotes the error it tells of."""
    is_ours = record.name == "zcgl" or record.name.partition(".")[0] in _OURS
    return record.getMessage() if is_ours else str(record.msg).partition("\n")[0]


def fault(error: BaseException) -> dict[str, Any]:
    """Type and place of an error. Its message stays out: drivers quote the values they choke on."""
    frames = traceback.extract_tb(error.__traceback__)[-12:]
    return {"error": type(error).__name__, "trace": [f"{f.filename}:{f.lineno} {f.name}" for f in frames]}


def configure(level: str) -> None:
    # No line of ours names a thread, a process or the place that logged: looking for them costs more than the line.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None  # the documented way
    logging.basicConfig(level=level.upper(), handlers=[JsonLines(sys.stdout.buffer)], force=True)
    for noisy in ("sanic.access", "sanic.root", "sanic.server", "aiosqlite", "tortoise", "asyncio", "aiohttp.access"):
        logging.getLogger(noisy).handlers = []
        logging.getLogger(noisy).setLevel(logging.WARNING)


def log(event: str, *, level: int = logging.INFO, error: BaseException | None = None, **facts: Any) -> None:
    """One line: log("request", request_id=…, status=200). Facts are ids, codes and counts only."""
    if _log.isEnabledFor(level):
        _log.handle(Line(event, level, error, facts))


def log_request(request: Request, status: int, **facts: Any) -> None:
    """The one line of a request; a second call for the same one writes nothing."""
    if not getattr(request.ctx, "is_logged", False):
        request.ctx.is_logged = True
        log("request", request_id=str(request.id), method=request.method, status=status, **facts)
