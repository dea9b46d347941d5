"""A token that was taken is worth nothing from the moment its owner, his phone or the association ends it."""

from collections.abc import Awaitable, Callable

import pytest

from server.accounts.disable import disable
from server.audit.trail import Actor as By
from server.gateways.redis.sessions import RedisSessionViews
from tests.server.http.cast import Actor, Who, a_password
from tests.server.http.client import Client, Order
from tests.server.http.rows_public import code_of
from tests.server.http.stage import Stage
from tests.server.http.waiting import until

ME, LOGIN = "GET /api/v1/me", "POST /api/v1/auth/login"
End = Callable[[Client, Stage, Actor], Awaitable[object]]


async def log_out(client: Client, stage: Stage, owner: Actor) -> None:
    await client.send("POST /api/v1/auth/logout", token=owner.token)


async def reset(client: Client, stage: Stage, owner: Actor) -> None:
    new = a_password()
    stage.secrets.add(new)
    number, initial = owner.account.number, stage.initial
    body = {"account": number, "initial_password": initial, "new_password": new, "code": await code_of(stage, owner)}
    answer = await client.send("POST /api/v1/auth/password-reset", Order(body=body))
    stage.secrets.add(answer.body["token"])
    told = await client.send("GET /api/v1/messages", token=answer.body["token"])
    assert told.body["items"][0]["event"] == "password_reset"


ENDS: dict[str, End] = {"logout": log_out, "reset, which the owner is told of": reset}


@pytest.mark.parametrize("how", ENDS)
async def test_a_token_ends_with(how: str, engine_client: Client, engine_stage: Stage) -> None:
    """Also where every process has just seen it used and remembers it."""
    owner = await engine_stage.fresh(Who.FIRM)
    used = [(await engine_client.send(ME, token=owner.token)).said for _ in range(3)]

    await ENDS[how](engine_client, engine_stage, owner)

    assert used == ["200"] * 3
    assert (await engine_client.send(ME, token=owner.token)).said == "401 session_expired"


async def test_the_tokens_of_a_closed_account_end_in_a_process_that_only_hears_of_it(
    engine_client: Client, engine_stage: Stage
) -> None:
    owner = await engine_stage.fresh(Who.FIRM)
    used = (await engine_client.send(ME, token=owner.token)).said

    async def is_out() -> bool:
        return (await engine_client.send(ME, token=owner.token)).said == "401 session_expired"

    async with engine_stage.site.redis() as door:
        await disable(owner.id, By(None, "admin"), "离职", views=RedisSessionViews(door))

    assert used == "200"
    await until(is_out, "the end of the session")


async def test_a_new_password_ends_the_other_browsers(client: Client, stage: Stage) -> None:
    owner, new = await stage.actor(Who.FIRM), a_password()
    body = {"account": owner.account.number, "password": stage.password}
    thief = (await client.send(LOGIN, Order(body=body))).body["token"]
    stage.secrets |= {new, thief}
    await client.send(ME, token=thief)

    await client.send(
        "POST /api/v1/me/password", Order(body={"old_password": stage.password, "new_password": new}), owner.token
    )

    assert (await client.send(ME, token=thief)).said == "401 session_expired"
    assert (await client.send(ME, token=owner.token)).said == "200"


async def test_unbinding_a_lost_phone_ends_what_it_was_logged_in_with(client: Client, stage: Stage) -> None:
    owner, platform = await stage.actor(Who.FIRM), stage.site.simulator.platform
    code = stage.login_code()
    phone = next(reversed(platform.phones.values()))
    await client.send("POST /api/v1/me/wechat", Order(body={"code": code}), owner.token)
    fresh = platform.mint_code(phone.openid)
    lost = (await client.send("POST /api/v1/auth/wechat", Order(body={"code": fresh}))).body["token"]
    stage.secrets |= {fresh, lost}
    [binding] = (await client.send("GET /api/v1/me/wechat", token=owner.token)).body["items"]

    await client.send("DELETE /api/v1/me/wechat/<binding_id>", Order(path={"binding_id": binding["id"]}), owner.token)

    assert (await client.send(ME, token=lost)).said == "401 session_expired"
    assert (await client.send(ME, token=owner.token)).said == "200"


async def test_every_login_gives_a_token_of_its_own_of_at_least_128_random_bits(client: Client, stage: Stage) -> None:
    owner = await stage.actor(Who.FIRM)
    order = Order(body={"account": owner.account.number, "password": stage.password})

    tokens = [(await client.send(LOGIN, order)).body["token"] for _ in range(3)] + [owner.token]
    stage.secrets |= set(tokens)

    secrets = {token.rpartition(".")[2] for token in tokens}
    assert len(secrets) == 4
    assert min(len(secret) for secret in secrets) * 6 >= 128
