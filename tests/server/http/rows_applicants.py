"""What applicants may ask: about themselves, and about things that are theirs."""

from uuid import uuid4

from models.accounts import TicketState
from models.applications import State
from server.appointments.step import slot_of
from server.businesses import find_business
from tests.server.http.cast import Actor, Who, a_password
from tests.server.http.client import Order
from tests.server.http.rows import APPLICANTS, AT_FIRST_LOGIN, Row, applicants, owners
from tests.server.http.stage import ON_SITE, Stage, photo

_MATERIAL = "loss_notice"


async def contact(stage: Stage, owner: Actor, by: Actor) -> Order:
    return Order(body={"contact_name": "赵敏"}, headers={"If-Match": str(await owner.version())})


async def new_password(stage: Stage, owner: Actor, by: Actor) -> Order:
    new = a_password()
    stage.secrets.add(new)
    return Order(body={"old_password": stage.password, "new_password": new})


async def profile(stage: Stage, owner: Actor, by: Actor) -> Order:
    new = a_password()
    stage.secrets.add(new)
    return Order(body={"contact_name": "张成", "contact_mobile": "13500000000", "new_password": new})


async def this_phone(stage: Stage, owner: Actor, by: Actor) -> Order:
    return Order(body={"code": stage.login_code()})


async def binding(stage: Stage, owner: Actor, by: Actor) -> Order:
    return Order(path={"binding_id": (await stage.binding(owner)).id})


async def new_ticket(stage: Stage, owner: Actor, by: Actor) -> Order:
    return Order(body={"kind": "official_account"})


async def ticket(stage: Stage, owner: Actor, by: Actor) -> Order:
    return Order(path={"public_id": (await stage.ticket(owner)).id})


async def choice(stage: Stage, owner: Actor, by: Actor) -> Order:
    confirmed = await stage.ticket(owner, TicketState.CONFIRMED)
    return Order(path={"public_id": confirmed.id}, body={"number": "42"})


async def business(stage: Stage, owner: Actor, by: Actor) -> Order:
    return Order(path={"key": "transfer"})


async def requirements(stage: Stage, owner: Actor, by: Actor) -> Order:
    return Order(path={"key": "transfer"}, body={"form": {"transfer_type": "in_to_firm"}})


async def document(stage: Stage, owner: Actor, by: Actor) -> Order:
    draft = await stage.draft(owner, "deregistration")
    names = {"key": "deregistration", "document": "deregistration_form"}
    return Order(path=names, query={"application_id": str(draft.id)})


async def name_part(stage: Stage, owner: Actor, by: Actor) -> Order:
    return Order(query={"q": "测试"})


async def order_of_draft(stage: Stage, owner: Actor, by: Actor) -> Order:
    version = find_business(ON_SITE).commitment.version
    form = stage.answers(owner, ON_SITE)
    return Order(body={"business": ON_SITE, "commitment_version": version, "form": form})


async def draft(stage: Stage, owner: Actor, by: Actor) -> Order:
    return Order(path={"id": (await stage.draft(owner)).id})


async def answers(stage: Stage, owner: Actor, by: Actor) -> Order:
    made = await stage.draft(owner)
    return Order(path={"id": made.id}, body={"form": {"name": "李四"}}, headers={"If-Match": str(made.version)})


async def complete_draft(stage: Stage, owner: Actor, by: Actor) -> Order:
    return Order(path={"id": (await stage.complete(owner)).id})


async def submitted(stage: Stage, owner: Actor, by: Actor) -> Order:
    return Order(path={"id": (await stage.submitted(owner)).id})


async def done(stage: Stage, owner: Actor, by: Actor) -> Order:
    return Order(path={"id": (await stage.in_state(owner, State.DONE)).id})


async def upload(stage: Stage, owner: Actor, by: Actor) -> Order:
    return Order(path={"id": (await stage.draft(owner)).id, "key": _MATERIAL}, files=[photo()])


async def material(stage: Stage, owner: Actor, by: Actor) -> Order:
    made = await stage.draft(owner)
    await stage.page(made, _MATERIAL)
    return Order(path={"id": made.id, "key": _MATERIAL})


async def page(stage: Stage, owner: Actor, by: Actor) -> Order:
    made = await stage.draft(owner)
    stored = await stage.page(made, _MATERIAL)
    return Order(path={"id": made.id, "key": _MATERIAL, "ref": stored.id})


async def grid(stage: Stage, owner: Actor, by: Actor) -> Order:
    approved = await stage.approved(owner)
    return Order(query={"business": ON_SITE, "people": 1, "application_ids": [str(approved.id)]})


async def booking(stage: Stage, owner: Actor, by: Actor) -> Order:
    approved, slot = await stage.approved(owner), await stage.free_slot()
    body = {"application_ids": [str(approved.id)], "date": str(slot.on), "start": slot.start}
    return Order(body=body, headers={"Idempotency-Key": uuid4().hex})


async def booked(stage: Stage, owner: Actor, by: Actor) -> Order:
    return Order(path={"id": (await stage.booked(owner)).id})


async def move(stage: Stage, owner: Actor, by: Actor) -> Order:
    appointment = await stage.booked(owner)
    slot = await stage.free_slot(besides=slot_of(appointment))
    body = {"date": str(slot.on), "start": slot.start}
    return Order(path={"id": appointment.id}, body=body, headers={"Idempotency-Key": uuid4().hex})


async def message(stage: Stage, owner: Actor, by: Actor) -> Order:
    return Order(path={"message_id": (await stage.message(owner)).id})


async def read_all(stage: Stage, owner: Actor, by: Actor) -> Order:
    return Order(body={"kind": "system"})


_ID = "/api/v1/applications/<id>"
_VISIT = "/api/v1/appointments/<id>"
_INCOMPLETE = frozenset({Who.INCOMPLETE})
ROWS: dict[str, Row] = {
    "POST /api/v1/auth/complete-profile": Row(_INCOMPLETE, AT_FIRST_LOGIN, profile),
    "POST /api/v1/auth/logout": applicants(may=APPLICANTS | _INCOMPLETE),
    "GET /api/v1/me": applicants(),
    "PATCH /api/v1/me": applicants(contact),
    "POST /api/v1/me/password": applicants(new_password),
    "GET /api/v1/me/wechat": applicants(),
    "POST /api/v1/me/wechat": applicants(this_phone, ok=201),
    "DELETE /api/v1/me/wechat/<binding_id>": owners(binding),
    "POST /api/v1/me/wechat/tickets": applicants(new_ticket, ok=201),
    "GET /api/v1/me/wechat/tickets/<public_id>": owners(ticket),
    "POST /api/v1/me/wechat/tickets/<public_id>/choose": owners(choice),
    "GET /api/v1/home": applicants(),
    "GET /api/v1/businesses": applicants(),
    "GET /api/v1/businesses/<key>": applicants(business),
    "POST /api/v1/businesses/<key>/requirements": applicants(requirements),
    "GET /api/v1/businesses/<key>/documents/<document>": owners(document),
    "GET /api/v1/roster": applicants(name_part),
    "GET /api/v1/firms": applicants(name_part),
    "POST /api/v1/applications": applicants(order_of_draft, ok=201),
    "GET /api/v1/applications": applicants(),
    f"GET {_ID}": owners(draft),
    f"PATCH {_ID}": owners(answers),
    f"DELETE {_ID}": owners(draft),
    f"POST {_ID}/submit": owners(complete_draft),
    f"POST {_ID}/withdraw": owners(submitted),
    f"POST {_ID}/copy": owners(done, ok=201),
    f"PUT {_ID}/materials/<key>": owners(upload),
    f"POST {_ID}/materials/<key>/pages": owners(upload, ok=201),
    f"GET {_ID}/materials/<key>": owners(material),
    f"GET {_ID}/materials/<key>/pages/<ref>": owners(page),
    f"DELETE {_ID}/materials/<key>": owners(material),
    f"DELETE {_ID}/materials/<key>/pages/<ref>": owners(page),
    "GET /api/v1/appointments/bookable": applicants(),
    "GET /api/v1/appointments/grid": owners(grid),
    "POST /api/v1/appointments": owners(booking, ok=201),
    "GET /api/v1/appointments": applicants(),
    f"GET {_VISIT}": owners(booked),
    f"GET {_VISIT}/ics": owners(booked),
    f"POST {_VISIT}/reschedule": owners(move),
    f"POST {_VISIT}/cancel": owners(booked),
    "GET /api/v1/messages": applicants(),
    "GET /api/v1/messages/unread": applicants(),
    "POST /api/v1/messages/read-all": applicants(read_all),
    "GET /api/v1/messages/<message_id>": owners(message),
    "GET /api/v1/me/subscribe-templates": applicants(),
}
