"""预约 and 预约记录 (manual §5-6)."""

from uuid import UUID

from sanic import Blueprint

from miniprogram_api.schemas.appointments import (
    AppointmentQuery,
    AppointmentView,
    BookableGroup,
    BookableView,
    BookedView,
    BookingRequest,
    DayView,
    GridQuery,
    GridView,
    RescheduleRequest,
    WaitingView,
)
from miniprogram_api.schemas.consents import SubscribeView
from models.appointments import Appointment
from server.appointments.book import book_appointment
from server.appointments.change import cancel_appointment, own_appointment, reschedule_appointment
from server.appointments.grid import read_grid
from server.appointments.ics import calendar_file
from server.appointments.queries import list_appointments, list_bookable, with_people
from server.appointments.request_keys import Attempt, find_by_key
from server.businesses import catalogue, find_business
from server.errors import NotFound, TooMany
from server.http.call import Call, Reply
from server.http.endpoint import APPLICANT, endpoint
from server.http.schemas import Body, Listing
from server.messages.consents import templates_to_ask

blueprint = Blueprint("appointments", url_prefix="/api/v1")

_TRIES, _SECONDS = 30, 60  # bookings an account may try
_ALONE = 5  # of these, a process counts so many without asking the others


@endpoint(blueprint, "GET /appointments/bookable", access=APPLICANT)
async def bookable(call: Call) -> BookableView:
    """待预约的记录，按事项分组（手册 5）"""
    waiting = await list_bookable(call.caller)
    groups = [
        BookableGroup(
            business=key,
            label=catalogue().businesses[key].label,
            desk=catalogue().businesses[key].desk,
            applications=[
                WaitingView(
                    id=row.id,
                    name=row.name,
                    cpa_no=row.cpa_no,
                    id_number=row.id_number_masked,
                    expires_on=row.expires_on,
                )
                for row in rows
            ],
        )
        for key, rows in waiting.items()
    ]
    return BookableView(groups=groups)


def _recalled_grid(call: Call) -> bytes | None:
    return call.services.grids.recall(call.request.query_string)


@endpoint(blueprint, "GET /appointments/grid", access=APPLICANT, recalled=_recalled_grid)
async def grid(call: Call, query: GridQuery) -> GridView | Reply:
    """次日起 7 天的时间段与余号（手册 5）"""
    business = find_business(query.business)
    seen = await call.services.grids.look(business.desk, gate=call.services.slots)
    if body := seen.bodies.get(call.request.query_string):
        return Reply(body, "application/json")
    days = await read_grid(call.caller, query.people, query.application_ids, seen.free)
    view = GridView(
        business=business.key,
        business_label=business.label,
        people=query.people,
        title=f"业务类型：{business.label}，办理人数：{query.people}人",
        days=[DayView.of(day) for day in days],
    )
    if not query.application_ids:  # else the deadline is the asker's own
        seen.keep(call.request.query_string, view.model_dump_json(by_alias=True).encode())
    return view


@endpoint(blueprint, "POST /appointments", access=APPLICANT, status=201, headers=("idempotency-key",))
async def book(call: Call, body: BookingRequest) -> BookedView:
    """预约：为同一事项的一至十二人占用一个时间段（手册 5）；小程序随后请用户同意接收哪些订阅消息"""
    attempt = _attempt(call, body)
    await _slow_down(call)
    booked = await book_appointment(
        call.caller, body.application_ids, body.date, body.start, attempt, gate=call.services.slots
    )
    return await _booked(call, booked)


@endpoint(blueprint, "GET /appointments", access=APPLICANT, optional_headers=("idempotency-key",))
async def appointments(call: Call, query: AppointmentQuery) -> Listing[AppointmentView]:
    """预约记录；带 Idempotency-Key 时只查该次预约的结果（手册 6）"""
    if call.header("idempotency-key") is not None:
        found = await find_by_key(call.caller.account_id, _attempt(call, query).key)
        return Listing[AppointmentView](items=[await _view(found)] if found else [])
    before = _cursor(query.cursor)
    rows = await list_appointments(call.caller, query.status, before, query.limit + 1)
    page = [AppointmentView.of(row) for row in rows[: query.limit]]
    return Listing[AppointmentView](items=page, next_cursor=str(page[-1].id) if len(rows) > query.limit else None)


@endpoint(blueprint, "GET /appointments/<id>", access=APPLICANT)
async def appointment(call: Call, id: UUID) -> AppointmentView:
    """一次预约的详情"""
    return await _view(await own_appointment(call.caller, id))


@endpoint(blueprint, "GET /appointments/<id>/ics", access=APPLICANT, media="text/calendar")
async def ics(call: Call, id: UUID) -> Reply:
    """预约的日历文件"""
    found = await own_appointment(call.caller, id)
    business = catalogue().businesses[found.business]
    place = business.location
    body = calendar_file(
        found,
        f"{business.label}（{found.people}人）",
        f"{place.name} {place.address}" if place else "",
        "请携带：" + "、".join(business.bring),
    )
    name = f'attachment; filename="appointment-{found.on_date}.ics"'
    return Reply(body, "text/calendar; charset=utf-8", headers={"Content-Disposition": name})


@endpoint(blueprint, "POST /appointments/<id>/reschedule", access=APPLICANT, headers=("idempotency-key",))
async def reschedule(call: Call, id: UUID, body: RescheduleRequest) -> BookedView:
    """改约，预约日期之前（手册 6）"""
    attempt = _attempt(call, body)
    await _slow_down(call)
    moved = await reschedule_appointment(call.caller, id, body.date, body.start, attempt, gate=call.services.slots)
    return await _booked(call, moved)


@endpoint(blueprint, "POST /appointments/<id>/cancel", access=APPLICANT)
async def cancel(call: Call, id: UUID) -> AppointmentView:
    """取消预约，预约日期之前（手册 6）"""
    return await _view(await cancel_appointment(call.caller, id, gate=call.services.slots))


def _attempt(call: Call, body: Body) -> Attempt:
    request = call.request
    key = call.header("idempotency-key")
    return Attempt.of(call.caller.account_id, key, request.method, request.path, body)


async def _slow_down(call: Call) -> None:
    key = f"book:{call.caller.account_id}"
    if wait := await call.services.limiter.hit(key, limit=_TRIES, seconds=_SECONDS, alone=_ALONE):
        raise TooMany(retry_after=wait)


def _cursor(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError as error:
        raise NotFound from error


async def _view(found: Appointment) -> AppointmentView:
    return AppointmentView.of((await with_people([found]))[0])


async def _booked(call: Call, found: Appointment) -> BookedView:
    ask = await templates_to_ask(call.caller.account_id, call.caller.session_id, "book")
    return BookedView(**dict(await _view(found)), subscribe=SubscribeView(template_ids=ask))
