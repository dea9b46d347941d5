"""The people of the benchmark: logged-in firms with approved applications, and a clean grid for every round."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

import orjson
from redis.asyncio import Redis

from models.accounts import Account, AccountKind, LoginSession, Realm
from models.applications import Application, State
from models.base import new_id
from server import clock, crypto
from server.accounts.sessions import tag_of
from server.applications.answers import columns_of
from server.appointments.calendar import public_day
from server.appointments.places import offered_days
from server.appointments.slots import HOLD_MS
from server.businesses import catalogue, current_edition
from server.transactions import connection
from tests.bench.load import offer, request
from tests.engines.servers import RedisServer

GRID = "/api/v1/appointments/grid?business=registration&people=2"


@dataclass(frozen=True)
class Firm:
    token: str
    application_id: UUID


async def set_stage(firms: int) -> list[Firm]:
    """So many firms, each logged in, each with one approved application."""
    made = [await _firm(number) for number in range(firms)]
    if connection().capabilities.dialect == "mysql":
        await connection().execute_script("CREATE TABLE bench_slot (id VARCHAR(32) PRIMARY KEY)")
        for on, start in open_slots():
            await connection().execute_query("INSERT INTO bench_slot VALUES (%s)", [f"{on}:{start}"])
    return made


async def _firm(number: int) -> Firm:
    account_id, application_id, at = new_id(), new_id(), clock.now()
    await Account.create(
        id=account_id,
        kind=AccountKind.FIRM,
        realm=Realm.APPLICANT,
        number=f"B{number}-{uuid4().hex[:8]}",
        name=f"事务所{number}",
        firm_id=new_id(),
        profile_completed_at=at,
        created_at=at,
    )
    token = f"{tag_of(account_id)}.{crypto.new_secret()}"
    await LoginSession.create(
        account_id=account_id,
        token_hash=crypto.hash_secret(token),
        client="browser",
        epoch=0,
        last_used_at=at,
        expires_at=at + timedelta(hours=12),
        created_at=at,
    )
    form = {"name": "张三", "id_number": uuid4().hex[:15], "mobile": "13800000000", "retired": "no"}
    await Application.create(
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
    return Firm(token, application_id)


async def clear_grid(redis: RedisServer) -> None:
    """As if nobody had ever booked or tried. The gate's views keep their age: in life a slot is looked at for days."""
    for table in ("visit", "appointment", "request_key", "history_entry", "message", "delivery"):
        await connection().execute_script(f"DELETE FROM {table}")
    await Application.all().update(state=State.APPROVED_TO_BOOK)
    async with Redis.from_url(redis.url) as client:
        await _forget_tries(client)
        async for view in client.scan_iter(match="*:slot:*"):
            await client.hdel(view, "fresh", *(str(place) for place in range(1, 13)))


async def forget_tries(redis: RedisServer) -> None:
    """The limits count no more what former rounds tried."""
    async with Redis.from_url(redis.url) as client:
        await _forget_tries(client)


async def _forget_tries(client: Redis) -> None:
    async for log in client.scan_iter(match="*:limit:*"):
        await client.delete(log)


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
