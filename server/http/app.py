"""build_app: the Sanic app from blueprints of endpoints, with the door in front of every one of them."""

import inspect
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from functools import partial
from typing import Any

import orjson
from sanic import Blueprint, Sanic
from sanic.exceptions import (
    BadRequest,
    MethodNotAllowed,
    PayloadTooLarge,
    RequestCancelled,
    RequestTimeout,
    SanicException,
    ServiceUnavailable,
)
from sanic.exceptions import NotFound as NoRoute
from sanic.http import Http
from sanic.response import BaseHTTPResponse, HTTPResponse

from config.settings import Settings
from server.errors import Invalid, NotFound, Refusal
from server.http import health
from server.http.answers import problem, stamped
from server.http.call import Call
from server.http.door import Door, InternalFault, answer_by_heart
from server.http.endpoint import MOST_BYTES, Endpoint, endpoints_of
from server.http.logs import log, log_request
from server.http.openapi import docs_blueprint
from server.http.request import OwnRequest
from server.http.services import Services

_LAST_MOMENT = 1.0  # seconds

MaybeLater = BaseHTTPResponse | Awaitable[BaseHTTPResponse | None]
OpenServices = Callable[[Settings], AbstractAsyncContextManager[Services]]


class TooLarge(Invalid):
    code = "request_too_large"
    status = 413
    message = "一次上传的内容过大，每个文件不超过5MB，请逐页上传"


class TooSlow(Refusal):
    """The request did not arrive in time. The door's own patience is shorter, so it was never waiting for us."""

    code = "request_too_slow"
    status = 408
    message = "请求发送过慢，请检查网络后重试"


class WrongMethod(Refusal):
    code = "method_not_allowed"
    status = 405
    message = "此地址不支持该操作"


class BadRequestLine(Refusal):
    code = "bad_request"
    status = 400
    message = "请求格式不正确"


def build_app(name: str, settings: Settings, open_services: OpenServices, *blueprints: Blueprint) -> Sanic[Any, Any]:
    """An app that opens its services at start and, when stopped, lets what is inside finish before closing them."""
    app: Sanic[Any, Any] = Sanic(name, dumps=orjson.dumps, configure_logging=False, request_class=OwnRequest)
    app.config.update(
        REQUEST_MAX_SIZE=MOST_BYTES,
        GRACEFUL_SHUTDOWN_TIMEOUT=settings.shutdown_seconds,
        RESPONSE_TIMEOUT=settings.request_seconds + 20,
        KEEP_ALIVE_TIMEOUT=75,
        FALLBACK_ERROR_FORMAT="json",
        ACCESS_LOG=False,
        PROXIES_COUNT=settings.proxies or None,
        MOTD=False,
        REQUEST_ID_HEADER="",
    )
    app.ctx.door = Door(settings.request_seconds)
    for blueprint in (health.blueprint, docs_blueprint(blueprints), *blueprints):
        for endpoint in endpoints_of(blueprint):
            _add(app, blueprint.name, endpoint)
    _install_refusals(app)
    _install_lifecycle(app, settings, open_services)
    return app


def _add(app: Sanic[Any, Any], section: str, endpoint: Endpoint) -> None:
    handler: Any = partial(_through_the_door, endpoint)
    handler.__signature__ = _SIGNATURE  # Sanic would work it out twice for every route
    app.add_route(
        handler,
        endpoint.path,
        methods=[endpoint.method],
        name=f"{section}_{endpoint.name}",
        unquote=True,
        stream=endpoint.most_bytes is not None,  # then the body is ours to read
    )


def _through_the_door(endpoint: Endpoint, request: OwnRequest, **parameters: str) -> MaybeLater:
    """No coroutine for what is known by heart: Sanic takes an answer as well as something to wait for."""
    door, call = request.app.ctx.door, Call(request, request.app.ctx.services)
    door.part_with(request)
    most_bytes = endpoint.most_bytes
    serve = door.serve if most_bytes is None else partial(_read_and_serve, door, most_bytes)
    return answer_by_heart(endpoint, call) or serve(endpoint, call, parameters)


async def _read_and_serve(
    door: Door, most_bytes: int, endpoint: Endpoint, call: Call, parameters: dict[str, str]
) -> BaseHTTPResponse | None:
    await _read_at_most(most_bytes, call.request)
    call.began = time.monotonic()  # how long a page is on its way is no work of ours
    return await door.serve(endpoint, call, parameters)


_SIGNATURE = inspect.signature(partial(_through_the_door, None))  # type: ignore[arg-type]


async def _read_at_most(most_bytes: int, request: OwnRequest) -> None:
    """Raises PayloadTooLarge by the announced length before anything is read, or by the first chunk too many."""
    assert request.stream is not None
    request.stream.request_max_size = most_bytes
    await request.receive_body()


def _install_refusals(app: Sanic[Any, Any]) -> None:
    table: dict[type[BaseException], type[Refusal]] = {
        NoRoute: NotFound,
        MethodNotAllowed: WrongMethod,
        PayloadTooLarge: TooLarge,
        BadRequest: BadRequestLine,
        RequestCancelled: BadRequestLine,
        RequestTimeout: TooSlow,
        ServiceUnavailable: TooSlow,
    }

    def refusal_of(error: Exception, request_id: str) -> Refusal:
        for kind, refusal in table.items():
            if isinstance(error, kind):
                return refusal()
        if isinstance(error, SanicException) and error.status_code < 500:
            return BadRequestLine()
        log("fault", level=40, error=error, request_id=request_id)
        return InternalFault()

    async def refuse(request: OwnRequest, error: Exception) -> HTTPResponse:
        """What never came through the door: no such route, no HTTP."""
        refusal = refusal_of(error, request.id)
        log_request(request, refusal.status)
        answer = stamped(problem(refusal, request.id), request.id)
        if isinstance(error, MethodNotAllowed):
            answer.headers.update(error.headers)
        if isinstance(error, ServiceUnavailable) and isinstance(request.stream, Http):
            request.stream.request_body = None  # or Sanic would wait for its end for ever, and keep the connection
        return answer

    app.error_handler.add(Exception, refuse)


def _install_lifecycle(app: Sanic[Any, Any], settings: Settings, open_services: OpenServices) -> None:
    stack = AsyncExitStack()

    async def start(app: Sanic[Any, Any]) -> None:
        app.ctx.services = await stack.enter_async_context(open_services(settings))

    async def begin_to_stop(app: Sanic[Any, Any]) -> None:
        app.ctx.door.closing.set()  # streams end now: Sanic waits for whatever is under way
        app.ctx.stop_by = time.monotonic() + settings.shutdown_seconds

    async def finish(app: Sanic[Any, Any]) -> None:
        """What nobody waits for any more is given a last moment, however long Sanic waited for the rest."""
        await app.ctx.door.finish(max(_LAST_MOMENT, app.ctx.stop_by - time.monotonic()))
        await stack.aclose()

    app.before_server_start(start)
    app.before_server_stop(begin_to_stop)
    app.after_server_stop(finish)
