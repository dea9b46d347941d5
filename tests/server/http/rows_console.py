"""What the association's staff may ask, by role (decisions D5)."""

import itertools
from datetime import date
from uuid import uuid4

from models.applications import State
from server.notices.audience import Audience
from server.notices.drafts import NoticeText, write_notice
from tests.server.http.cast import STAFF, Actor
from tests.server.http.client import Order
from tests.server.http.rows import ADMIN, DESK, EDITORS, REVIEW, Row, staff
from tests.server.http.stage import ONLINE, Stage

_years = itertools.count(2030)


async def submitted(stage: Stage, owner: Actor, by: Actor) -> Order:
    return Order(path={"id": (await stage.submitted(owner)).id})


async def claimed(stage: Stage, owner: Actor, by: Actor) -> Order:
    return Order(path={"id": (await stage.claimed(owner, by)).id})


async def verdict(stage: Stage, owner: Actor, by: Actor) -> Order:
    opinion = {"key": "loss_notice", "verdict": "returned", "reason": "没有盖章"}
    body = {"decision": "return", "materials": [opinion], "remark": "请尽快补正"}
    return Order(path={"id": (await stage.submitted(owner)).id}, body=body)


async def reveal(stage: Stage, owner: Actor, by: Actor) -> Order:
    body = {"field": "id_number", "reason": "电话核对身份"}
    return Order(path={"id": (await stage.submitted(owner)).id}, body=body)


async def page(stage: Stage, owner: Actor, by: Actor) -> Order:
    application = await stage.submitted(owner)
    return Order(path={"id": application.id, "key": "loss_notice", "ref": "1"})


async def online(stage: Stage, owner: Actor, by: Actor) -> Order:
    return Order(path={"id": (await stage.approved(owner, ONLINE)).id}, body={"result": {}})


async def handled(stage: Stage, owner: Actor, by: Actor) -> Order:
    application = await stage.in_state(owner, State.HANDLED_TO_PRINT)
    return Order(path={"id": application.id}, body={"result": {}})


async def printed(stage: Stage, owner: Actor, by: Actor) -> Order:
    return Order(path={"id": (await stage.in_state(owner, State.PRINTED_TO_COLLECT)).id})


async def visit(stage: Stage, owner: Actor, by: Actor) -> Order:
    return Order(path={"id": (await stage.booked(owner)).id}, body={})


async def visit_begun(stage: Stage, owner: Actor, by: Actor) -> Order:
    return Order(path={"id": (await stage.checked_in(owner)).id}, body={})


async def visit_of_today(stage: Stage, owner: Actor, by: Actor) -> Order:
    return Order(path={"id": (await stage.booked_for_today(owner)).id}, body={})


async def a_day(stage: Stage, owner: Actor, by: Actor) -> Order:
    return Order(path={"on": date(2027, 3, 1)})


async def closed_day(stage: Stage, owner: Actor, by: Actor) -> Order:
    body = {"closed": True, "reason": "内部培训", "desk": a_desk()}
    return Order(path={"on": date(2027, 3, 1)}, body=body)


async def capacity(stage: Stage, owner: Actor, by: Actor) -> Order:
    return Order(body={"date": "2027-03-01", "start": "10:00", "places": 6, "desk": a_desk()})


def a_desk() -> str:
    """One nobody books at."""
    return f"desk_{uuid4().hex[:12]}"


async def window(stage: Stage, owner: Actor, by: Actor) -> Order:
    year = next(_years)
    return Order(body={"year": year, "opens_on": f"{year}-01-01", "closes_on": f"{year}-03-31"})


async def message(stage: Stage, owner: Actor, by: Actor) -> Order:
    return Order(path={"message_id": (await stage.message(owner)).id})


async def pause(stage: Stage, owner: Actor, by: Actor) -> Order:
    return Order(body={"scope": await stage.free_scope(), "reason": "模板正在修改"})


async def paused(stage: Stage, owner: Actor, by: Actor) -> Order:
    return Order(path={"pause_id": (await stage.pause()).id})


async def alert(stage: Stage, owner: Actor, by: Actor) -> Order:
    return Order(path={"alert_id": (await stage.alert()).id})


async def delivery(stage: Stage, owner: Actor, by: Actor) -> Order:
    return Order(path={"delivery_id": (await stage.failed_delivery(owner)).id})


def notice_text(owner: Actor) -> NoticeText:
    return NoticeText("关于年检的通知", "请于月底前办理。", Audience(numbers=(owner.account.number,)))


async def new_notice(stage: Stage, owner: Actor, by: Actor) -> Order:
    audience = {"kinds": [], "numbers": [owner.account.number]}
    return Order(body={"title": "关于年检的通知", "body": "请于月底前办理。", "audience": audience})


async def notice(stage: Stage, owner: Actor, by: Actor) -> Order:
    return Order(path={"notice_id": (await write_notice(notice_text(owner), by.caller.actor)).id})


async def changed_notice(stage: Stage, owner: Actor, by: Actor) -> Order:
    draft = await write_notice(notice_text(owner), by.caller.actor)
    return Order(path={"notice_id": draft.id}, body={"title": "更正"}, headers={"If-Match": "0"})


_ID = "/console/v1/applications/<id>"
_VISIT = "/console/v1/appointments/<id>"
_NOTICE = "/console/v1/notices/<notice_id>"
ROWS: dict[str, Row] = {
    "POST /console/v1/auth/logout": staff(STAFF),
    "GET /console/v1/me": staff(STAFF),
    "GET /console/v1/queue": staff(REVIEW),
    f"POST {_ID}/claim": staff(REVIEW, submitted),
    f"POST {_ID}/release": staff(REVIEW, claimed),
    f"GET {_ID}": staff(REVIEW, submitted),
    f"POST {_ID}/verdict": staff(REVIEW, verdict),
    f"POST {_ID}/reveal": staff(REVIEW, reveal),
    f"GET {_ID}/materials/<key>/pages/<ref>": staff(REVIEW, page),
    f"POST {_ID}/complete": staff(REVIEW, online),
    f"POST {_ID}/certificate-ready": staff(DESK, handled),
    f"POST {_ID}/certificate-collected": staff(DESK, printed),
    "GET /console/v1/day": staff(DESK),
    f"POST {_VISIT}/check-in": staff(DESK, visit),
    f"POST {_VISIT}/undo-check-in": staff(DESK, visit_begun),
    f"POST {_VISIT}/complete": staff(DESK, visit),
    f"POST {_VISIT}/no-show": staff(DESK, visit_of_today),
    "GET /console/v1/calendar/<on>": staff(ADMIN, a_day),
    "PUT /console/v1/calendar/<on>": staff(ADMIN, closed_day),
    "PUT /console/v1/slots": staff(ADMIN, capacity),
    "GET /console/v1/windows": staff(ADMIN),
    "POST /console/v1/windows": staff(ADMIN, window, ok=201),
    "GET /console/v1/notices": staff(EDITORS),
    "POST /console/v1/notices": staff(EDITORS, new_notice, ok=201),
    f"GET {_NOTICE}": staff(EDITORS, notice),
    f"PATCH {_NOTICE}": staff(EDITORS, changed_notice),
    f"GET {_NOTICE}/preview": staff(EDITORS, notice),
    f"POST {_NOTICE}/publish": staff(EDITORS, notice),
    f"POST {_NOTICE}/cancel": staff(EDITORS, notice),
    "GET /console/v1/deliveries": staff(ADMIN),
    "POST /console/v1/deliveries/<delivery_id>/retry": staff(ADMIN, delivery),
    "GET /console/v1/messages": staff(ADMIN),
    "GET /console/v1/messages/<message_id>/deliveries": staff(ADMIN, message),
    "GET /console/v1/pauses": staff(ADMIN),
    "POST /console/v1/pauses": staff(ADMIN, pause, ok=201),
    "DELETE /console/v1/pauses/<pause_id>": staff(ADMIN, paused),
    "GET /console/v1/alerts": staff(ADMIN),
    "POST /console/v1/alerts/<alert_id>/resolve": staff(ADMIN, alert),
    "GET /console/v1/digests": staff(ADMIN),
    "GET /console/v1/audit": staff(ADMIN),
    "GET /console/v1/audit/verify": staff(ADMIN),
}
