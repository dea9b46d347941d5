"""A small world for stories of visits: firms with approved applications at a desk of their own, and staff."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from uuid import UUID, uuid4

from pydantic import BaseModel

from models.accounts import Account, AccountKind, Realm
from models.applications import Application, State
from models.appointments import Appointment, AppointmentState, Visit
from models.base import new_id
from server import clock
from server.accounts.caller import Caller
from server.applications.advance import Operator
from server.applications.answers import columns_of
from server.appointments.book import book_appointment
from server.appointments.calendar import public_day
from server.appointments.places import offered_days, read_slot
from server.appointments.request_keys import Attempt
from server.appointments.slots import Slot, SlotCounter
from server.businesses import Catalogue, catalogue, current_edition, use_catalogue

START = "10:00"


@contextmanager
def own_desk() -> Iterator[str]:
    """A desk no other test books at: every business goes there until the block ends."""
    desk, base = f"desk_{uuid4().hex[:12]}", catalogue()
    moved = {key: business.model_copy(update={"desk": desk}) for key, business in base.businesses.items()}
    with use_catalogue(Catalogue.model_construct(**{**dict(base), "businesses": moved})):
        yield desk


class Said(BaseModel):
    """The body of a request, as far as its key is concerned."""

    body: str = ""


class World:
    """Made for one test. `gate` is the slot counter that every party books through."""

    def __init__(self, desk: str, gate: SlotCounter) -> None:
        self.desk, self.gate = desk, gate

    @property
    def day(self) -> date:
        """The first open day that is offered."""
        return next(on for on in offered_days(clock.today()) if not public_day(on).closed)

    @property
    def other_day(self) -> date:
        return [on for on in offered_days(clock.today()) if not public_day(on).closed][1]

    def slot(self, on: date | None = None, start: str = START) -> Slot:
        return Slot(self.desk, on or self.day, start)

    async def firm(self, name: str = "测试单位201") -> "Party":
        row = await Account.create(
            kind=AccountKind.FIRM,
            realm=Realm.APPLICANT,
            number=uuid4().hex[:12],
            name=name,
            firm_id=new_id(),
            created_at=clock.now(),
        )
        return Party(self, caller_of(row))

    async def firms(self, count: int) -> list["Party"]:
        return [await self.firm() for _ in range(count)]

    async def clerk(self) -> Operator:
        row = await Account.create(
            kind=AccountKind.STAFF,
            realm=Realm.STAFF,
            number=uuid4().hex[:12],
            name="clerk (窗口人员)",
            role="clerk",
            created_at=clock.now(),
        )
        return Operator.of(caller_of(row))

    async def free(self, slot: Slot | None = None) -> int:
        """Free places as the table has them."""
        capacity, rows = await read_slot(slot or self.slot())
        return capacity - len(rows)

    async def taken(self, slot: Slot | None = None) -> list[int]:
        """The places the table holds as taken, in order."""
        _, rows = await read_slot(slot or self.slot())
        return sorted(place for place, _ in rows)


class Party:
    """One account that books."""

    def __init__(self, world: World, caller: Caller) -> None:
        self.world, self.caller = world, caller

    async def approved(self, count: int = 1, business: str = "registration", days: int = 30) -> list[UUID]:
        """Applications waiting for an appointment for `days` more days."""
        return [await self._approve(business, days) for _ in range(count)]

    async def _approve(self, business: str, days: int) -> UUID:
        application_id, at = new_id(), clock.now()
        form = {"name": "张三", "id_number": uuid4().hex[:15], "cpa_no": uuid4().hex[:12], "mobile": "13800000000"}
        await Application.create(
            id=application_id,
            account_id=self.caller.account_id,
            business=business,
            edition=current_edition(business).digest,
            path="on_site_only" if business == "transfer" else "on_site_certificate",
            state=State.APPROVED_TO_BOOK,
            round=1,
            version=2,
            approved_on=clock.today(),
            expires_on=clock.today() + timedelta(days=days),
            live_person=uuid4().hex,
            created_at=at,
            updated_at=at,
            **columns_of(application_id, catalogue().businesses[business], form),
        )
        return application_id

    def attempt(self, key: str | None = None, body: object = "") -> Attempt:
        said = Said(body=str(body))
        return Attempt.of(self.caller.account_id, key or uuid4().hex, "POST", "/api/v1/appointments", said)

    async def book(
        self, slot: Slot | None = None, *, people: int = 1, ids: Sequence[UUID] = (), key: str | None = None
    ) -> Appointment:
        """Book `people` fresh applications, or the given ones."""
        chosen, slot = list(ids) or await self.approved(people), slot or self.world.slot()
        attempt = self.attempt(key, sorted(map(str, chosen)))
        return await book_appointment(self.caller, chosen, slot.on, slot.start, attempt, gate=self.world.gate)


def caller_of(row: Account) -> Caller:
    return Caller(
        account_id=row.id,
        kind=row.kind,
        name=row.name,
        number=row.number,
        role=row.role,
        session_id=new_id(),
        firm_id=row.firm_id,
        cpa_id=row.cpa_id,
        must_complete_profile=False,
        epoch=0,
    )


async def people_in(appointment: Appointment) -> list[Visit]:
    return await Visit.filter(appointment_id=appointment.id).order_by("place_no")


async def live_bookings(slot: Slot) -> list[Appointment]:
    """Appointments that stand for a slot."""
    found = Appointment.filter(desk=slot.desk, on_date=slot.on, start=slot.start, state=AppointmentState.SUCCESS)
    return await found.order_by("id")


async def state_of(application_id: UUID) -> State:
    return (await Application.get(id=application_id)).state
