"""The reference of rows 3 and 4: the same service, its gate replaced by SELECT … FOR UPDATE on the slot's row."""

from typing import TypeVar

from server.appointments import book
from server.appointments.hold import Doubt, Record
from server.appointments.places import read_slot
from server.appointments.slots import Slot, SlotCounter, choose
from server.run import web
from server.transactions import connection, in_transaction

T = TypeVar("T")

LOCK = "SELECT sold FROM bench_slot WHERE id = %s FOR UPDATE"


async def with_locked(slot: Slot, token: str, people: int, record: Record[T], *, gate: SlotCounter) -> T:
    """One booker of a slot at a time, as most systems do it."""
    async with in_transaction():
        await connection().execute_query(LOCK, [f"{slot.on}:{slot.start}"])
        capacity, rows = await read_slot(slot)
        taken = {place for place, _ in rows}
        places = choose([place for place in range(1, capacity + 1) if place not in taken], people)
        if not places:
            raise Doubt
        return await record(places)


if __name__ == "__main__":
    book.with_held = with_locked
    web.main()
