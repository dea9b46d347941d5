"""找回密码 by the phone button: the mobile that WeChat tells must be the registered one; every refusal is alike."""

import pytest

from models.accounts import Account
from models.audit import AuditEntry
from models.messages import Message
from server import clock
from server.accounts.contact import UnfitContact, sealed_mobile
from server.accounts.guessing import TRIES, TooManyTries
from server.accounts.login import BadCredentials, LoggedIn
from server.accounts.passwords import UnfitPassword
from server.accounts.reset_password import Reset, ResetRefused, reset_password
from server.accounts.sessions import SessionExpired, authenticate
from server.accounts.wechat_identity import CodeRefused, WechatUnavailable
from server.errors import Refusal
from tests.fakes_accounts import INITIAL, PASSWORD, CountingHasher, Party, World

NEW, MINE, OTHERS = "brand-new-7", "13512340000", "13599990000"


async def reset(
    world: World, firm: Party, answer: str | Refusal, *, number: str = "", initial: str = INITIAL, new: str = NEW
) -> LoggedIn:
    wanted = Reset(number or firm.number, initial, new, phone_code=world.phones.code_of(answer))
    return await apply(world, firm, wanted)


async def apply(world: World, firm: Party, wanted: Reset) -> LoggedIn:
    return await reset_password(
        wanted, address=firm.address, limiter=world.limiter, phones=world.phones, views=world.views
    )


async def test_the_registered_mobile_in_hand_resets_the_password(world: World) -> None:
    firm = await world.firm(mobile=MINE)
    before = await firm.log_in()

    logged_in = await reset(world, firm, MINE)

    assert logged_in.session.client == "mini_program"
    assert (await authenticate(logged_in.token, world.views)).account_id == firm.id
    assert (await firm.log_in(NEW)).account.id == firm.id
    with pytest.raises(BadCredentials):
        await firm.log_in(PASSWORD)
    with pytest.raises(SessionExpired):
        await authenticate(before.token, world.views)


async def test_the_owner_is_told_and_it_is_on_record(world: World) -> None:
    firm = await world.firm(mobile=MINE)

    await reset(world, firm, MINE)

    assert [m.event for m in await Message.filter(account_id=firm.id)] == ["password_reset"]
    assert await AuditEntry.filter(action="reset_password", object_id=str(firm.id)).count() == 1


async def test_it_may_be_reset_twice_and_is_told_twice(world: World) -> None:
    firm = await world.firm(mobile=MINE)

    await reset(world, firm, MINE)
    await reset(world, firm, MINE, new="another-new-8")

    assert await Message.filter(account_id=firm.id, event="password_reset").count() == 2


async def test_every_wrong_thing_gets_one_refusal_after_one_hash(world: World, hasher: CountingHasher) -> None:
    firm, unfinished, closed = await world.firm(mobile=MINE), await world.firm(complete=False), await world.firm()
    bare = await world.firm(mobile=None)
    await Account.filter(id=closed.id).update(disabled_at=clock.now())
    said, costs, asked = [], [], []

    for attempt in (
        lambda: reset(world, firm, OTHERS),
        lambda: reset(world, firm, CodeRefused()),
        lambda: reset(world, firm, UnfitContact("请使用中国大陆手机号")),
        lambda: reset(world, firm, MINE, initial="wrong-initial"),
        lambda: reset(world, firm, MINE, number="nobody"),
        lambda: reset(world, unfinished, MINE),
        lambda: reset(world, closed, MINE),
        lambda: reset(world, bare, MINE),
    ):
        hasher.verified, world.phones.asked = 0, 0
        with pytest.raises(ResetRefused) as refusal:
            await attempt()
        said.append((refusal.value.code, refusal.value.status, refusal.value.message, refusal.value.field))
        costs.append(hasher.verified)
        asked.append(world.phones.asked)

    assert len(set(said)) == 1
    assert (set(costs), set(asked)) == ({1}, {1})


async def test_a_silent_wechat_says_so_whoever_is_asked_for(world: World) -> None:
    firm, world.phones.is_down = await world.firm(mobile=MINE), True

    for number in (firm.number, "nobody"):
        with pytest.raises(WechatUnavailable):
            await reset(world, firm, MINE, number=number)


async def test_a_phone_code_is_good_once(world: World) -> None:
    firm, code = await world.firm(mobile=MINE), world.phones.code_of(MINE)
    twice = [Reset(firm.number, INITIAL, new, phone_code=code) for new in (NEW, "another-new-8")]
    await apply(world, firm, twice[0])

    with pytest.raises(ResetRefused):
        await apply(world, firm, twice[1])


@pytest.mark.parametrize("unfit", ["short1", INITIAL])
async def test_an_unfit_password_spends_no_phone_code(world: World, unfit: str) -> None:
    firm = await world.firm(mobile=MINE)

    with pytest.raises(UnfitPassword):
        await reset(world, firm, MINE, new=unfit)

    assert world.phones.asked == 0


async def test_one_address_asks_wechat_ten_times(world: World) -> None:
    firm = await world.firm(mobile=MINE)
    for n in range(TRIES):
        with pytest.raises(ResetRefused):
            await reset(world, firm, CodeRefused(), number=f"nobody-{n}")

    with pytest.raises(TooManyTries):
        await reset(world, firm, MINE)

    assert world.phones.asked == TRIES


async def test_failures_by_phone_and_by_code_count_together(world: World) -> None:
    firm = await world.firm(mobile=MINE)
    for _ in range(TRIES):
        with pytest.raises(ResetRefused):
            await reset(world, firm, OTHERS)
    by_code = Reset(firm.number, INITIAL, NEW, code="000000")

    with pytest.raises(TooManyTries):
        await apply(world, firm, by_code)


async def test_the_owner_gets_in_while_his_account_is_locked(world: World) -> None:
    firm = await world.firm(mobile=MINE)
    for n in range(TRIES + 1):
        firm.address = f"203.0.113.{n}"
        with pytest.raises((BadCredentials, TooManyTries)):
            await firm.log_in(f"wrong-pass-{n}")
    firm.address = "192.0.2.201"

    await reset(world, firm, MINE)

    assert (await firm.log_in(NEW)).account.id == firm.id


class ChangingPhones:
    """Satisfies PhoneExchange; while it is asked, somebody changes the registered mobile."""

    def __init__(self, firm: Party) -> None:
        self._firm = firm

    async def mobile(self, code: str) -> str:
        await Account.filter(id=self._firm.id).update(contact_mobile=sealed_mobile(self._firm.id, OTHERS))
        return MINE


async def test_a_mobile_that_is_registered_no_more_proves_nothing(world: World) -> None:
    firm = await world.firm(mobile=MINE)
    wanted = Reset(firm.number, INITIAL, NEW, phone_code="any")

    with pytest.raises(ResetRefused):
        await reset_password(
            wanted, address=firm.address, limiter=world.limiter, phones=ChangingPhones(firm), views=world.views
        )

    assert (await firm.log_in()).account.id == firm.id


async def test_the_registered_mobile_is_compared_whole(world: World) -> None:
    firm = await world.firm(mobile=MINE)

    for part in (MINE[:-1], MINE + "0", "135****0000", ""):
        with pytest.raises(ResetRefused):
            await reset(world, firm, part)

    assert (await firm.log_in()).account.id == firm.id
