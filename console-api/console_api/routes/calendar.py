"""Staff's hand on the calendar: open and closed days, places of a slot."""

from datetime import date

from sanic import Blueprint

from console_api.schemas.desk import CalendarDay, CalendarOrder, CalendarSlot, CapacityOrder
from server import clock
from server.applications.advance import Operator
from server.appointments.closing import DayOrder, set_capacity, set_day
from server.appointments.places import CLOSED_TOKEN, calendar_warning, capacity_of, days_of, slots_of, taken_places
from server.appointments.slots import Slot
from server.businesses import catalogue
from server.http.call import Call
from server.http.endpoint import endpoint, staff
from server.http.schemas import Body, Code, Day

blueprint = Blueprint("console_calendar", url_prefix="/console/v1")


class DeskQuery(Body):
    desk: Code | None = None


@endpoint(blueprint, "GET /calendar/<on>", access=staff("calendar"))
async def calendar(call: Call, on: Day, query: DeskQuery) -> CalendarDay:
    """某日是否开放，各时间段的席位"""
    return await _day(query.desk or catalogue().appointments.desk, on)


@endpoint(blueprint, "PUT /calendar/<on>", access=staff("calendar"))
async def order_day(call: Call, on: Day, body: CalendarOrder) -> CalendarDay:
    """关闭或开放某日；已有预约时须选择“取消并通知”"""
    desk = body.desk or catalogue().appointments.desk
    order = DayOrder(desk, on, body.closed, body.reason, body.on_bookings)
    await set_day(order, Operator.of(call.caller), gate=call.services.slots)
    return await _day(desk, on)


@endpoint(blueprint, "PUT /slots", access=staff("calendar"))
async def order_capacity(call: Call, body: CapacityOrder) -> CalendarDay:
    """调整一个时间段开放的席位数"""
    desk = body.desk or catalogue().appointments.desk
    slot = Slot(desk, body.date, body.start)
    await set_capacity(slot, body.places, Operator.of(call.caller), gate=call.services.slots)
    return await _day(desk, body.date)


async def _day(desk: str, on: date) -> CalendarDay:
    day, slots = (await days_of(desk, [on]))[on], slots_of(desk, [on])
    taken = await taken_places(slots)
    return CalendarDay(
        desk=desk,
        date=on,
        label=day.label,
        closed=day.closed,
        provisional=day.provisional,
        reason=day.reason,
        warning=await calendar_warning(desk, clock.today()),
        slots=[_slot(slot, capacity_of(slot, day), taken.get(slot, [])) for slot in slots],
    )


def _slot(slot: Slot, room: int, rows: list[tuple[int, str]]) -> CalendarSlot:
    end = catalogue().appointments.slot_at[slot.start].end
    closed = sum(token == CLOSED_TOKEN for _, token in rows)
    capacity = max(room - closed, 0)
    return CalendarSlot(start=slot.start, end=end, capacity=capacity, remaining=max(capacity - (len(rows) - closed), 0))
