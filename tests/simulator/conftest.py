"""A simulator, a service of a few lines that stands behind its callbacks, and somebody who calls both."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from config.settings import WechatSettings
from server import clock
from server.errors import Refusal
from server.gateways.wechat.callback import CallbackDoor
from server.gateways.wechat.events import Callback
from tests.simulator.app import Simulator, running_simulator
from tests.simulator.phones import Phone

CALLBACK_PATH = "/wechat/official-account/callback"
MINI_CALLBACK_PATH = "/wechat/mini-program/callback"
TEMPLATE = "TEMPLATE-PROGRESS"
SUBSCRIBE = "SUBSCRIBE-PROGRESS"


class StubService:
    """Opens callbacks with the service's own door. `statuses` are answered first, one a try, then 200; `reply` is the
    text of a passive reply."""

    def __init__(self, setup: WechatSettings) -> None:
        self.doors = {
            CALLBACK_PATH: CallbackDoor("official_account", setup.official_account),
            MINI_CALLBACK_PATH: CallbackDoor("mini_program", setup.mini_program),
        }
        self.statuses: list[int] = []
        self.reply = ""
        self.received: list[Callback] = []
        self.refused: list[Refusal] = []
        self.url = ""
        self.stream: asyncio.Queue[str] = asyncio.Queue()  # data of the events of /api/v1/stream; "" ends it
        self.listeners_gone = asyncio.Event()

    async def answer(self, request: web.Request) -> web.Response:
        door = self.doors[request.path]
        try:
            callback = door.open(dict(request.query), await request.read())
        except Refusal as refusal:
            self.refused.append(refusal)
            return web.Response(status=refusal.status)
        self.received.append(callback)
        if self.statuses:
            return web.Response(status=self.statuses.pop(0))
        if not self.reply:
            return web.Response(text="success")
        body, _ = door.reply_text(callback, self.reply)
        return web.Response(text=body, content_type="application/xml")

    async def check(self, request: web.Request) -> web.Response:
        try:
            return web.Response(text=self.doors[request.path].check_url(dict(request.query)))
        except Refusal as refusal:
            return web.Response(status=refusal.status)

    async def echo(self, request: web.Request) -> web.Response:
        """For the way through the simulator to the service."""
        return web.json_response(
            {
                "method": request.method,
                "path": request.path_qs,
                "type": request.headers.get("Content-Type"),
                "cookie": request.headers.get("Cookie"),
                "body": await request.text(),
            },
            status=409,
        )

    async def tell(self, request: web.Request) -> web.StreamResponse:
        """An event stream that says what it is given, when it is given it."""
        answer = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await answer.prepare(request)
        try:
            while data := await self.stream.get():
                await answer.write(f"data: {data}\n\n".encode())
        finally:
            self.listeners_gone.set()
        return answer

    def events(self) -> list[str]:
        return [callback.event for callback in self.received]


@dataclass
class Caller:
    """Somebody's HTTP: JSON in, JSON out."""

    http: aiohttp.ClientSession
    url: str
    secret: str = WechatSettings().official_account.secret.get_secret_value()
    appid: str = WechatSettings().official_account.appid

    async def get(self, path: str, **query: str) -> Any:
        async with self.http.get(self.url + path, params=query) as answer:
            return await answer.json()

    async def post(self, path: str, body: object = None, **query: str) -> Any:
        async with self.http.post(self.url + path, json=body, params=query) as answer:
            return await answer.json()

    async def text(self, path: str) -> str:
        async with self.http.get(self.url + path) as answer:
            return await answer.text()

    async def new_token(self, **more: object) -> Any:
        body = {"grant_type": "client_credential", "appid": self.appid, "secret": self.secret, **more}
        return await self.post("/cgi-bin/stable_token", body)

    async def api(self, path: str, body: object) -> Any:
        """A call of the platform with a token that is good."""
        token = (await self.new_token())["access_token"]
        return await self.post(path, body, access_token=token)

    async def send(self, phone: Phone, **changes: object) -> Any:
        body = {"touser": phone.openid, "template_id": TEMPLATE, "data": {"thing1": {"value": "预约成功"}}, **changes}
        return await self.api("/cgi-bin/message/template/send", body)

    async def mini_token(self) -> str:
        mini = WechatSettings().mini_program
        answer = await self.new_token(appid=mini.appid, secret=mini.secret.get_secret_value())
        return str(answer["access_token"])

    async def mini_api(self, path: str, body: object) -> Any:
        """A call of the platform with a token of the mini program."""
        return await self.post(path, body, access_token=await self.mini_token())

    async def draw(self, **changes: object) -> Any:
        """getwxacodeunlimit: the picture, or the refusal."""
        url, token = f"{self.url}/wxa/getwxacodeunlimit", await self.mini_token()
        async with self.http.post(url, json={"scene": "ticket", **changes}, params={"access_token": token}) as answer:
            return await answer.json() if answer.content_type == "application/json" else await answer.read()

    async def subscribe(self, phone: Phone, **changes: object) -> Any:
        """subscribe/send; a change to None leaves its part away."""
        body = {
            "touser": phone.mini_openid,
            "template_id": SUBSCRIBE,
            "page": "pages/message/index?id=1",
            "miniprogram_state": "formal",
            "lang": "zh_CN",
            "data": {"thing1": {"value": "预约成功"}},
            **changes,
        }
        sent = {name: value for name, value in body.items() if value is not None}
        return await self.mini_api("/cgi-bin/message/subscribe/send", sent)

    async def create_qr(self, scene: str = "scene-1", **changes: object) -> Any:
        body = {"action_name": "QR_STR_SCENE", "expire_seconds": 300, "action_info": {"scene": {"scene_str": scene}}}
        return await self.api("/cgi-bin/qrcode/create", {**body, **changes})

    async def login(self, code: str, **changes: str) -> Any:
        """jscode2session."""
        mini = WechatSettings().mini_program
        query = {"appid": mini.appid, "secret": mini.secret.get_secret_value(), "js_code": code, **changes}
        return await self.get("/sns/jscode2session", **query)

    async def visit(self, phone: Phone) -> None:
        """The mini program is opened, and logs in."""
        await self.login((await self.on_phone(phone, "code"))["code"])

    async def on_phone(self, phone: Phone, action: str, body: object = None) -> Any:
        return await self.post(f"/_/phones/{phone.openid}/{action}", body)


@pytest.fixture(params=["secure", "plain"])
def setup(request: pytest.FixtureRequest) -> WechatSettings:
    chosen = WechatSettings()
    mode = {"mode": request.param}
    apps = {name: getattr(chosen, name).model_copy(update=mode) for name in ("official_account", "mini_program")}
    return chosen.model_copy(update=apps)


@pytest.fixture
async def service(setup: WechatSettings) -> AsyncIterator[StubService]:
    stub = StubService(setup)
    app = web.Application()
    app.add_routes([*(web.post(path, stub.answer) for path in stub.doors), web.get("/api/v1/stream", stub.tell)])
    app.add_routes([*(web.get(path, stub.check) for path in stub.doors), web.route("*", "/api/{rest:.*}", stub.echo)])
    runner = web.AppRunner(app, shutdown_timeout=1, handler_cancellation=True)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0]
    stub.url = f"http://{host}:{port}"
    yield stub
    await runner.cleanup()


class Time:
    """The platform's clock: real, moved by `later` seconds."""

    def __init__(self) -> None:
        self.later = 0.0

    def __call__(self) -> float:
        return clock.now().timestamp() + self.later


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
async def simulator(setup: WechatSettings, service: StubService, time: Time) -> AsyncIterator[Simulator]:
    """Pushes are repeated and receipts come without a pause."""
    async with running_simulator(setup, service.url + CALLBACK_PATH, now=time) as simulator:
        simulator.pushes.pause = 0
        simulator.pushes.receipt_delay = 0
        yield simulator


@pytest.fixture
async def caller(simulator: Simulator) -> AsyncIterator[Caller]:
    async with aiohttp.ClientSession() as http:
        yield Caller(http, simulator.url)


@pytest.fixture
def phone(simulator: Simulator) -> Phone:
    """手机甲, which follows nobody yet."""
    return next(iter(simulator.platform.phones.values()))


@pytest.fixture
def follower(simulator: Simulator) -> Phone:
    return simulator.platform.add_phone("手机丙", follows=True)
