"""Refusals of one moment are written down together, and each key still has its own say."""

import asyncio
from uuid import uuid4

from models.appointments import Appointment, RequestKey
from server.appointments.refusals import SlotFull
from server.appointments.request_keys import Attempt, refuse_for_good
from tests.world import Said, World


def attempt(key: str = "") -> Attempt:
    return Attempt.of(uuid4(), key or uuid4().hex, "POST", "/", Said())


async def settled(*attempts: Attempt) -> list[type]:
    return [type(end) for end in await asyncio.gather(*map(refuse_for_good, attempts), return_exceptions=True)]


async def test_many_doubts_of_one_moment_are_each_refused_for_good(world: World) -> None:
    attempts = [attempt() for _ in range(100)]

    assert await settled(*attempts) == [SlotFull] * 100

    written = await RequestKey.filter(account_id__in=[one.account_id for one in attempts])
    assert {row.account_id for row in written} == {one.account_id for one in attempts}
    assert {row.appointment_id for row in written} == {None}


async def test_a_twin_among_them_is_written_once(world: World) -> None:
    twin, others = attempt(), [attempt() for _ in range(5)]

    assert await settled(twin, *others, twin) == [SlotFull] * 7

    assert await RequestKey.filter(account_id=twin.account_id).count() == 1


async def test_a_booking_among_them_is_found_and_the_others_are_refused(world: World) -> None:
    firm, others = await world.firm(), [attempt() for _ in range(5)]
    ids = await firm.approved(1)
    booked = await firm.book(ids=ids, key="the-key")
    again = firm.attempt("the-key", sorted(map(str, ids)))

    ends = await asyncio.gather(*map(refuse_for_good, [*others, again]), return_exceptions=True)

    assert [type(end) for end in ends] == [SlotFull] * 5 + [Appointment]
    assert ends[-1] == booked
