"""The reference of rows 3 and 4: the same service, its gate replaced by SELECT … FOR UPDATE on the slot's row."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from server.appointments import book
from server.appointments.hold import Doubt
from server.appointments.places import read_slot
from server.appointments.slots import Slot, SlotCounter, choose
from server.run import web
from server.transactions import connection, in_transaction

LOCK = "SELECT sold FROM bench_slot WHERE id = %s FOR UPDATE"


@asynccontextmanager
async def locked_hold(slot: Slot, token: str, people: int, *, gate: SlotCounter) -> AsyncIterator[tuple[int, ...]]:
    """One booker of a slot at a time, as most systems do it."""
    async with in_transaction():
        await connection().execute_query(LOCK, [f"{slot.on}:{slot.start}"])
        capacity, rows = await read_slot(slot)
        taken = {place for place, _ in rows}
        places = choose([place for place in range(1, capacity + 1) if place not in taken], people)
        if not places:
            raise Doubt
        yield places


if __name__ == "__main__":
    book.hold = locked_hold
    web.main()
