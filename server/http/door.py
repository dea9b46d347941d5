"""The door every request passes once: shield, deadline, access, parsing, error mapping, one log line."""

import asyncio
import time
from collections.abc import Coroutine
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from sanic.http import Http
from sanic.response import BaseHTTPResponse

from server.audit.trail import request_id
from server.errors import Invalid, NotFound, Refusal, Unavailable
from server.failpoints import reach
from server.http.access import admit, is_known
from server.http.answers import Answer, invalid, json_response, problem, stamped
from server.http.call import Call, Reply, Stream
from server.http.endpoint import Endpoint
from server.http.logs import log, log_request
from server.http.metrics import observe
from server.http.request import OwnRequest
from server.transactions import is_connection_lost, is_retryable

T = TypeVar("T")

CLIENT_GONE = 499  # logged when nobody waits for the answer any more; the work inside went on


class DatabaseDown(Unavailable):
    code = "database_down"
    message = "系统正在恢复，请稍后再试"


class OutcomeUnknown(Unavailable):
    """The work goes on past the door's patience: what became of it is asked with the same key."""

    code = "outcome_unknown"
    message = "系统繁忙，处理结果尚未确认，请稍后查询"


class BadJson(Invalid):
    code = "bad_json"
    status = 400
    message = "请求内容不是有效的 JSON"


class Door:
    """Runs endpoints in tasks of its own, so that a client that hangs up cancels nothing inside."""

    def __init__(self, patience: float) -> None:
        self._patience = patience  # seconds
        self._inside: set[asyncio.Task[Any]] = set()
        self.closing = asyncio.Event()

    async def serve(self, endpoint: Endpoint, call: Call, parameters: dict[str, str]) -> BaseHTTPResponse | None:
        try:
            found = await self._shielded(endpoint, call, parameters)
            answer = None if isinstance(found, Stream) else stamped(found, call.id)
            if isinstance(found, Stream):
                listening = time.monotonic()
                await self._send(call.request, found)
                call.began += time.monotonic() - listening  # that is no time that the answer took
        except asyncio.CancelledError:
            _note(endpoint, call, CLIENT_GONE)
            raise
        _note(endpoint, call, answer.status if answer else 200)
        if endpoint.method != "GET":  # probes must not use it up
            await reach("door.answering")
        self.part_with(call.request)
        return answer

    async def _shielded(self, endpoint: Endpoint, call: Call, parameters: dict[str, str]) -> Answer | Stream:
        """Wait as long as the door's patience; a client that hangs up ends the waiting, never the work."""
        loop = asyncio.get_running_loop()
        done: Waiting = loop.create_future()
        self._keep(_answer(endpoint, call, parameters, done))
        out_of_patience = loop.call_later(self._patience, _lose_patience, done, call)
        try:
            return await done
        finally:
            out_of_patience.cancel()

    async def _send(self, request: OwnRequest, stream: Stream) -> None:
        """Chunk by chunk. Each is made inside, so that a client that hangs up breaks no database connection."""
        response = await request.respond(stamped(Answer(content_type=stream.content_type), request.id))
        assert response is not None
        while not self.closing.is_set():
            step = self._keep(_next(stream))
            leaving = asyncio.ensure_future(self.closing.wait())
            await asyncio.wait({step, leaving}, return_when=asyncio.FIRST_COMPLETED)
            leaving.cancel()
            if not step.done() or (chunk := step.result()) is None:
                break
            await response.send(chunk)
        await response.eof()

    def _keep(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(work)
        self._inside.add(task)
        task.add_done_callback(self._inside.discard)
        return task

    def part_with(self, request: OwnRequest) -> None:
        """While the process stops, an answer ends its connection: Sanic would wait for the next request on it."""
        if self.closing.is_set() and isinstance(request.stream, Http):
            request.stream.keep_alive = False

    async def finish(self, seconds: float) -> None:
        """Let what is inside end, at most `seconds`."""
        if self._inside:
            await asyncio.wait(self._inside, timeout=seconds)


Waiting = asyncio.Future[Answer | Stream]


def _lose_patience(waiting: Waiting, call: Call) -> None:
    if not waiting.done():
        waiting.set_result(problem(OutcomeUnknown(), call.id))


def answer_by_heart(endpoint: Endpoint, call: Call) -> Answer | None:
    """The answer as far as this process knows it. Nothing is waited for, so nothing can be cancelled."""
    if endpoint.recalled is None or not is_known(call, endpoint.access) or not (body := endpoint.recalled(call)):
        return None
    _note(endpoint, call, endpoint.status)
    return stamped(Answer(body, content_type="application/json"), call.id)


def _note(endpoint: Endpoint, call: Call, status: int) -> None:
    """Count the request and write its line."""
    seconds = time.monotonic() - call.began
    observe(endpoint, status, seconds)
    log_request(
        call.request,
        status,
        route=endpoint.path,
        ms=round(seconds * 1000, 1),
        account=call.who and call.who.account_id,
    )


async def _answer(endpoint: Endpoint, call: Call, parameters: dict[str, str], waiting: Waiting) -> None:
    request_id.set(call.id)
    answer: Answer | Stream
    try:
        await admit(call, endpoint.access)
        answer = _shape(await endpoint.handler(call, **_arguments(endpoint, call, parameters)), endpoint)
    except Refusal as refusal:
        answer = problem(refusal, call.id)
    except ValidationError as error:
        answer = problem(invalid(error), call.id)
    except Exception as error:  # noqa: BLE001 - the last door: whatever it is, the caller gets an answer
        answer = problem(_engine_fault(error, call), call.id)
    if not waiting.done():  # else whoever waited is gone, or was told that the outcome is unknown
        waiting.set_result(answer)


def _engine_fault(error: Exception, call: Call) -> Refusal:
    if is_connection_lost(error) or is_retryable(error):
        log("engine", level=30, error=error, request_id=call.id)
        return DatabaseDown()
    log("fault", level=40, error=error, request_id=call.id)
    return InternalFault()


class InternalFault(Refusal):
    code = "internal"
    status = 500
    message = "系统出现故障，我们已记录，请稍后再试"


def _shape(result: Any, endpoint: Endpoint) -> Answer | Stream:
    if isinstance(result, Stream):
        return result
    if isinstance(result, Reply):
        return Answer(result.body, status=result.status, headers=result.headers, content_type=result.content_type)
    return json_response(result, endpoint.status)


def _arguments(endpoint: Endpoint, call: Call, parameters: dict[str, str]) -> dict[str, Any]:
    arguments = {name: _path_value(endpoint, name, text) for name, text in parameters.items()}
    if endpoint.body:
        arguments["body"] = _body(endpoint.body, call.request)
    if endpoint.query:
        arguments["query"] = endpoint.query.model_validate(_query(endpoint, call.request))
    return arguments


def _path_value(endpoint: Endpoint, name: str, text: str) -> Any:
    try:
        return endpoint.path_types[name].validate_python(text)
    except ValidationError as error:
        raise NotFound from error


def _body(model: type[BaseModel], request: OwnRequest) -> BaseModel:
    try:
        return model.model_validate_json(request.body or b"{}")
    except ValidationError as error:
        if any(e["type"] == "json_invalid" for e in error.errors(include_input=False)):
            raise BadJson from error
        raise


def _query(endpoint: Endpoint, request: OwnRequest) -> dict[str, Any]:
    """Query strings as the model wants them: lists stay lists, everything else is its last value."""
    lists = endpoint.query_lists
    return {key: values if key in lists else values[-1] for key, values in request.args.items()}


async def _next(stream: Stream) -> bytes | None:
    return await anext(stream.chunks, None)
