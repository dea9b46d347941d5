"""Views of login sessions in Redis: believed while young and of the latest epoch, and never missed when gone."""

import weakref
from datetime import timedelta
from typing import Any

from models.accounts import AccountKind
from models.base import new_id
from server import clock as wall
from server.accounts.caller import Caller
from server.accounts.sessions import SessionView
from server.gateways.redis.client import RedisDoor
from server.gateways.redis.sessions import NEAR_SECONDS, NearViews, RedisSessionViews

TAG, TOKEN = "a1b2c3d4", "f" * 64


def view_of(epoch: int = 3) -> SessionView:
    caller = Caller(
        account_id=new_id(),
        kind=AccountKind.FIRM,
        name="测试单位201",
        number="201",
        role=None,
        session_id=new_id(),
        firm_id=new_id(),
        cpa_id=None,
        must_complete_profile=False,
        epoch=epoch,
    )
    return SessionView(caller, wall.now(), wall.now() + timedelta(hours=12))


async def test_a_view_comes_back_as_it_was_put(door: RedisDoor) -> None:
    views, view = RedisSessionViews(door), view_of()

    await views.put(TAG, TOKEN, view, 60)

    assert await views.get(TAG, TOKEN) == view
    assert await views.get(TAG, "0" * 64) is None


async def test_a_view_lives_as_long_as_it_was_told(door: RedisDoor) -> None:
    await RedisSessionViews(door).put(TAG, TOKEN, view_of(), 60)

    ttl = await door.client.ttl(door.key("session", TOKEN, tag=TAG))

    assert 0 < ttl <= 60


async def test_a_raised_epoch_ends_older_views_only(door: RedisDoor) -> None:
    views = RedisSessionViews(door)
    await views.put(TAG, TOKEN, view_of(3), 60)

    assert await views.raise_epoch(TAG, 4)

    assert await views.get(TAG, TOKEN) is None
    await views.put(TAG, TOKEN, view_of(4), 60)
    assert await views.get(TAG, TOKEN) is not None


async def test_an_epoch_never_goes_back(door: RedisDoor) -> None:
    views = RedisSessionViews(door)
    await views.put(TAG, TOKEN, view_of(4), 60)

    await views.raise_epoch(TAG, 5)
    await views.raise_epoch(TAG, 4)

    assert await views.get(TAG, TOKEN) is None


async def test_another_accounts_epoch_does_not_matter(door: RedisDoor) -> None:
    views = RedisSessionViews(door)
    await views.put(TAG, TOKEN, view_of(3), 60)

    await views.raise_epoch("other000", 9)

    assert await views.get(TAG, TOKEN) is not None


async def test_what_cannot_be_read_is_no_view(door: RedisDoor) -> None:
    key = door.key("session", TOKEN, tag=TAG)
    views = RedisSessionViews(door)

    for strange in (b"no json", b"{}", b"[]", b'{"caller": {"kind": "robot"}}', b"null"):
        await door.client.set(key, strange)
        assert await views.get(TAG, TOKEN) is None


async def test_keys_of_one_account_live_on_one_node(door: RedisDoor) -> None:
    views = RedisSessionViews(door)
    await views.put(TAG, TOKEN, view_of(), 60)
    await views.raise_epoch(TAG, 1)

    keys = [key.decode() async for key in door.client.scan_iter(match=door.key("session", "*"))]

    assert len(keys) == 2
    assert all(f"{{{TAG}}}" in key for key in keys)


async def test_flushed_in_the_middle_it_knows_nothing_and_goes_on(own_door: RedisDoor) -> None:
    views, view = RedisSessionViews(own_door), view_of()
    await views.put(TAG, TOKEN, view, 60)
    await views.raise_epoch(TAG, 1)

    await own_door.client.flushall()
    await own_door.client.script_flush()

    assert await views.get(TAG, TOKEN) is None
    assert await views.raise_epoch(TAG, 2)
    await views.put(TAG, TOKEN, view, 60)
    assert await views.get(TAG, TOKEN) == view


async def test_stopped_it_says_so_and_raises_nothing(own_door: RedisDoor, own_server: Any, clock: Any) -> None:
    views, view = RedisSessionViews(own_door), view_of()
    await views.put(TAG, TOKEN, view, 60)
    own_server.stop()

    assert await views.get(TAG, TOKEN) is None
    await views.put(TAG, TOKEN, view, 60)
    assert not await views.raise_epoch(TAG, 5)

    own_server.start()
    clock.time += 2
    assert await views.raise_epoch(TAG, 5)


def test_what_a_process_remembered_is_forgotten_a_little_at_a_time_and_all_in_the_end(clock: Any) -> None:
    """Thousands expire in the same second after an opening: no request waits until all of them are gone."""
    near, forgotten = NearViews(clock), []
    for number in range(100):
        view = view_of()
        weakref.finalize(view, forgotten.append, number)
        near.put(f"old-{number}", view)
    del view

    clock.time += NEAR_SECONDS + 1
    near.put("new-0", view_of())
    at_first = len(forgotten)
    for number in range(1, 100):
        near.put(f"new-{number}", view_of())

    assert 1 < at_first < 5
    assert forgotten == list(range(100))
    assert all(near.get(TAG, f"new-{number}") for number in range(100))
