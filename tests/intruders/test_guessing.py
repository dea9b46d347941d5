"""Stuffing and spray at full size, against the counter that all processes share: ten tries pass, no more are hashed."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable

import pytest

from server.accounts.guessing import TRIES, TooManyTries
from server.accounts.login import BadCredentials, login
from server.accounts.passwords import WrongPassword
from server.accounts.profile import change_password
from server.accounts.sessions import caller_of
from server.gateways.redis.client import RedisDoor
from server.gateways.redis.connect import connect
from server.gateways.redis.limits import RedisLimiter
from tests.engines.engine import Engine
from tests.fakes_accounts import PASSWORD, CountingHasher, World
from tests.server.http.cast import Who
from tests.server.http.client import Client, Order
from tests.server.http.stage import Stage

MANY = 10_000
AT_ONCE = 50  # requests on their way; more would be sent away unheard (guessing.turn)
LOGIN = "POST /api/v1/auth/login"

Try = tuple[str, str, str]  # number, password, address


@pytest.fixture
async def world(embedded: Engine, redis_prefix: str) -> AsyncIterator[World]:
    """Its parties log in through the counter in Redis, which is waited for however busy the machine is: without it
    each process counts for itself."""
    async with RedisDoor(embedded.redis.url, prefix=redis_prefix) as door:
        await door.client.aclose()
        door.client = connect(embedded.redis.url, connections=AT_ONCE, seconds=20)
        world = World()
        world.limiter = RedisLimiter(door)  # type: ignore[assignment]
        yield world


async def outcomes(world: World, tries: Iterable[Try]) -> Counter[str]:
    """What so many tries come to, `AT_ONCE` at a time."""
    waiting, counted = iter(tries), Counter[str]()

    async def work() -> None:
        for number, password, address in waiting:
            counted[await outcome(world, number, password, address)] += 1

    await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    return counted


async def outcome(world: World, number: str, password: str, address: str) -> str:
    try:
        await login(number, password, address=address, limiter=world.limiter)
    except (BadCredentials, TooManyTries) as refusal:
        return type(refusal).__name__
    return "in"


def address_of(number: int) -> str:
    return f"198.{18 + number // 65_536}.{number // 256 % 256}.{number % 256}"


async def test_ten_thousand_accounts_tried_once_from_one_address(world: World, hasher: CountingHasher) -> None:
    """Also where the list of the thief is right: the eleventh password is not looked at."""
    firms = [await world.firm() for _ in range(5)]
    known = {1_000 * n: firm.number for n, firm in enumerate(firms, 1)}
    hasher.verified = 0

    counted = await outcomes(
        world,
        ((known.get(n, f"nobody-{n}"), PASSWORD if n in known else f"wrong-{n}", "203.0.113.7") for n in range(MANY)),
    )

    assert counted == {"BadCredentials": TRIES, "TooManyTries": MANY - TRIES}
    assert TRIES <= hasher.verified <= TRIES + 1  # one more may be on its way when the tenth fails


async def test_one_account_tried_ten_thousand_times_from_everywhere(world: World, hasher: CountingHasher) -> None:
    firm = await world.firm()
    hasher.verified = 0

    counted = await outcomes(world, ((firm.number, f"wrong-{n}", address_of(n)) for n in range(MANY - 1)))
    right_but_late = await outcome(world, firm.number, PASSWORD, "192.0.2.200")

    assert counted == {"BadCredentials": TRIES, "TooManyTries": MANY - 1 - TRIES}
    assert right_but_late == "TooManyTries"
    assert hasher.verified == TRIES


async def test_one_password_sprayed_over_two_thousand_accounts_from_everywhere(
    world: World, hasher: CountingHasher
) -> None:
    counted = await outcomes(world, ((f"nobody-{n}", "Spring-2026", address_of(n)) for n in range(2_000)))

    assert counted == {"BadCredentials": TRIES, "TooManyTries": 2_000 - TRIES}
    assert TRIES <= hasher.verified <= TRIES + 1


async def test_the_owner_of_an_account_under_attack_gets_in_by_his_bound_phone(client: Client, stage: Stage) -> None:
    """Over the wire: the attack, his own right password in vain, and his phone."""
    owner = await stage.actor(Who.FIRM)
    code, phone = stage.login_code(), next(reversed(stage.site.simulator.platform.phones.values()))
    await client.send("POST /api/v1/me/wechat", Order(body={"code": code}), owner.token)
    attack = [Order(body={"account": owner.account.number, "password": f"wrong-{n}"}) for n in range(TRIES + 5)]

    attacked = [(await client.send(LOGIN, order)).said for order in attack]
    typed = await client.send(LOGIN, Order(body={"account": owner.account.number, "password": stage.password}))
    fresh = stage.site.simulator.platform.mint_code(phone.openid)
    by_phone = await client.send("POST /api/v1/auth/wechat", Order(body={"code": fresh}))
    stage.secrets |= {fresh, by_phone.body["token"]}

    assert attacked == ["401 bad_credentials"] * TRIES + ["429 too_many_tries"] * 5
    assert typed.said == "429 too_many_tries"
    assert by_phone.body["account"]["id"] == str(owner.id)


async def test_a_stolen_session_guesses_the_password_ten_times(world: World) -> None:
    firm = await world.firm()
    logged_in = await firm.log_in()
    caller, said = caller_of(logged_in.account, logged_in.session), []

    for n in range(TRIES + 2):
        with pytest.raises((WrongPassword, TooManyTries)) as refusal:
            await change_password(caller, f"wrong-{n}", "a-new-one-9", limiter=world.limiter, views=world.views)
        said.append(refusal.type.__name__)

    assert said == ["WrongPassword"] * TRIES + ["TooManyTries"] * 2


@pytest.mark.parametrize("written", ["2001:db8:7:{}::{{}}", "[2001:DB8:8:{}::{{}}]"])
async def test_the_addresses_of_one_ipv6_network_share_a_limit_behind_a_proxy(
    written: str, client: Client, stage: Stage
) -> None:
    """As the proxy tells them, with brackets and without; the network next door is another's."""
    here, next_door = written.format(1), written.format(2)

    async def try_from(address: str) -> str:
        body = {"account": stage.secret()[:20], "password": stage.secret()}
        return (await client.send(LOGIN, Order(body=body), address=address)).said

    said = [await try_from(here.format(n + 1)) for n in range(TRIES + 1)]

    assert said == ["401 bad_credentials"] * TRIES + ["429 too_many_tries"]
    assert await try_from(next_door.format(1)) == "401 bad_credentials"
