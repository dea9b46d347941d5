"""At the desk: 签到, 现场办理完成 and 未到场, for each person of an appointment (B1)."""

from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

from models.applications import Application
from models.appointments import Appointment, Outcome, Visit
from server import clock
from server.applications.advance import Operator, advance
from server.applications.complete import complete_on_site
from server.applications.lifecycle import Action
from server.appointments.book import people_of
from server.appointments.change import ids_of
from server.appointments.hold import release
from server.appointments.refusals import AppointmentConflict
from server.appointments.slots import SlotCounter
from server.appointments.step import change_visits, end_visits, open_visits, places_of, slot_of, state_after, step
from server.audit.trail import Actor, record
from server.errors import NotFound
from server.messages.announce import announce
from server.messages.events import AppointmentEvent
from server.transactions import in_transaction, retried

Ids = Sequence[UUID] | None  # None: everyone of the appointment


async def check_in(appointment_id: UUID, ids: Ids, operator: Operator) -> Appointment:
    """签到. Raises NotFound or AppointmentConflict."""

    async def work() -> Appointment:
        appointment = await _appointment(appointment_id)
        async with in_transaction():
            visits = [v for v in await open_visits(appointment, ids) if v.checked_in_at is None]
            if not visits:
                raise AppointmentConflict("所选人员均已签到")
            await step(appointment)
            await change_visits(visits, unchecked=True, checked_in_at=clock.now())
            await _note("check_in", appointment, visits, operator)
        return appointment

    return await retried(work)


async def undo_check_in(appointment_id: UUID, ids: Ids, operator: Operator) -> Appointment:
    """撤销签到: of the wrong person, or of one who came and cannot be served today, who may then be 未到场.

    Raises NotFound or AppointmentConflict.
    """

    async def work() -> Appointment:
        appointment = await _appointment(appointment_id)
        async with in_transaction():
            visits = [v for v in await open_visits(appointment, ids) if v.checked_in_at is not None]
            if not visits:
                raise AppointmentConflict("所选人员均未签到")
            await step(appointment)
            await change_visits(visits, checked_in_at=None)
            await _note("undo_check_in", appointment, visits, operator)
        return appointment

    return await retried(work)


async def complete(appointment_id: UUID, ids: Ids, operator: Operator, *, gate: SlotCounter) -> Appointment:
    """现场办理完成, at any hour (A10). Places of a slot that has not begun are given back (B3)."""

    async def work() -> tuple[Appointment, list[Visit]]:
        appointment = await _appointment(appointment_id)
        begun = clock.at(appointment.on_date, appointment.start) <= clock.now()
        async with in_transaction():
            visits = await open_visits(appointment, ids)
            await step(appointment, state=await state_after(appointment, visits, Outcome.DONE))
            await end_visits(visits, Outcome.DONE, keep_places=begun)
            for application in await _applications(visits):
                await complete_on_site(application, operator)
            await _note("complete", appointment, visits, operator)
        return appointment, [] if begun else visits

    return await _and_give_back(work, gate)


async def no_show(appointment_id: UUID, ids: Ids, operator: Operator, *, gate: SlotCounter) -> Appointment:
    """未到场: the person must book again (manual §6). People who are checked in cannot be missing."""

    async def work() -> tuple[Appointment, list[Visit]]:
        appointment = await _appointment(appointment_id)
        if appointment.on_date > clock.today():
            raise AppointmentConflict("预约日期未到，不能登记未到场")
        async with in_transaction():
            visits = await open_visits(appointment, ids)
            await step(appointment, state=await state_after(appointment, visits, Outcome.NO_SHOW))
            await end_visits(visits, Outcome.NO_SHOW, unchecked=True)
            for application in await _applications(visits):
                await advance(application, Action.NO_SHOW, operator)
            await announce(AppointmentEvent("no_show", appointment, await people_of(ids_of(visits))))
            await _note("no_show", appointment, visits, operator)
        return appointment, visits

    return await _and_give_back(work, gate)


async def _and_give_back(
    work: Callable[[], Awaitable[tuple[Appointment, list[Visit]]]], gate: SlotCounter
) -> Appointment:
    appointment, freed = await retried(work)
    if freed:
        await release(gate, slot_of(appointment), freed[0].token, places=places_of(freed))
    return appointment


async def _appointment(appointment_id: UUID) -> Appointment:
    found = await Appointment.get_or_none(id=appointment_id)
    if found is None:
        raise NotFound
    return found


async def _applications(visits: Sequence[Visit]) -> list[Application]:
    return await Application.filter(id__in=ids_of(visits)).order_by("id")


async def _note(action: str, appointment: Appointment, visits: Sequence[Visit], operator: Operator) -> None:
    ids = [str(i) for i in ids_of(visits)]
    actor = Actor(operator.id, operator.name)
    await record(actor, f"appointment.{action}", "appointment", str(appointment.id), applications=ids)
