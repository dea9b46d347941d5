"""改约 and 取消, before the day of the visit only (manual §6)."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from tortoise.exceptions import IntegrityError

from models.applications import Application
from models.appointments import Appointment, Outcome, Visit
from server import clock
from server.accounts.caller import Caller
from server.applications.advance import Operator, advance
from server.applications.lifecycle import Action
from server.appointments.book import in_time, people_of, window_of, with_places
from server.appointments.hold import CommitUnknown, PlaceTaken, release
from server.appointments.places import closed_rows, offered_slot
from server.appointments.refusals import PastDeadline, SameSlot, TooLateToChange
from server.appointments.request_keys import Attempt, claim, known_booking
from server.appointments.slots import Slot, SlotCounter, booking_token
from server.appointments.step import change_visits, end_visits, open_visits, places_of, slot_of, state_after, step
from server.errors import NotFound
from server.failpoints import reach
from server.messages.announce import announce
from server.messages.events import AppointmentEvent
from server.transactions import in_transaction, is_connection_lost, retried


async def own_appointment(caller: Caller, appointment_id: UUID) -> Appointment:
    """Raises NotFound for what is not the caller's."""
    found = await Appointment.get_or_none(id=appointment_id, account_id=caller.account_id)
    if found is None:
        raise NotFound
    return found


async def cancel_appointment(caller: Caller, appointment_id: UUID, *, gate: SlotCounter) -> Appointment:
    """Cancel for everyone without a result. Raises NotFound, TooLateToChange or AppointmentConflict."""
    refuse_if_too_late(await own_appointment(caller, appointment_id))
    return await cancel(appointment_id, Operator.of(caller), "cancelled", gate=gate)


def refuse_if_too_late(appointment: Appointment) -> None:
    if appointment.on_date <= clock.today():
        raise TooLateToChange


async def cancel(
    appointment_id: UUID, operator: Operator, event: str, *, gate: SlotCounter, closing: bool = False
) -> Appointment:
    """Undo what is left of an appointment and tell everyone. Raises AppointmentConflict when anyone is checked in.

    While staff are `closing` the day, who is checked in is left to be served and the places of the others stay closed.
    """

    async def work() -> tuple[Appointment, list[Visit]]:
        appointment = await Appointment.get(id=appointment_id)
        async with in_transaction():
            visits = await open_visits(appointment, waiting=closing)
            await step(appointment, state=await state_after(appointment, visits, Outcome.CANCELLED))
            await end_visits(visits, Outcome.CANCELLED, unchecked=True)
            await _advance_all(visits, Action.CANCEL, operator)
            if closing:
                await Visit.bulk_create(closed_rows(slot_of(appointment), places_of(visits)))
            await announce(AppointmentEvent(event, appointment, await people_of(ids_of(visits))))
        return appointment, visits

    appointment, freed = await retried(work)
    await reach("cancel.committed")
    await release(gate, slot_of(appointment), freed[0].token, places=places_of(freed), stale=closing)
    return appointment


async def reschedule_appointment(
    caller: Caller, appointment_id: UUID, on: date, start: str, attempt: Attempt, *, gate: SlotCounter
) -> Appointment:
    """Move everyone without a result to another slot: the new places are taken and the old freed in one transaction.

    Raises what booking raises, and SameSlot, TooLateToChange or AppointmentConflict.
    """
    appointment = await own_appointment(caller, appointment_id)
    if known := await known_booking(attempt):
        return known
    refuse_if_too_late(appointment)
    new = offered_slot(appointment.desk, on, start)
    old = slot_of(appointment)
    if new == old:
        raise SameSlot
    visits = await open_visits(appointment)
    move = _Move(appointment, tuple(visits), new, attempt, Operator.of(caller), appointment.version)
    token, places = visits[0].token, places_of(visits)
    moved = await with_places(new, attempt, len(visits), move.record, gate=gate)
    await release(gate, old, token, places=places)
    return moved


@dataclass(frozen=True)
class _Move:
    appointment: Appointment
    visits: tuple[Visit, ...]
    slot: Slot
    attempt: Attempt
    operator: Operator
    version: int

    async def record(self, places: tuple[int, ...]) -> Appointment:
        began, committing = time.monotonic(), False
        appointment = await Appointment.get(id=self.appointment.id)
        appointment.version = self.version
        window_from, window_to = window_of(self.slot.start, places)
        try:
            async with in_transaction():
                await claim(self.attempt, appointment.id)
                await step(
                    appointment,
                    on_date=self.slot.on,
                    start=self.slot.start,
                    window_from=window_from,
                    window_to=window_to,
                )
                await _advance_all(self.visits, Action.RESCHEDULE, self.operator, by=self.slot.on)
                await self._move_visits(places)
                await announce(AppointmentEvent("rescheduled", appointment, await people_of(ids_of(self.visits))))
                in_time(began)
                committing = True
        except Exception as error:
            if committing and is_connection_lost(error):
                raise CommitUnknown from error
            raise
        return appointment

    async def _move_visits(self, places: tuple[int, ...]) -> None:
        token = booking_token(self.attempt.account_id, self.attempt.key)
        try:
            for visit, place in zip(self.visits, places, strict=True):
                await change_visits(
                    [visit],
                    unchecked=True,
                    on_date=self.slot.on,
                    start=self.slot.start,
                    place_no=place,
                    token=token,
                )
        except IntegrityError as stale:
            raise PlaceTaken from stale


async def _advance_all(visits: Sequence[Visit], action: Action, operator: Operator, *, by: date | None = None) -> None:
    """Move the people's applications along; `by` is a day none of their deadlines may lie before."""
    for application in await Application.filter(id__in=ids_of(visits)).order_by("id"):
        if by and (application.expires_on is None or application.expires_on < by):
            raise PastDeadline(field="date")
        await advance(application, action, operator)


def ids_of(visits: Sequence[Visit]) -> list[UUID]:
    return [v.application_id for v in visits if v.application_id is not None]
