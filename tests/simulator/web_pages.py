"""The phone in the browser, and a way from its pages to the service without another origin."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp
import yaml
from aiohttp import web

import config

_PAGES = Path(__file__).parent / "pages"
_FORWARDED = ("Content-Type", "Authorization", "Idempotency-Key", "Accept")
_LIMIT = aiohttp.ClientTimeout(total=15)


class WebPages:
    """`service_url` is where /service/… leads."""

    def __init__(self, http: aiohttp.ClientSession, service_url: str, templates: dict[str, str]) -> None:
        self._http = http
        self._templates = templates  # our key -> template id
        self.service_url = service_url

    def routes(self) -> list[web.AbstractRouteDef]:
        return [
            web.get("/", _page("phone.html")),
            web.get("/phone", _page("phone.html")),
            web.get("/scan", _page("phone.html")),  # the page scans: looking at an address changes nothing
            web.get("/bind", _page("bind.html")),
            web.get("/wechat/bind", _page("bind.html")),  # the path that the service writes into its links
            web.get("/_/templates", self.describe_templates),
            web.static("/pages", _PAGES),
            web.route("*", "/service/{path:.*}", self.forward),
        ]

    async def describe_templates(self, _: web.Request) -> web.Response:
        """Template id -> its title and the names of its fields, as a template at WeChat has them."""
        wording = yaml.safe_load((Path(config.__file__).parent / "messages.yaml").read_text())["templates"]
        return web.json_response({id_: wording[key] for key, id_ in self._templates.items() if key in wording})

    async def forward(self, request: web.Request) -> web.Response:
        headers = {name: request.headers[name] for name in _FORWARDED if name in request.headers}
        url = f"{self.service_url}/{request.match_info['path']}"
        try:
            async with self._http.request(
                request.method,
                url,
                params=request.query,
                data=await request.read(),
                headers=headers,
                timeout=_LIMIT,
            ) as reply:
                return web.Response(
                    status=reply.status,
                    body=await reply.read(),
                    headers={"Content-Type": reply.headers["Content-Type"]},
                )
        except (aiohttp.ClientError, TimeoutError, KeyError):
            return web.json_response({"code": "service_down", "message": "服务没有响应，请稍后再试"}, status=502)


def _page(name: str) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def show(_: web.Request) -> web.StreamResponse:
        return web.FileResponse(_PAGES / name, headers={"Cache-Control": "no-store"})

    return show
