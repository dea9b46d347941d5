"""Whose an application is and of which business is read once, for everybody who asks at the same moment."""

import asyncio

import pytest

from models.applications import Application
from server.appointments.refusals import MixedBusinesses
from server.appointments.subjects import business_of
from server.errors import NotFound
from tests.world import World


async def test_many_firms_asking_at_once_each_learn_their_own(world: World) -> None:
    firms = await world.firms(5)
    ids = [await firm.approved(2) for firm in firms]

    found = await asyncio.gather(*(business_of(firm.caller, own) for firm, own in zip(firms, ids, strict=True)))

    assert found == ["registration"] * 5


async def test_a_strangers_application_is_not_found_even_when_it_is_known(world: World) -> None:
    firm, stranger = await world.firms(2)
    ids = await firm.approved(1)
    await business_of(firm.caller, ids)

    with pytest.raises(NotFound):
        await business_of(stranger.caller, ids)


async def test_two_businesses_are_refused(world: World) -> None:
    firm = await world.firm()
    ids = await firm.approved(2)
    await Application.filter(id=ids[0]).update(business="transfer")

    with pytest.raises(MixedBusinesses):
        await business_of(firm.caller, ids)
