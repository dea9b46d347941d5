"""WeChat over the wire: both kinds of QR from settings page to silent login, a move, and the phone button."""

import re
from dataclasses import dataclass

import pytest

from models.accounts import Account
from server.accounts.contact import mobile_of, sealed_mobile
from tests.server.http.cast import Actor, Who, a_mobile, a_password
from tests.server.http.client import Answer, Client, Order
from tests.server.http.stage import Stage
from tests.simulator.phones import Phone as Handset

_TICKETS = "/api/v1/me/wechat/tickets"


@dataclass(frozen=True)
class Desk:
    """The settings page of one account, and phones that may come to it."""

    client: Client
    stage: Stage
    owner: Actor

    def phone(self) -> Handset:
        platform = self.stage.site.simulator.platform
        made = platform.add_phone("来访者", mobile=a_mobile())
        self.stage.secrets |= {made.openid, made.mini_openid, made.unionid, made.mobile}
        return made

    def code(self, phone: Handset) -> str:
        code = self.stage.site.simulator.platform.mint_code(phone.openid)
        self.stage.secrets.add(code)
        return code

    async def ask(self, route: str, *, status: int = 200, token: str | None = None, **body: object) -> Answer:
        found = re.match(r"(.*)/([0-9a-f-]{36})(/choose)?$", route)
        documented = f"{found[1]}/<public_id>{found[3] or ''}" if found else route
        order = Order(path={"public_id": found[2]} if found else {}, body=body or None)
        answer = await self.client.send(documented, order, self.owner.token if token is None else token)
        assert answer.status == status, answer.said
        return answer

    async def ticket(self, **body: object) -> dict[str, str]:
        answer = await self.ask(f"POST {_TICKETS}", status=201, **(body or {"kind": None}))
        made: dict[str, str] = answer.body
        self.stage.secrets.add(made["ticket"])
        return made

    async def by_phone(self, step: str, *, status: int = 200, **body: object) -> Answer:
        return await self.ask(f"POST /api/v1/wechat/tickets/{step}", status=status, token="", **body)

    async def choose(self, ticket: dict[str, str], number: str) -> Answer:
        return await self.ask(f"POST {_TICKETS}/{ticket['public_id']}/choose", number=number)

    async def knock(self, phone: Handset) -> Answer:
        return await self.ask("POST /api/v1/auth/wechat", token="", code=self.code(phone))

    async def bind(self, phone: Handset, **agreed: object) -> Answer:
        ticket = await self.ticket(kind="mini_program")
        confirmed = await self.by_phone("confirm", ticket=ticket["ticket"], code=self.code(phone), **agreed)
        return await self.choose(ticket, confirmed.body["number"])


@pytest.fixture
async def desk(client: Client, stage: Stage) -> Desk:
    return Desk(client, stage, await stage.actor(Who.FIRM))


@pytest.fixture
async def other(client: Client, stage: Stage) -> Desk:
    return Desk(client, stage, await stage.actor(Who.OTHER_FIRM))


async def test_a_mini_program_code_binds_and_the_phone_logs_in_silently(desk: Desk) -> None:
    phone = desk.phone()
    before = await desk.knock(phone)
    ticket = await desk.ticket(kind="mini_program")
    shown = await desk.by_phone("preview", ticket=ticket["ticket"], code=desk.code(phone))
    confirmed = await desk.by_phone("confirm", ticket=ticket["ticket"], code=desk.code(phone))

    bound = await desk.choose(ticket, confirmed.body["number"])
    after = await desk.knock(phone)

    assert ticket["kind"] == "mini_program"
    assert ticket["qr_png"].startswith("data:image/png;base64,iVBOR")
    assert (shown.body["name"], shown.body["bound_to"]) == (desk.owner.account.name, None)
    assert (bound.body["state"], bound.body["moves"]) == ("bound", False)
    assert (before.body["bind_required"], after.body["bind_required"]) == (True, False)
    assert after.body["account"]["id"] == str(desk.owner.id)


async def test_the_kind_of_qr_is_the_associations_choice_when_the_page_has_none(desk: Desk) -> None:
    assert (await desk.ticket())["kind"] == "official_account"


async def test_a_service_account_qr_binds_by_the_link_it_sends(desk: Desk) -> None:
    phone, ticket = desk.phone(), await desk.ticket(kind="official_account")
    simulator = desk.stage.site.simulator
    qr = next(reversed(simulator.platform.qr_codes))
    await simulator.pushes.scan(phone, ticket["ticket"], qr)
    nonce = re.findall(r"#nonce=([\w-]+)", phone.messages[-1].text)[0]
    desk.stage.secrets.add(nonce)

    shown = await desk.by_phone("preview", nonce=nonce)
    confirmed = await desk.by_phone("confirm", nonce=nonce)
    bound = await desk.choose(ticket, confirmed.body["number"])

    assert (shown.body["name"], shown.body["bound_to"]) == (desk.owner.account.name, None)
    assert bound.body["state"] == "bound"


async def test_a_move_shows_both_accounts_and_is_asked_for(desk: Desk, other: Desk) -> None:
    phone = desk.phone()
    await desk.bind(phone)
    ticket = await other.ticket(kind="mini_program")
    secret = ticket["ticket"]

    shown = await other.by_phone("preview", ticket=secret, code=other.code(phone))
    refused = await other.by_phone("confirm", status=409, ticket=secret, code=other.code(phone))
    agreed = await other.by_phone("confirm", ticket=secret, code=other.code(phone), move=True)
    bound = await other.choose(ticket, agreed.body["number"])

    former = {"name": desk.owner.account.name, "number_masked": shown.body["bound_to"]["number_masked"]}
    assert shown.body["bound_to"] == former
    assert desk.owner.account.number not in str(shown.body)
    assert (refused.code, refused.body["bound_to"]) == ("bound_elsewhere", former)
    assert (bound.body["state"], bound.body["moves"]) == ("bound", True)
    assert (await desk.ask("GET /api/v1/me/wechat")).body["items"] == []
    assert (await other.knock(phone)).body["account"]["id"] == str(other.owner.id)
    told = (await desk.ask("GET /api/v1/messages")).body["items"]
    assert told[0]["event"] == "wechat_moved"


async def test_from_inside_the_mini_program_a_move_is_asked_for_too(desk: Desk, other: Desk) -> None:
    phone = desk.phone()
    await desk.bind(phone)

    refused = await other.ask("POST /api/v1/me/wechat", status=409, code=other.code(phone))
    moved = await other.ask("POST /api/v1/me/wechat", status=201, code=other.code(phone), move=True)

    assert refused.body["bound_to"]["name"] == desk.owner.account.name
    assert (moved.body["kind"], moved.body["reachable"]) == ("mini_program", False)


async def test_an_unbound_phone_must_bind_again(desk: Desk) -> None:
    phone = desk.phone()
    await desk.bind(phone)
    [binding] = (await desk.ask("GET /api/v1/me/wechat")).body["items"]

    order = Order(path={"binding_id": binding["id"]})
    await desk.client.send("DELETE /api/v1/me/wechat/<binding_id>", order, desk.owner.token)

    assert (await desk.knock(phone)).body["bind_required"] is True


async def test_the_phone_button_completes_the_first_login(desk: Desk) -> None:
    newcomer, phone, new = await desk.stage.fresh(Who.INCOMPLETE), desk.phone(), a_password()
    desk.stage.secrets.add(new)
    body = {"contact_name": "张成", "phone_code": phone_code(desk, phone), "new_password": new}

    answer = await desk.client.send("POST /api/v1/auth/complete-profile", Order(body=body), newcomer.token)
    me = await desk.ask("GET /api/v1/me", token=answer.body["token"])

    assert answer.said == "200"
    assert (me.body["contact_mobile"], me.body["contact_mobile_verified"]) == (phone.mobile, True)


async def test_the_phone_button_fills_in_the_settings(desk: Desk) -> None:
    phone = desk.phone()
    order = Order(body={"phone_code": phone_code(desk, phone)}, headers={"If-Match": str(await desk.owner.version())})

    answer = await desk.client.send("PATCH /api/v1/me", order, desk.owner.token)

    assert (answer.body["contact_mobile"], answer.body["contact_mobile_verified"]) == (phone.mobile, True)


async def test_a_risky_name_typed_on_a_bound_phone_is_refused(desk: Desk) -> None:
    phone = desk.phone()
    await desk.bind(phone)
    token = (await desk.knock(phone)).body["token"]
    desk.stage.secrets.add(token)
    headers = {"If-Match": str(await desk.owner.version())}

    typed = [
        await desk.client.send("PATCH /api/v1/me", Order(body={"contact_name": name}, headers=headers), token)
        for name in ("代开发票", "李敏")
    ]

    assert [answer.said for answer in typed] == ["422 text_refused", "200"]
    assert typed[0].body["field"] == "contact_name"


@pytest.mark.parametrize(("is_registered", "said"), [(True, "200"), (False, "422 reset_refused")])
async def test_the_phone_button_resets_the_password_of_its_own_mobile(
    desk: Desk, is_registered: bool, said: str
) -> None:
    phone, new = desk.phone(), a_password()
    desk.stage.secrets.add(new)
    if is_registered:
        sealed = sealed_mobile(desk.owner.id, phone.mobile)
        await Account.filter(id=desk.owner.id).update(contact_mobile=sealed)
    body = {
        "account": desk.owner.account.number,
        "initial_password": desk.stage.initial,
        "new_password": new,
        "phone_code": phone_code(desk, phone),
    }

    answer = await desk.client.send("POST /api/v1/auth/password-reset", Order(body=body))

    assert answer.said == said
    assert (mobile_of(await Account.get(id=desk.owner.id)) == phone.mobile) is is_registered


@pytest.mark.parametrize("given", [{}, {"contact_mobile": "13500000000", "phone_code": "both"}])
async def test_a_first_login_gives_one_mobile_and_not_two(desk: Desk, given: dict[str, str]) -> None:
    newcomer = await desk.stage.fresh(Who.INCOMPLETE)
    body = {"contact_name": "张成", "new_password": a_password()} | given

    answer = await desk.client.send("POST /api/v1/auth/complete-profile", Order(body=body), newcomer.token)

    assert answer.said == "422 invalid"


@pytest.mark.parametrize("given", [{}, {"code": "123456", "phone_code": "both"}])
async def test_a_reset_gives_one_code_and_not_two(desk: Desk, given: dict[str, str]) -> None:
    body = {"account": "1", "initial_password": "x", "new_password": a_password()} | given

    assert (await desk.client.send("POST /api/v1/auth/password-reset", Order(body=body))).said == "422 invalid"


@pytest.mark.parametrize(
    ("step", "body"),
    [
        ("preview", {}),
        ("preview", {"nonce": "n", "ticket": "t"}),
        ("preview", {"nonce": "n", "code": "c"}),
        ("confirm", {"ticket": "t"}),
        ("confirm", {"nonce": "n", "code": "c"}),
        ("confirm", {"code": "c"}),
    ],
)
async def test_a_phone_says_who_it_is_in_one_way(desk: Desk, step: str, body: dict[str, str]) -> None:
    answer = await desk.client.send(f"POST /api/v1/wechat/tickets/{step}", Order(body=body))

    assert answer.said == "422 invalid"


def phone_code(desk: Desk, phone: Handset) -> str:
    code = desk.stage.site.simulator.platform.mint_phone_code(phone.openid)
    desk.stage.secrets.add(code)
    return code
