"""The control interface under /_/, JSON in and out.

Phones ({openid} is the one at the service account)
GET    /_/phones                          every phone but the crowd
POST   /_/phones {"name", "follows"?, "mobile"?}     a new phone: {"openid", "mini_openid", "unionid", …}
POST   /_/crowd {"count", "follows"?: true, "credits"?: {template id: n}}   many phones at once: {"openids",
       "mini_openids"}; the n-th has oOfficial-crowd-0000001… and oMiniPrg-crowd-0000001… filled with 0 to 28
POST   /_/phones/{openid}/follow          follows, callback subscribe; likewise /unfollow, callback unsubscribe
POST   /_/phones/{openid}/scan {"ticket"} or {"url"}: subscribe with qrscene_, or SCAN; of a mini-program code
       {"page", "scene"} without a callback
POST   /_/phones/{openid}/code            {"code"} as wx.login would give it
POST   /_/phones/{openid}/phone-code      {"code"} as the button getPhoneNumber would give it
POST   /_/phones/{openid}/mobile {"mobile", "country_code"?: "86"}
POST   /_/phones/{openid}/consent {"answers": {template id: "accept"|"reject"}}   at most three: an accept is one
       credit; callback subscribe_msg_popup_event
POST   /_/phones/{openid}/credits {"template_id", "credits"}   without a callback
POST   /_/phones/{openid}/mute {"template_id", "muted"?: true}   of a subscribe template: callback
       subscribe_msg_change_event, credits gone
POST   /_/phones/{openid}/block {"blocked"?: true}   accepted messages then fail by receipt
GET    /_/phones/{openid}/messages        what the phone shows, oldest first
GET    /_/qr-codes                        the live ones of both kinds, newest first: [{"kind", "url", "scanned",
       "seconds_left", "scene"?, "page"?}]; a mini-program code has scene and page and no end
GET    /_/templates                       {template_id: {"title", "fields": {key: name}}}

What goes wrong
GET POST DELETE /_/faults {"endpoint", "errcode" | "status" | "drop": "request"|"reply" | "delay", "times"?: 1};
       endpoint "callback/SCAN" for a callback: lost, or its acknowledgement lost, or late
GET POST DELETE /_/chaos {"seed", "rate"?: 0.1, "kinds"?, "slowest"?: 0.5}   all of it at random (chaos.py)
POST   /_/quota {"endpoint": "template/send", "left": 0}   then 45009 until midnight in Beijing
POST   /_/quota {"endpoint": "wxa/msg_sec_check", "per_minute": 10, "errcode"?: 45011}
POST   /_/tokens/kill {"appid"?}          every token given out dies now
GET POST /_/switches                      how the platform behaves: any of the fields of switches.py

Callbacks
POST   /_/callback {"url"?, "mini_program_url"?, "pause"?, "receipt_delay"?}
POST   /_/callback/check {"app"?: "official_account"|"mini_program"}   {"passed"}: the GET with echostr
GET    /_/pushes                          callbacks tried, and what was answered
POST   /_/pushes/again {"count"?: 1}      the last ones once more
POST   /_/settle                          returns when no receipt is on its way

GET    /_/counters                        {"cgi-bin/stable_token": 1, "template/send visible": 3, …}
POST   /_/reset                           a new world: no messages, faults, counters; 手机甲 and 手机乙

A refusal is HTTP 400 {"errcode", "errmsg"}.
"""

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from aiohttp import web
from pydantic import ValidationError

from tests.simulator.chaos import Chaos, Storm
from tests.simulator.faults import Fault, Faults
from tests.simulator.hands import Hands
from tests.simulator.platform import Platform
from tests.simulator.pushes import Pushes
from tests.simulator.refused import Refused
from tests.simulator.switches import Switches

Body = dict[str, Any]
Work = Callable[[Body], Awaitable[object]]


class Control:
    def __init__(self, platform: Platform, faults: Faults, pushes: Pushes) -> None:
        self._platform = platform
        self._faults = faults
        self._pushes = pushes
        self._hands = Hands(platform, pushes)

    def routes(self) -> list[web.RouteDef]:
        plain: dict[str, Work] = {
            "GET phones": self.list_phones,
            "POST phones": self.add_phone,
            "POST crowd": self.add_crowd,
            "GET qr-codes": self.list_qr_codes,
            "GET faults": self.list_faults,
            "POST faults": self.add_fault,
            "DELETE faults": self.clear_faults,
            "GET chaos": self.show_chaos,
            "POST chaos": self.set_chaos,
            "DELETE chaos": self.end_chaos,
            "POST quota": self.set_quota,
            "POST tokens/kill": self.kill_tokens,
            "GET switches": self.set_switches,
            "POST switches": self.set_switches,
            "POST callback": self.set_callback,
            "POST callback/check": self.check_callback,
            "GET pushes": self.list_pushes,
            "POST pushes/again": self.push_again,
            "POST settle": self.settle,
            "GET counters": self.counters,
            "POST reset": self.reset,
        }
        return [
            *(web.route(*_method_and_path(route), _answering(work)) for route, work in plain.items()),
            *(web.post(f"/_/phones/{{openid}}/{name}", self._on_phone(name)) for name in self._hands.actions()),
            web.get("/_/phones/{openid}/messages", self._on_phone("messages")),
        ]

    async def list_phones(self, _: Body) -> object:
        return [phone.describe() for phone in self._platform.people]

    async def add_phone(self, body: Body) -> object:
        name, mobile = str(body.get("name", "手机")), str(body.get("mobile", ""))
        return self._platform.add_phone(name, follows=bool(body.get("follows")), mobile=mobile).describe()

    async def add_crowd(self, body: Body) -> object:
        allowed = {str(template): int(n) for template, n in dict(body.get("credits", {})).items()}
        follows = bool(body.get("follows", True))
        crowd = self._platform.add_crowd(int(body["count"]), follows=follows, credits=allowed)
        return {"openids": [p.openid for p in crowd], "mini_openids": [p.mini_openid for p in crowd]}

    async def list_qr_codes(self, _: Body) -> object:
        return self._platform.describe_codes()

    async def list_faults(self, _: Body) -> object:
        return self._faults.listing()

    async def add_fault(self, body: Body) -> object:
        self._faults.add(Fault.model_validate(body))
        return self._faults.listing()

    async def clear_faults(self, _: Body) -> object:
        self._faults.clear()
        return []

    async def show_chaos(self, _: Body) -> object:
        return self._faults.weather.chaos.model_dump() if self._faults.weather else {}

    async def set_chaos(self, body: Body) -> object:
        self._faults.weather = Storm(Chaos.model_validate(body), self._platform.kill_tokens)
        return await self.show_chaos(body)

    async def end_chaos(self, _: Body) -> object:
        self._faults.weather = None
        return {}

    async def set_quota(self, body: Body) -> object:
        quotas, endpoint = self._platform.quotas, str(body["endpoint"])
        if "per_minute" in body:
            quotas.per_minute[endpoint] = (int(body["per_minute"]), int(body.get("errcode", 45011)))
        else:
            quotas.set_left(endpoint, int(body["left"]))
        return {"left": quotas.left(), "per_minute": {name: most for name, (most, _) in quotas.per_minute.items()}}

    async def kill_tokens(self, body: Body) -> object:
        self._platform.kill_tokens(*([str(body["appid"])] if "appid" in body else []))
        return {}

    async def set_switches(self, body: Body) -> object:
        known = self._platform.switches
        wanted = Switches.model_validate({**known.model_dump(), **body})
        for name in body:
            setattr(known, name, getattr(wanted, name))
        return known.model_dump()

    async def set_callback(self, body: Body) -> object:
        pushes = self._pushes
        pushes.callback_url = str(body.get("url", pushes.callback_url))
        pushes.mini_callback_url = str(body.get("mini_program_url", pushes.mini_callback_url))
        pushes.pause = float(body.get("pause", pushes.pause))
        pushes.receipt_delay = float(body.get("receipt_delay", pushes.receipt_delay))
        return {"url": pushes.callback_url, "mini_program_url": pushes.url_of("mini_program"), "pause": pushes.pause}

    async def check_callback(self, body: Body) -> object:
        return {"passed": await self._pushes.check_url(body.get("app", "official_account"))}

    async def list_pushes(self, _: Body) -> object:
        return self._pushes.listing()

    async def push_again(self, body: Body) -> object:
        return [asdict(push) for push in await self._pushes.again(int(body.get("count", 1)))]

    async def settle(self, _: Body) -> object:
        await self._pushes.settle()
        return {}

    async def counters(self, _: Body) -> object:
        return dict(self._platform.counters)

    async def reset(self, _: Body) -> object:
        await self._pushes.stop()
        self._pushes.forget()
        self._faults.clear()
        self._platform.reset()
        return {}

    def _on_phone(self, action: str) -> Callable[[web.Request], Awaitable[web.Response]]:
        work = self._hands.actions().get(action, self._hands.messages)

        async def handle(request: web.Request) -> web.Response:
            async def on_phone(body: Body) -> object:
                return await work(self._platform.phone(request.match_info["openid"]), body)

            return await _answering(on_phone)(request)

        return handle


def _method_and_path(route: str) -> tuple[str, str]:
    method, path = route.split(" ")
    return method, f"/_/{path}"


def _answering(work: Work) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        try:
            body = json.loads(await request.read() or b"{}")
            return web.json_response(await work(body if isinstance(body, dict) else {}))
        except Refused as refused:
            return web.json_response({"errcode": refused.code, "errmsg": refused.message}, status=400)
        except (KeyError, TypeError, ValueError, ValidationError) as error:
            return web.json_response({"errcode": 47001, "errmsg": str(error)}, status=400)

    return handle
