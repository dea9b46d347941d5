"""The service desk's day: who comes when, 签到, 办理完成, 未到场."""

from uuid import UUID

from sanic import Blueprint

from console_api.schemas.desk import DayQuery, DeskAppointment, DeskDay, PeopleRequest
from models.appointments import Appointment
from server import clock
from server.applications.advance import Operator
from server.appointments import desk as service
from server.appointments.places import calendar_warning, days_of
from server.appointments.queries import list_day, list_unfinished, with_people
from server.businesses import catalogue
from server.http.call import Call
from server.http.endpoint import endpoint, staff

blueprint = Blueprint("console_desk", url_prefix="/console/v1")


@endpoint(blueprint, "GET /day", access=staff("day"))
async def day(call: Call, query: DayQuery) -> DeskDay:
    """一个窗口某日的预约，按到场时间排列；unfinished 是以往签到后没有登记结果的"""
    on, desk = query.date or clock.today(), query.desk or catalogue().appointments.desk
    found = (await days_of(desk, [on]))[on]
    return DeskDay(
        desk=desk,
        date=on,
        label=found.label,
        closed=found.closed,
        warning=await calendar_warning(desk, clock.today()),
        appointments=[DeskAppointment.of(full) for full in await list_day(desk, on)],
        unfinished=[DeskAppointment.of(full) for full in await list_unfinished(desk)],
    )


@endpoint(blueprint, "POST /appointments/<id>/check-in", access=staff("desk"))
async def check_in(call: Call, id: UUID, body: PeopleRequest) -> DeskAppointment:
    """签到，可按人"""
    return await _view(await service.check_in(id, body.application_ids, Operator.of(call.caller)))


@endpoint(blueprint, "POST /appointments/<id>/undo-check-in", access=staff("desk"))
async def undo_check_in(call: Call, id: UUID, body: PeopleRequest) -> DeskAppointment:
    """撤销签到，可按人：签错了人，或者到场而当天不能办理（之后可登记未到场）"""
    return await _view(await service.undo_check_in(id, body.application_ids, Operator.of(call.caller)))


@endpoint(blueprint, "POST /appointments/<id>/complete", access=staff("desk"))
async def complete(call: Call, id: UUID, body: PeopleRequest) -> DeskAppointment:
    """现场办理完成，可按人"""
    operator, gate = Operator.of(call.caller), call.services.slots
    return await _view(await service.complete(id, body.application_ids, operator, gate=gate))


@endpoint(blueprint, "POST /appointments/<id>/no-show", access=staff("desk"))
async def no_show(call: Call, id: UUID, body: PeopleRequest) -> DeskAppointment:
    """未到场，可按人"""
    operator, gate = Operator.of(call.caller), call.services.slots
    return await _view(await service.no_show(id, body.application_ids, operator, gate=gate))


async def _view(found: Appointment) -> DeskAppointment:
    return DeskAppointment.of((await with_people([found]))[0])
