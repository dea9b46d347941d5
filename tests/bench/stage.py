"""The people of the benchmark: logged-in firms with approved applications, and a clean grid for every round."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from uuid import UUID, uuid4

import orjson
from redis.asyncio import Redis
from tortoise.models import Model

from models.accounts import Account, AccountKind, LoginSession, Realm
from models.applications import Application, State
from models.appointments import Appointment, AppointmentState, Visit
from models.base import new_id
from models.messages import Message
from server import clock, crypto
from server.accounts.passwords import hash_password
from server.accounts.sessions import tag_of
from server.applications.answers import columns_of
from server.appointments.calendar import public_day
from server.appointments.places import offered_days
from server.appointments.slots import HOLD_MS
from server.businesses import catalogue, current_edition
from server.transactions import connection, in_transaction
from tests.bench.load import offer, request
from tests.engines.servers import RedisServer

GRID = "/api/v1/appointments/grid?business=registration&people=2"
PASSWORD = "bench-Pass-2026"
_CHUNK = 500


@dataclass(frozen=True)
class Firm:
    token: str
    account_id: UUID
    number: str
    application_id: UUID


async def set_stage(firms: int) -> list[Firm]:
    """So many firms, each logged in, each with one approved application."""
    password_hash = await hash_password(PASSWORD)
    made = [_firm(number, password_hash) for number in range(firms)]
    async with in_transaction():
        for kind in (Account, LoginSession, Application):
            rows: Iterator[Model] = (row for _, kinds in made for row in kinds if isinstance(row, kind))
            while chunk := list(islice(rows, _CHUNK)):
                await kind.bulk_create(chunk)  # type: ignore[arg-type]
    if connection().capabilities.dialect == "mysql":
        await _create_locks()
    return [firm for firm, _ in made]


async def _create_locks() -> None:
    """The rows that the reference locks, one a slot."""
    await connection().execute_script("CREATE TABLE bench_slot (id VARCHAR(32) PRIMARY KEY, sold INT NOT NULL)")
    for on, start in open_slots():
        await connection().execute_query("INSERT INTO bench_slot VALUES (%s, 0)", [f"{on}:{start}"])


def _firm(number: int, password_hash: str) -> tuple[Firm, list[Model]]:
    account_id, application_id, at = new_id(), new_id(), clock.now()
    account = Account(
        id=account_id,
        kind=AccountKind.FIRM,
        realm=Realm.APPLICANT,
        number=f"B{number}-{uuid4().hex[:8]}",
        name=f"事务所{number}",
        firm_id=new_id(),
        password_hash=password_hash,
        profile_completed_at=at,
        created_at=at,
    )
    token = f"{tag_of(account_id)}.{crypto.new_secret()}"
    session = LoginSession(
        account_id=account_id,
        token_hash=crypto.hash_secret(token),
        client="browser",
        epoch=0,
        last_used_at=at,
        expires_at=at + timedelta(hours=12),
        created_at=at,
    )
    form = {"name": "张三", "id_number": uuid4().hex[:15], "mobile": "13800000000", "retired": "no"}
    application = Application(
        id=application_id,
        account_id=account_id,
        business="registration",
        edition=current_edition("registration").digest,
        path="on_site_certificate",
        state=State.APPROVED_TO_BOOK,
        round=1,
        approved_on=clock.today(),
        expires_on=clock.today() + timedelta(days=30),
        live_person=uuid4().hex,
        created_at=at,
        updated_at=at,
        **columns_of(application_id, catalogue().businesses["registration"], form),
    )
    return Firm(token, account_id, account.number, application_id), [account, session, application]


async def grow_lists(firm: Firm, count: int) -> None:
    """So many more messages, and as many appointments of one person each, that are over."""
    at, on = clock.now(), clock.today() - timedelta(days=30)
    for _ in range(0, count, _CHUNK):
        size = min(count, _CHUNK)
        await Message.bulk_create(
            Message(account_id=firm.account_id, event="booked", occurrence=uuid4().hex, text="预约成功", created_at=at)
            for _ in range(size)
        )
        shared = {"desk": "main", "on_date": on, "start": "10:00", "created_at": at}
        appointments = [
            Appointment(
                account_id=firm.account_id,
                business="registration",
                window_from="10:00",
                window_to="10:05",
                people=1,
                state=AppointmentState.CANCELLED,
                **shared,
            )
            for _ in range(size)
        ]
        await Appointment.bulk_create(appointments)
        await Visit.bulk_create(
            Visit(appointment_id=appointment.id, application_id=firm.application_id, token=uuid4().hex, **shared)
            for appointment in appointments
        )
    # In life lists grow over months, and MariaDB has long counted again what its plans rest on.
    await connection().execute_script("ANALYZE TABLE message, appointment, visit")


async def clear_grid(redis: RedisServer | None) -> None:
    """As if nobody had ever booked or tried. The gate's views keep their age: in life a slot is looked at for days."""
    for table in ("visit", "appointment", "request_key", "history_entry", "message", "delivery"):
        await connection().execute_script(f"DELETE FROM {table}")
    await Application.all().update(state=State.APPROVED_TO_BOOK)
    if redis is None:
        return
    async with Redis.from_url(redis.url) as client:
        async for log in client.scan_iter(match="*:limit:*", count=1000):
            await client.delete(log)
        async for view in client.scan_iter(match="*:slot:*"):
            await client.hdel(view, "fresh", *(str(place) for place in range(1, 13)))


async def age_views(firm: Firm, port: int) -> None:
    """Look at the grid and wait until a FULL is proof, as it is for every slot that was looked at before the rush."""
    await offer(port, [request("GET", GRID, token=firm.token)])
    await asyncio.sleep(HOLD_MS / 1000 + 1)


def open_slots() -> list[tuple[str, str]]:
    """(date, start) of every slot that can be booked now."""
    days = [on for on in offered_days(clock.today()) if not public_day(on).closed]
    return [(str(on), slot.start) for on in days for slot in catalogue().appointments.slots]


def booking(firm: Firm, slot: tuple[str, str]) -> bytes:
    body = orjson.dumps({"application_ids": [str(firm.application_id)], "date": slot[0], "start": slot[1]})
    return request("POST", "/api/v1/appointments", token=firm.token, body=body, Idempotency_Key=uuid4().hex)


async def oversold() -> int:
    """Places sold beyond twelve, over all slots."""
    rows = await connection().execute_query_dict(
        "SELECT on_date, start, SUM(people) AS sold FROM appointment WHERE state = 'success' GROUP BY on_date, start"
    )
    return sum(max(int(row["sold"]) - 12, 0) for row in rows)
