"""WeChat's token on the shelf in Redis: shared, sealed, dropped only while it is the bad one."""

import asyncio

import pytest

from server import crypto
from server.gateways.redis.client import RedisDoor
from server.gateways.redis.token import RedisTokenShelf
from server.gateways.wechat.token import AccessToken, FreshToken
from tests.engines.servers import RedisServer

APPID, TOKEN = "wx201", "token-" + "x" * 500


@pytest.fixture
def shelf(door: RedisDoor) -> RedisTokenShelf:
    return RedisTokenShelf(door, APPID)


async def test_what_one_process_puts_another_gets(door: RedisDoor, shelf: RedisTokenShelf) -> None:
    await shelf.put(FreshToken(TOKEN, 6960))

    found = await RedisTokenShelf(door, APPID).get()

    assert found is not None
    assert found.value == TOKEN
    assert 6900 < found.seconds <= 6960


async def test_an_empty_shelf_is_empty(shelf: RedisTokenShelf) -> None:
    assert await shelf.get() is None


async def test_apps_do_not_see_each_others_tokens(door: RedisDoor, shelf: RedisTokenShelf) -> None:
    await shelf.put(FreshToken(TOKEN, 6960))

    assert await RedisTokenShelf(door, "wx202").get() is None


async def test_a_token_past_its_end_is_none(shelf: RedisTokenShelf) -> None:
    await shelf.put(FreshToken(TOKEN, 0))

    assert await shelf.get() is None


async def test_the_shelf_forgets_by_itself(door: RedisDoor, shelf: RedisTokenShelf) -> None:
    await shelf.put(FreshToken(TOKEN, 6960))

    (key,) = [key async for key in door.client.scan_iter(f"{door.key('wechat')}*")]
    assert 6900 < await door.client.ttl(key) <= 6960


async def test_a_dump_of_redis_shows_no_token(door: RedisDoor, shelf: RedisTokenShelf) -> None:
    await shelf.put(FreshToken(TOKEN, 6960))

    keys = [key async for key in door.client.scan_iter(f"{door.key('wechat')}*")]
    everything = repr([(key, await door.client.hgetall(key)) for key in keys])
    assert keys
    assert TOKEN not in everything


async def test_the_bad_token_is_dropped(shelf: RedisTokenShelf) -> None:
    await shelf.put(FreshToken(TOKEN, 6960))

    await shelf.drop_if(TOKEN)

    assert await shelf.get() is None


async def test_a_newer_token_survives_the_news_that_the_old_one_is_bad(shelf: RedisTokenShelf) -> None:
    await shelf.put(FreshToken("old", 6960))
    await shelf.put(FreshToken("new", 6960))

    await shelf.drop_if("old")

    found = await shelf.get()
    assert found is not None
    assert found.value == "new"


async def test_one_of_many_may_fetch(shelf: RedisTokenShelf) -> None:
    answers = await asyncio.gather(*(shelf.reserve(3) for _ in range(20)))

    assert sorted(answers) == [False] * 19 + [True]


async def test_what_another_key_sealed_is_as_good_as_nothing(shelf: RedisTokenShelf) -> None:
    await shelf.put(FreshToken(TOKEN, 6960))

    crypto.use(crypto.Keyring(keys={"k9": b"9" * 32}, current="k9", index_key=b"2" * 32, pepper=b"3" * 32))

    assert await shelf.get() is None


async def test_out_of_reach_it_is_empty_and_holds_nobody_back(own_server: RedisServer, own_door: RedisDoor) -> None:
    shelf = RedisTokenShelf(own_door, APPID)
    await shelf.put(FreshToken(TOKEN, 6960))

    own_server.kill()

    await shelf.drop_if(TOKEN)
    await shelf.put(FreshToken(TOKEN, 6960))
    assert await shelf.get() is None
    assert await shelf.reserve(3) is True


async def test_two_processes_share_one_fetch_through_redis(door: RedisDoor) -> None:
    fetches = []

    async def fetch() -> FreshToken:
        fetches.append(1)
        await asyncio.sleep(0)
        return FreshToken(f"token-{len(fetches)}", 7200)

    owners = [AccessToken(fetch, RedisTokenShelf(door, APPID)) for _ in range(2)]
    ordered = [owner for owner in owners for _ in range(20)]
    first = await asyncio.gather(*(owner.current() for owner in ordered))
    replaced = await asyncio.gather(*(owner.replace(token) for owner, token in zip(ordered, first, strict=True)))

    assert {token.value for token in first} == {"token-1"}
    assert {token.value for token in replaced} == {"token-2"}
    assert len(fetches) == 2
