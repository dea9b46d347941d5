"""Routes that are open to everybody, whatever token is sent along."""

import re
from uuid import uuid4

from models.messages import Delivery
from server import clock
from server.accounts.reset import codes_written, request_code
from server.gateways.wechat.callback import sign
from server.messages.outbox import text_of
from tests.fakes_accounts import FakeLimiter
from tests.server.http.cast import Actor, Who, a_password
from tests.server.http.client import Order
from tests.server.http.rows import Row, public
from tests.server.http.stage import Stage
from tests.simulator.pushes import event_xml


async def ready(stage: Stage, owner: Actor, by: Actor) -> Order:
    await stage.a_worker_beats()
    return Order()


async def login(stage: Stage, owner: Actor, by: Actor) -> Order:
    firm = await stage.fresh(Who.FIRM)
    return Order(body={"account": firm.account.number, "password": stage.password})


async def staff_login(stage: Stage, owner: Actor, by: Actor) -> Order:
    editor = await stage.fresh(Who.EDITOR)
    return Order(body={"account": editor.account.number, "password": stage.password})


async def reset_code(stage: Stage, owner: Actor, by: Actor) -> Order:
    firm = await stage.fresh(Who.FIRM)
    return Order(body={"account": firm.account.number, "initial_password": stage.initial})


async def reset(stage: Stage, owner: Actor, by: Actor) -> Order:
    firm, new = await stage.fresh(Who.FIRM), a_password()
    code = await code_of(stage, firm)
    stage.secrets.add(new)
    number = firm.account.number
    return Order(body={"account": number, "initial_password": stage.initial, "new_password": new, "code": code})


async def code_of(stage: Stage, actor: Actor) -> str:
    """The code that is sent to an account's mobile, as the SMS says it."""
    await request_code(actor.account.number, stage.initial, address="192.0.2.1", limiter=FakeLimiter())
    await codes_written()
    delivery = await Delivery.get(account_id=actor.id, event="reset_code")
    found = re.search(r"\d{6}", text_of(delivery))
    assert found is not None
    return found.group()


async def wechat_login(stage: Stage, owner: Actor, by: Actor) -> Order:
    return Order(body={"code": stage.login_code()})


async def wechat_bind(stage: Stage, owner: Actor, by: Actor) -> Order:
    firm, ticket = await stage.fresh(Who.FIRM), await stage.login_ticket()
    return Order(body={"account": firm.account.number, "password": stage.password, "ticket": ticket})


async def nonce(stage: Stage, owner: Actor, by: Actor) -> Order:
    return Order(body={"nonce": await stage.nonce(await stage.fresh(Who.FIRM))})


async def address_check(stage: Stage, owner: Actor, by: Actor) -> Order:
    setup = stage.site.simulator.platform.setup.official_account
    timestamp, number = str(int(clock.now().timestamp())), uuid4().hex
    signature = sign(setup.token.get_secret_value(), timestamp, number)
    query = {"signature": signature, "timestamp": timestamp, "nonce": number, "echostr": "4375"}
    return Order(path={"app": "official-account"}, query=query)


async def callback(stage: Stage, owner: Actor, by: Actor) -> Order:
    created = int(clock.now().timestamp())
    xml = event_xml("gh_1", stage.openid(), created, Event="unsubscribe", EventKey="")
    query, body = stage.site.simulator.pushes.signed(xml)
    return Order(path={"app": "official-account"}, query=query, raw=body, headers={"Content-Type": "text/xml"})


ROWS: dict[str, Row] = {
    "GET /healthz/live": public(),
    "GET /healthz/ready": public(ready),
    "GET /metrics": public(),
    "GET /openapi.json": public(),
    "GET /docs": public(),
    "POST /api/v1/auth/login": public(login),
    "POST /api/v1/auth/password-reset/code": public(reset_code, ok=202),
    "POST /api/v1/auth/password-reset": public(reset),
    "POST /api/v1/auth/wechat": public(wechat_login),
    "POST /api/v1/auth/wechat/bind": public(wechat_bind),
    "POST /api/v1/wechat/tickets/preview": public(nonce),
    "POST /api/v1/wechat/tickets/confirm": public(nonce),
    "POST /console/v1/auth/login": public(staff_login),
    "GET /wechat/<app>/callback": public(address_check),
    "POST /wechat/<app>/callback": public(callback),
}
