"""A whole story over the wire, from the first login to the certificate, in which everything personal is a canary."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from models.messages import Delivery, DeliveryState
from server.businesses import find_business
from server.messages.outbox import text_of
from tests.intruders.canaries import Canaries
from tests.server.http.cast import Actor, Who, a_mobile, a_password, an_id_number
from tests.server.http.client import Answer, Client, Order
from tests.server.http.stage import ON_SITE, Stage, photo
from tests.server.http.waiting import until
from tests.simulator.phones import Phone

PEOPLE = 20
_ID, _VISIT = "/api/v1/applications/<id>", "/api/v1/appointments/<id>"
_DESK, _REVIEW = "/console/v1/appointments/<id>", "/console/v1/applications/<id>"


@dataclass
class Story:
    """`told` are the pages that were shown: what is stored must not look like them."""

    client: Client
    stage: Stage
    canaries: Canaries = field(default_factory=Canaries)
    told: list[bytes] = field(default_factory=list)
    firm: str = ""  # tokens
    reviewer: str = ""
    clerk: str = ""

    async def tell(self) -> None:
        owner = await self.enter()
        applications = await asyncio.gather(*(self.apply() for _ in range(PEOPLE)))
        await self.review(applications)
        await self.visit(applications[:4])
        phone = await self.bind()
        await self.read()
        await self.forget_the_password(owner)
        await self.come_back(phone)

    async def ask(self, route: str, token: str = "", *, status: int = 0, **order: Any) -> Answer:
        answer = await self.client.send(route, Order(**order), token)
        assert answer.status == status or (not status and answer.status < 300), (route, answer.raw)
        return answer

    def password(self) -> str:
        made = a_password()
        self.canaries.seed("password", made)
        return made

    def mobile(self) -> str:
        made = a_mobile()
        self.canaries.seed("mobile", made)
        return made

    # The firm's first day

    async def enter(self) -> Actor:
        """First login, with a wrong try before it."""
        owner, new = await self.stage.actor(Who.INCOMPLETE), self.password()
        self.canaries.seed("password", self.stage.initial, self.stage.password)
        await self.log_in(owner, self.password(), status=401)
        first = await self.log_in(owner, self.stage.initial)
        body = {"contact_name": "张成", "contact_mobile": self.mobile(), "new_password": new}
        self.firm = self.keep_token(await self.ask("POST /api/v1/auth/complete-profile", first, body=body))
        self.reviewer = await self.log_in(await self.stage.actor(Who.REVIEWER), self.stage.password, "/console/v1")
        self.clerk = await self.log_in(await self.stage.actor(Who.CLERK), self.stage.password, "/console/v1")
        return owner

    async def log_in(self, who: Actor, password: str, door: str = "/api/v1", status: int = 200) -> str:
        body = {"account": who.account.number, "password": password}
        answer = await self.ask(f"POST {door}/auth/login", status=status, body=body)
        return self.keep_token(answer) if status == 200 else ""

    def keep_token(self, answer: Answer) -> str:
        token = str(answer.body["token"])
        self.canaries.seed("token", token, token.partition(".")[2])
        return token

    # Applications

    async def apply(self) -> str:
        """One person, with files, submitted."""
        form = {
            "name": "李四",
            "mobile": self.mobile(),
            "id_number": an_id_number(),
            "cpa_no": f"{uuid4().int % 10**12:012}",
        }
        self.canaries.seed("ID number", form["id_number"])
        business = find_business(ON_SITE)
        known = {f.key: form[f.key] for f in business.fields if f.key in form}
        body = {"business": ON_SITE, "commitment_version": business.commitment.version, "form": known}
        id_ = str((await self.ask("POST /api/v1/applications", self.firm, body=body)).body["id"])
        for material in business.materials:
            await self.upload(id_, material.key)
        await self.ask(f"POST {_ID}/submit", self.firm, path={"id": id_})
        await self.ask("GET /api/v1/applications", self.firm, query={"q": form["id_number"]})
        return id_

    async def upload(self, id_: str, key: str) -> None:
        path = {"id": id_, "key": key}
        await self.ask(f"PUT {_ID}/materials/<key>", self.firm, path=path, files=[photo()])
        self.told.append((await self.ask(f"GET {_ID}/materials/<key>", self.firm, path=path)).raw)

    async def review(self, applications: list[str]) -> None:
        """All are looked at in full; the first is returned and corrected; then all are approved."""
        for id_ in applications:
            await self.ask(f"POST {_REVIEW}/claim", self.reviewer, path={"id": id_})
            await self.ask(f"GET {_REVIEW}", self.reviewer, path={"id": id_})
        reveal = {"field": "id_number", "reason": "电话核对身份"}
        await self.ask(f"POST {_REVIEW}/reveal", self.reviewer, path={"id": applications[0]}, body=reveal)
        opinion = {"key": "loss_notice", "verdict": "returned", "reason": "没有盖章"}
        await self.decide(applications[0], {"decision": "return", "materials": [opinion]})
        await self.upload(applications[0], "loss_notice")
        await self.ask(f"POST {_ID}/submit", self.firm, path={"id": applications[0]})
        for id_ in applications:
            await self.decide(id_, {"decision": "approve"})

    async def decide(self, id_: str, verdict: dict[str, Any]) -> None:
        await self.ask(f"POST {_REVIEW}/verdict", self.reviewer, path={"id": id_}, body=verdict)

    # The visit

    async def visit(self, applications: list[str]) -> None:
        first, second = await self.stage.free_slot(), None
        body = {"application_ids": applications, "date": str(first.on), "start": first.start}
        booked = await self.ask("POST /api/v1/appointments", self.firm, body=body, headers=_key())
        path, second = {"id": booked.body["id"]}, await self.stage.free_slot(besides=first)
        move = {"date": str(second.on), "start": second.start}
        await self.ask(f"POST {_VISIT}/reschedule", self.firm, path=path, body=move, headers=_key())
        await self.ask(f"GET {_VISIT}/ics", self.firm, path=path)
        await self.ask(f"POST {_DESK}/check-in", self.clerk, path=path, body={})
        await self.ask(f"POST {_DESK}/complete", self.clerk, path=path, body={})
        await self.ask("GET /console/v1/day", self.clerk)

    # WeChat

    async def bind(self) -> Phone:
        """The same person in both apps, by both kinds of QR, with consent to messages."""
        phone = self.stage.site.simulator.platform.add_phone("手机丁", mobile=self.mobile())
        self.canaries.seed("openid", phone.openid, phone.mini_openid, phone.unionid)
        await self.bind_by("mini_program", phone, self.by_code)
        await self.bind_by("official_account", phone, self.by_scan)
        await self.stage.site.simulator.pushes.popup(phone, {"SUBSCRIBE-PROGRESS": "accept"})
        return phone

    async def bind_by(self, kind: str, phone: Phone, proof: Callable[[str, Phone], Awaitable[dict[str, str]]]) -> None:
        ticket = (await self.ask("POST /api/v1/me/wechat/tickets", self.firm, body={"kind": kind})).body
        self.canaries.seed("ticket", ticket["ticket"])
        confirmed = await self.ask("POST /api/v1/wechat/tickets/confirm", body=await proof(ticket["ticket"], phone))
        path, choice = {"public_id": ticket["public_id"]}, {"number": confirmed.body["number"]}
        await self.ask("POST /api/v1/me/wechat/tickets/<public_id>/choose", self.firm, path=path, body=choice)

    async def by_code(self, ticket: str, phone: Phone) -> dict[str, str]:
        return {"ticket": ticket, "code": self.login_code(phone)}

    async def by_scan(self, ticket: str, phone: Phone) -> dict[str, str]:
        simulator = self.stage.site.simulator
        await simulator.pushes.scan(phone, ticket, next(reversed(simulator.platform.qr_codes)))
        [nonce] = re.findall(r"#nonce=([\w-]+)", phone.messages[-1].text)
        self.canaries.seed("nonce", nonce)
        return {"nonce": nonce}

    def login_code(self, phone: Phone) -> str:
        code = self.stage.site.simulator.platform.mint_code(phone.openid)
        self.canaries.seed("login code", code)
        return code

    async def read(self) -> None:
        listed = await self.ask("GET /api/v1/messages", self.firm)
        for message in listed.body["items"][:3]:
            await self.ask("GET /api/v1/messages/<message_id>", self.firm, path={"message_id": message["id"]})
        await self.ask("GET /api/v1/me", self.firm)

    # A forgotten password

    async def forget_the_password(self, owner: Actor) -> None:
        known = {"account": owner.account.number, "initial_password": self.stage.initial}
        await self.ask("POST /api/v1/auth/password-reset/code", body=known)
        await until(lambda: Delivery.filter(account_id=owner.id, event="reset_code").exists(), "a code")
        sent = text_of(await Delivery.filter(account_id=owner.id, event="reset_code").first())
        [code] = re.findall(r"\d{6}", sent)
        self.canaries.seed("reset code", sent, sent[sent.index(code) - 4 : sent.index(code) + 8])
        body = known | {"code": code, "new_password": self.password()}
        self.firm = self.keep_token(await self.ask("POST /api/v1/auth/password-reset", body=body))

    async def come_back(self, phone: Phone) -> None:
        """By the bound phone, which also tells its mobile; then everything has been sent."""
        entered = await self.ask("POST /api/v1/auth/wechat", body={"code": self.login_code(phone)})
        token = self.keep_token(entered)
        me = await self.ask("GET /api/v1/me", token)
        button = self.stage.site.simulator.platform.mint_phone_code(phone.openid)
        self.canaries.seed("phone code", button)
        change, version = {"phone_code": button}, {"If-Match": str(me.body["version"])}
        await self.ask("PATCH /api/v1/me", token, body=change, headers=version)
        await self.ask("POST /api/v1/auth/logout", token)
        await until(_nothing_waits, "the end of all deliveries", 30)


async def _nothing_waits() -> bool:
    waiting = Delivery.filter(state__in=[DeliveryState.PENDING, DeliveryState.SENDING])
    return not await waiting.exists()


def _key() -> dict[str, str]:
    return {"Idempotency-Key": uuid4().hex}
