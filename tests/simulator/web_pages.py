"""The pages in the browser (a phone, its mini program, a firm's computer) and their way to the service."""

import asyncio
from collections.abc import Awaitable, Callable, Set
from contextlib import suppress
from pathlib import Path

import aiohttp
import yaml
from aiohttp import web

import config
from config.settings import WechatSettings

_PAGES = Path(__file__).parent / "pages"
_FORWARDED = ("Content-Type", "Authorization", "Idempotency-Key", "Accept")
_RETURNED = ("Content-Type", "Retry-After")
_LIMIT = aiohttp.ClientTimeout(total=15)
_STREAM_LIMIT = aiohttp.ClientTimeout(total=None, sock_connect=5)
_STREAM = "text/event-stream"
_LOOK = 1.0  # seconds between looks whether the one who listens is still there
_AWAY = {"code": "service_down", "message": "服务没有响应，请稍后再试"}

_ADDRESSES = {
    "/": "phone.html",
    "/phone": "phone.html",
    "/scan": "phone.html",  # the page scans: looking at an address changes nothing
    "/wechat/bind": "bind.html",  # the path that the service writes into its links
    "/mini-program": "mini.html",
    "/computer": "computer.html",
}
_PROTECTION = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}


async def protect(request: web.Request, answer: web.StreamResponse, *, api: Set[str]) -> None:
    """No answer but WeChat's own (`api`: their paths) may load or run anything but our files, stand in another page,
    be kept, or tell where it was."""
    if request.path not in api:
        answer.headers.update(_PROTECTION)


class WebPages:
    """`service_url` is where /service/… leads."""

    def __init__(self, http: aiohttp.ClientSession, service_url: str, setup: WechatSettings) -> None:
        self._http = http
        self._setup = setup
        self.service_url = service_url

    def routes(self) -> list[web.AbstractRouteDef]:
        return [
            *(web.get(path, _page(name)) for path, name in _ADDRESSES.items()),
            web.get("/_/templates", self.describe_templates),
            web.static("/pages", _PAGES),
            web.route("*", "/service/{path:.*}", self.forward),
        ]

    async def describe_templates(self, _: web.Request) -> web.Response:
        """Template id -> its title and the names of its fields, as a template at WeChat has them."""
        wording = yaml.safe_load((Path(config.__file__).parent / "messages.yaml").read_text())
        ids = {"templates": self._setup.templates, "subscribe_templates": self._setup.subscribe_templates}
        known = {id_: wording[kind].get(key) for kind, of_kind in ids.items() for key, id_ in of_kind.items()}
        return web.json_response({id_: found for id_, found in known.items() if found})

    async def forward(self, request: web.Request) -> web.StreamResponse:
        """The service's own answer; an event stream goes through piece by piece."""
        headers = {name: request.headers[name] for name in _FORWARDED if name in request.headers}
        limit = _STREAM_LIMIT if headers.get("Accept") == _STREAM else _LIMIT
        url, body = f"{self.service_url}/{request.match_info['path']}", await request.read()
        call = self._http.request(request.method, url, params=request.query, data=body, headers=headers, timeout=limit)
        try:
            async with call as reply:
                kept = {name: reply.headers[name] for name in _RETURNED if name in reply.headers}
                if reply.content_type == _STREAM:
                    return await _passed_on(request, reply, kept)
                return web.Response(status=reply.status, body=await reply.read(), headers=kept)
        except (aiohttp.ClientError, TimeoutError):
            return web.json_response(_AWAY, status=502)


async def _passed_on(
    request: web.Request, reply: aiohttp.ClientResponse, headers: dict[str, str]
) -> web.StreamResponse:
    """Until the service ends the stream or either side has gone."""
    answer = web.StreamResponse(status=reply.status, headers=headers)
    await answer.prepare(request)
    with suppress(aiohttp.ClientError, ConnectionError):
        while request.transport is not None and not request.transport.is_closing():
            with suppress(TimeoutError):
                piece = await asyncio.wait_for(reply.content.readany(), _LOOK)
                if not piece:
                    break
                await answer.write(piece)
    return answer


def _page(name: str) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def show(_: web.Request) -> web.StreamResponse:
        return web.FileResponse(_PAGES / name)

    return show
