"""What two at once may do: the database decides, on either engine."""

import asyncio
import json

import pytest

from models.accounts import Account, LoginSession, TicketState, WechatBinding
from models.messages import Delivery, Message
from server import crypto
from server.accounts.bindings import list_bindings
from server.accounts.login import BadCredentials, open_session
from server.accounts.moving import BoundElsewhere
from server.accounts.profile import Completion, complete_profile
from server.accounts.reset import codes_written, request_code
from server.accounts.reset_password import Reset, reset_password
from server.accounts.revoke import log_out, revoke_all
from server.accounts.sessions import SessionExpired, authenticate, caller_of
from tests.fakes_accounts import INITIAL, Party, World, caller
from tests.fakes_binding import Page


async def test_two_confirms_at_once_give_one_number(arena: World) -> None:
    page = await Page.open(arena)
    nonce = await page.scan("o-race")

    outcomes = await asyncio.gather(*(page.confirm(nonce) for _ in range(4)), return_exceptions=True)

    assert sorted(type(o).__name__ for o in outcomes) == ["TicketUsed"] * 3 + ["str"]


async def test_choosing_works_once(arena: World) -> None:
    page = await Page.open(arena)
    number = await page.confirm_by("o-choose")

    outcomes = await asyncio.gather(*(page.choose(number) for _ in range(3)), return_exceptions=True)

    assert sorted(type(o).__name__ for o in outcomes) == ["BindingTicket", "TicketUsed", "TicketUsed"]
    assert len(await list_bindings(page.firm.id)) == 1


async def test_the_unique_key_decides_between_two_accounts(arena: World) -> None:
    one, other = await Page.open(arena), await Page.open(arena)
    first, second = await one.confirm_by("o-contested"), await other.confirm_by("o-contested")

    await one.choose(first)
    with pytest.raises(BoundElsewhere):
        await other.choose(second)

    assert await WechatBinding.filter(openid="o-contested").count() == 1
    assert (await other.ticket()).reason == "bound_elsewhere"


async def test_openids_differ_in_case(arena: World) -> None:
    await (await Page.open(arena)).bind("o-CaSe")

    assert (await (await Page.open(arena)).bind("o-case")).state is TicketState.BOUND


async def test_a_profile_is_completed_once(arena: World) -> None:
    firm = await arena.firm(complete=False)
    sessions = [await caller(firm, password=INITIAL) for _ in range(3)]

    outcomes = await asyncio.gather(
        *(
            complete_profile(
                who, Completion("13500000000", f"brand-new-{n}", "张成"), phone=arena.phone, views=arena.views
            )
            for n, who in enumerate(sessions)
        ),
        return_exceptions=True,
    )

    assert sorted(type(o).__name__ for o in outcomes) == ["LoggedIn"] + ["ProfileAlreadyComplete"] * 2


async def test_one_code_resets_once(arena: World) -> None:
    firm = await arena.firm()
    code = await sent_code(firm)
    resets = [Reset(firm.number, INITIAL, f"brand-new-{n}", code) for n in range(3)]

    outcomes = await asyncio.gather(
        *(
            reset_password(r, address=firm.address, limiter=arena.limiter, phones=arena.phones, views=arena.views)
            for r in resets
        ),
        return_exceptions=True,
    )

    assert sorted(type(o).__name__ for o in outcomes) == ["LoggedIn", "ResetRefused", "ResetRefused"]
    assert await Message.filter(account_id=firm.id, event="password_reset").count() == 1


async def test_two_resets_by_phone_at_once_leave_one_password(arena: World) -> None:
    firm = await arena.firm(mobile="13512340000")
    news = ["brand-new-1", "brand-new-2"]
    codes = [arena.phones.code_of("13512340000") for _ in news]
    resets = [Reset(firm.number, INITIAL, new, phone_code=code) for new, code in zip(news, codes, strict=True)]

    outcomes = await asyncio.gather(
        *(
            reset_password(r, address=firm.address, limiter=arena.limiter, phones=arena.phones, views=arena.views)
            for r in resets
        ),
        return_exceptions=True,
    )

    assert sorted(type(o).__name__ for o in outcomes) == ["LoggedIn", "ResetRefused"]
    [winner] = [new for new, outcome in zip(news, outcomes, strict=True) if not isinstance(outcome, Exception)]
    assert (await firm.log_in(winner)).account.id == firm.id


async def sent_code(firm: Party) -> str:
    await request_code(firm.number, INITIAL, address=firm.address, limiter=firm.limiter)
    await codes_written()
    row = await Delivery.get(account_id=firm.id, event="reset_code")
    text = json.loads(crypto.unseal(row.payload, f"delivery.payload:{row.id}"))["text"]
    return str(text.partition("验证码")[2][:6])


async def test_raises_at_once_count_up_one_by_one(arena: World) -> None:
    firm = await arena.firm()
    sessions = [await firm.log_in() for _ in range(4)]

    await asyncio.gather(*(log_out(caller_of(s.account, s.session), arena.views) for s in sessions))

    assert (await firm.stored()).epoch == 4
    for session in sessions:
        with pytest.raises(SessionExpired):
            await authenticate(session.token, arena.views)


async def test_login_against_revocation_is_wholly_before_or_wholly_after(arena: World) -> None:
    firm = await arena.firm()

    outcomes = await asyncio.gather(*(firm.log_in() for _ in range(3)), revoke_all(firm.id, arena.views))

    epochs = await LoginSession.filter(account_id=firm.id, revoked_at__isnull=True).values_list("epoch", flat=True)
    assert len(outcomes) == 4
    assert set(epochs) <= {1}


async def test_login_overtaken_by_a_password_change_is_refused(arena: World) -> None:
    """Proven with the old password, but not yet in when the new one stood."""
    firm = await arena.firm()
    proven = await Account.get(id=firm.id)
    await Account.filter(id=firm.id).update(password_hash="changed")

    with pytest.raises(BadCredentials):
        await open_session(proven, "browser")
