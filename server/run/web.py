"""A web process: the app with every section, on a socket inherited from the supervisor or one of its own."""

import gc

if __name__ == "__main__":  # first of all, before anything is loaded
    gc.disable()  # collecting garbage meanwhile costs a seventh of the start

import os

os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "true")  # looking for some reads what every package says of itself

import asyncio
import logging
import signal
import socket
from typing import Any

from sanic import Blueprint, Sanic

from config.settings import Settings, settings
from console_api.routes import BLUEPRINTS as CONSOLE
from miniprogram_api.routes import BLUEPRINTS as APPLICANTS
from server.ending import ended
from server.http.app import build_app
from server.http.logs import configure, log
from server.run.compose import open_services
from server.run.listening import BACKLOG, listen

_ENDINGS = (signal.SIGTERM, signal.SIGINT)
_FIRST_ANSWERS = 0.3  # seconds for callers who wait already: loading would slow their answers

BLUEPRINTS: tuple[Blueprint, ...] = (*APPLICANTS, *CONSOLE)


def create_app(chosen: Settings) -> Sanic[Any, Any]:
    return build_app("zcgl", chosen, open_services, *BLUEPRINTS)


def main() -> None:
    """Serve until told to stop. ZCGL_LISTEN_FD names an inherited listening socket."""
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDINGS)  # Sanic loses what comes before it serves: it waits
    chosen = settings()
    configure(chosen.log_level)
    app = create_app(chosen)
    app.after_server_start(begin_the_rest)
    app.before_server_stop(end_the_rest)
    # Sanic begins to listen anew, and with room for a hundred unless told.
    app.run(sock=_listen(chosen), backlog=BACKLOG, single_process=True, access_log=False, motd=False)


async def begin_the_rest(app: Sanic[Any, Any]) -> None:
    app.ctx.rest = asyncio.create_task(_load_the_rest(app))


async def end_the_rest(app: Sanic[Any, Any]) -> None:
    await ended([app.ctx.rest])


async def _load_the_rest(app: Sanic[Any, Any]) -> None:
    """What the first answers do without. A process that cannot load it ends, as one that cannot start."""
    try:
        await asyncio.sleep(_FIRST_ANSWERS)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDINGS)  # it serves by now
        await app.ctx.services.wechat()
    except Exception as error:  # noqa: BLE001 - whatever it is, the log shall have it
        log("wechat_not_loaded", level=logging.ERROR, error=error)
        app.stop()
    _collect_garbage()


def _collect_garbage() -> None:
    """From now on, and never again among what was loaded: modules, models and routes stay for good."""
    gc.freeze()
    gc.set_threshold(5_000, 20, 20)
    gc.enable()


def _listen(chosen: Settings) -> socket.socket:
    if inherited := os.environ.get("ZCGL_LISTEN_FD"):
        return socket.socket(fileno=int(inherited))
    return listen(chosen.host, chosen.port)


if __name__ == "__main__":
    main()
