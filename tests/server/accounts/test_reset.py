"""找回密码: four fields and a code; the same answer for everything that is wrong; the owner is told."""

import json
from collections.abc import Callable

import pytest

from models.accounts import VerificationCode, WechatApp, WechatBinding
from models.audit import AuditEntry
from models.messages import Channel, Delivery, Message
from server import clock, crypto
from server.accounts.disable import disable
from server.accounts.guessing import TRIES, TooManyTries
from server.accounts.login import BadCredentials, LoggedIn
from server.accounts.passwords import UnfitPassword
from server.accounts.reset import codes_written, request_code
from server.accounts.reset_password import Reset, ResetRefused, reset_password
from server.accounts.sessions import SessionExpired, authenticate
from server.audit.trail import SYSTEM
from tests.fakes_accounts import INITIAL, PASSWORD, Party, World

NEW = "brand-new-7"
Later = Callable[..., None]


async def ask(party: Party, initial: str = INITIAL) -> None:
    await request_code(party.number, initial, address=party.address, limiter=party.limiter)
    await codes_written()


async def sent(party: Party) -> list[tuple[Channel, str]]:
    """Every code sent to the party: channel and payload in clear."""
    rows = await Delivery.filter(account_id=party.id, event="reset_code").order_by("id")
    return [(row.channel, crypto.unseal(row.payload, f"delivery.payload:{row.id}")) for row in rows]


async def code_of(party: Party) -> str:
    text = json.loads((await sent(party))[-1][1])["text"]
    return str(text.partition("验证码")[2][:6])


async def reset(party: Party, code: str, *, initial: str = INITIAL, new: str = NEW, number: str = "") -> LoggedIn:
    wanted = Reset(number or party.number, initial, new, code)
    return await apply(party, wanted)


async def apply(party: Party, wanted: Reset) -> LoggedIn:
    return await reset_password(
        wanted, address=party.address, limiter=party.limiter, phones=party.phone.mobiles, views=party.views
    )


def other_than(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06}"


async def test_code_reaches_the_registered_mobile_and_resets_the_password(world: World) -> None:
    firm = await world.firm()
    await ask(firm)

    logged_in = await reset(firm, await code_of(firm))

    assert (await authenticate(logged_in.token, world.views)).account_id == firm.id
    assert (await firm.log_in(NEW)).account.id == firm.id
    with pytest.raises(BadCredentials):
        await firm.log_in(PASSWORD)


async def test_code_reaches_a_bound_wechat_too(world: World) -> None:
    firm = await world.firm()
    await WechatBinding.create(
        created_at=clock.now(), app=WechatApp.OFFICIAL_ACCOUNT, openid=f"o-{firm.number}", account_id=firm.id
    )

    await ask(firm)

    assert sorted(channel for channel, _ in await sent(firm)) == [Channel.SMS, Channel.WECHAT]


async def test_code_has_six_digits_and_is_stored_hashed(world: World) -> None:
    firm = await world.firm()
    await ask(firm)

    code, stored = await code_of(firm), await VerificationCode.get(account_id=firm.id)

    assert code.isdigit()
    assert len(code) == 6
    assert code not in stored.code_hash
    assert stored.code_hash != crypto.hash_secret(code)


async def test_asking_says_nothing_and_sends_nothing_to_whom_it_may_not(world: World) -> None:
    firm, unfinished, closed = await world.firm(), await world.firm(complete=False), await world.firm()
    await disable(closed.id, SYSTEM, "停业", views=world.views)

    await ask(firm, "wrong-initial")
    await ask(unfinished)
    await ask(closed)
    await request_code("nobody", INITIAL, address="192.0.2.77", limiter=world.limiter)
    await codes_written()

    assert [await sent(party) for party in (firm, unfinished, closed)] == [[], [], []]


async def test_every_wrong_thing_gets_the_same_refusal(world: World) -> None:
    firm, stranger = await world.firm(), await world.firm()
    await ask(firm)
    code = await code_of(firm)
    said = []

    for attempt in (
        reset(firm, other_than(code)),
        reset(firm, code, initial="wrong-initial"),
        reset(firm, code, number=stranger.number),
        reset(firm, code, number="nobody"),
    ):
        with pytest.raises(ResetRefused) as refusal:
            await attempt
        said.append((refusal.value.code, refusal.value.status, refusal.value.message, refusal.value.field))

    assert len(set(said)) == 1
    assert (await reset(firm, code)).account.id == firm.id  # the code itself is still good


async def test_code_is_good_once(world: World) -> None:
    firm = await world.firm()
    await ask(firm)
    code = await code_of(firm)
    await reset(firm, code)

    with pytest.raises(ResetRefused):
        await reset(firm, code, new="another-new-8")


async def test_code_is_good_for_five_minutes(world: World, later: Later) -> None:
    firm = await world.firm()
    await ask(firm)
    code = await code_of(firm)

    later(minutes=5, seconds=1)

    with pytest.raises(ResetRefused):
        await reset(firm, code)


async def test_code_is_spent_after_five_wrong_tries(world: World) -> None:
    firm = await world.firm()
    await ask(firm)
    code = await code_of(firm)
    for _ in range(5):
        with pytest.raises(ResetRefused):
            await reset(firm, other_than(code))

    with pytest.raises(ResetRefused):
        await reset(firm, code)


async def test_without_the_initial_password_no_try_is_spent(world: World) -> None:
    firm = await world.firm()
    await ask(firm)
    code = await code_of(firm)
    for _ in range(6):
        with pytest.raises(ResetRefused):
            await reset(firm, other_than(code), initial="wrong-initial")

    assert (await reset(firm, code)).account.id == firm.id


async def test_a_new_code_takes_the_place_of_the_old(world: World) -> None:
    firm = await world.firm()
    await ask(firm)
    old = await code_of(firm)
    await ask(firm)
    new = await code_of(firm)

    if old != new:
        with pytest.raises(ResetRefused):
            await reset(firm, old)
    assert (await reset(firm, new)).account.id == firm.id


async def test_an_account_gets_five_codes_an_hour(world: World) -> None:
    firm = await world.firm()

    for _ in range(7):
        await ask(firm)

    assert len(await sent(firm)) == 5


async def test_reset_ends_every_session_and_tells_the_owner(world: World) -> None:
    firm = await world.firm()
    before = await firm.log_in()
    await authenticate(before.token, world.views)
    await ask(firm)

    await reset(firm, await code_of(firm))

    with pytest.raises(SessionExpired):
        await authenticate(before.token, world.views)
    assert [m.event for m in await Message.filter(account_id=firm.id)] == ["password_reset"]
    assert await Delivery.filter(account_id=firm.id, event="password_reset", channel=Channel.SMS).count() == 1
    assert await AuditEntry.filter(action="reset_password", object_id=str(firm.id)).count() == 1


async def test_owner_gets_in_while_his_account_is_locked_by_guessing(world: World) -> None:
    firm = await world.firm()
    for n in range(TRIES + 1):
        firm.address = f"203.0.113.{n}"
        with pytest.raises((BadCredentials, TooManyTries)):
            await firm.log_in(f"wrong-pass-{n}")
    firm.address = "192.0.2.200"
    with pytest.raises(TooManyTries):
        await firm.log_in()

    await ask(firm)
    logged_in = await reset(firm, await code_of(firm))

    assert (await authenticate(logged_in.token, world.views)).account_id == firm.id
    assert (await firm.log_in(NEW)).account.id == firm.id


@pytest.mark.parametrize("unfit", ["short1", INITIAL, PASSWORD])
async def test_unfit_new_password_is_named_and_spends_no_code(world: World, unfit: str) -> None:
    firm = await world.firm()
    await ask(firm)
    code = await code_of(firm)

    with pytest.raises(UnfitPassword):
        await reset(firm, code, new=unfit)

    assert (await reset(firm, code)).account.id == firm.id


async def test_one_address_is_limited(world: World) -> None:
    firm = await world.firm()
    for n in range(TRIES):
        with pytest.raises(ResetRefused):
            await reset(firm, "000000", number=f"nobody-{n}")

    with pytest.raises(TooManyTries):
        await reset(firm, "000000", number="nobody-11")


async def test_asking_from_one_address_is_limited(world: World) -> None:
    firm = await world.firm()
    for n in range(TRIES):
        await request_code(f"nobody-{n}", INITIAL, address=firm.address, limiter=world.limiter)

    with pytest.raises(TooManyTries):
        await ask(firm)
    await codes_written()
