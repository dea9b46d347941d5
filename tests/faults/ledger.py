"""What clients were told, and whether the database bears it out: invariants I1-I7 of reliability §1."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from models.appointments import Appointment, RequestKey, Visit
from server.appointments.places import read_slot
from server.appointments.slots import Slot, booking_token

CAPACITY = 12


@dataclass
class Told:
    """One key's requests: every answer its client got. An answer that never came is unknown, and says nothing."""

    account_id: UUID
    key: str
    people: int
    booked: list[dict[str, Any]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)  # codes of answers that say "no, for good"
    unknown: int = 0
    cancelled: bool = False

    @property
    def token(self) -> str:
        return booking_token(self.account_id, self.key)


@dataclass
class Ledger:
    told: list[Told] = field(default_factory=list)

    def open(self, account_id: UUID, key: str, people: int) -> Told:
        self.told.append(Told(account_id, key, people))
        return self.told[-1]

    async def violations(self, slots: Iterable[Slot]) -> list[str]:
        """Every sentence that is not borne out, prefixed by the invariant it breaks."""
        found = [fault for slot in slots for fault in await _oversold(slot)]
        for told in self.told:
            found += await _unborne(told)
        return found


async def _oversold(slot: Slot) -> list[str]:
    _, rows = await read_slot(slot)
    taken = Counter(place for place, _ in rows)
    return [
        f"I1 {slot.on} {slot.start}: place {place} taken {times} times"
        for place, times in taken.items()
        if times > 1 or not 1 <= place <= CAPACITY
    ]


async def _unborne(told: Told) -> list[str]:
    appointments = await _appointments_of(told)
    live = await Visit.filter(appointment_id__in=[a.id for a in appointments], place_no__isnull=False).count()
    faults = []
    if len(appointments) > 1:
        faults.append(f"I5 {told.key}: {len(appointments)} bookings")
    if len({answer["id"] for answer in told.booked}) > 1:
        faults.append(f"I5 {told.key}: told of different bookings")
    if told.booked and told.refused:
        faults.append(f"I3 {told.key}: told both booked and {told.refused}")
    if told.booked and not told.cancelled and live != told.people:
        faults.append(f"I2 {told.key}: acknowledged for {told.people}, {live} stand")
    if told.refused and live:
        faults.append(f"I3 {told.key}: refused, {live} stand")
    if not told.booked and not told.cancelled and live not in (0, told.people):
        faults.append(f"I4 {told.key}: {live} of {told.people} stand")
    return faults


async def _appointments_of(told: Told) -> list[Appointment]:
    """By the key and by the rows, which must not differ: a booking that its key does not name would be lost."""
    named = await RequestKey.filter(account_id=told.account_id, key=told.key).values_list("appointment_id", flat=True)
    carried = await Visit.filter(token=told.token, appointment_id__isnull=False).values_list(
        "appointment_id", flat=True
    )
    return await Appointment.filter(id__in={id_ for id_ in (*named, *carried) if id_})
