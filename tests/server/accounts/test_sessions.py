"""Login sessions: how long they live, what ends them, and what happens while the views are gone."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from models.accounts import Account, EpochRaise, LoginSession
from server import clock
from server.accounts.disable import disable, enable
from server.accounts.housekeeping import forget_expired
from server.accounts.login import BadCredentials, LoggedIn
from server.accounts.revoke import log_out, replay_epoch_raises, revoke_all
from server.accounts.sessions import SessionExpired, authenticate, caller_of, tag_of
from server.audit.trail import SYSTEM
from server.errors import NotFound
from tests.fakes_accounts import Party, World

Later = Callable[..., None]


async def is_in(logged_in: LoggedIn, world: World) -> bool:
    try:
        await authenticate(logged_in.token, world.views)
    except SessionExpired:
        return False
    return True


async def test_nonsense_is_no_token(world: World) -> None:
    for token in ("", "abc", "a.b", "." * 300):
        with pytest.raises(SessionExpired):
            await authenticate(token, world.views)


async def test_tag_tells_accounts_apart_and_names_none(world: World) -> None:
    one, other = await world.firm(), await world.firm()

    first, second = (await one.log_in()).token, (await one.log_in()).token

    assert first.partition(".")[0] == second.partition(".")[0] == tag_of(one.id)
    assert tag_of(one.id) != tag_of(other.id)
    assert tag_of(one.id) not in str(one.id).replace("-", "")


async def test_idle_session_ends_after_thirty_minutes(world: World, later: Later) -> None:
    logged_in = await (await world.firm()).log_in()

    later(minutes=29)
    assert await is_in(logged_in, world)
    later(minutes=58)
    assert await is_in(logged_in, world)
    later(minutes=89)
    assert not await is_in(logged_in, world)


async def test_busy_session_ends_after_twelve_hours(world: World, later: Later) -> None:
    logged_in = await (await world.firm()).log_in()
    for minute in range(20, 12 * 60, 20):
        later(minutes=minute)
        assert await is_in(logged_in, world)

    later(minutes=12 * 60 + 1)

    assert not await is_in(logged_in, world)


async def test_use_is_written_at_most_once_in_five_minutes(world: World, later: Later) -> None:
    logged_in = await (await world.firm()).log_in()
    written = set()

    for second in range(0, 601, 60):
        later(seconds=second)
        await authenticate(logged_in.token, world.views)
        written.add((await LoginSession.get(id=logged_in.session.id)).last_used_at)

    assert len(written) == 3  # at login and twice in ten minutes


async def test_a_view_saves_the_database(world: World) -> None:
    logged_in = await (await world.firm()).log_in()
    await authenticate(logged_in.token, world.views)
    await LoginSession.filter(id=logged_in.session.id).delete()

    assert await is_in(logged_in, world)


async def test_logout_ends_this_session_at_once_and_no_other(world: World) -> None:
    firm = await world.firm()
    here, elsewhere = await firm.log_in(), await firm.log_in()
    for session in (here, elsewhere):
        await authenticate(session.token, world.views)

    await log_out(caller_of(here.account, here.session), world.views)

    assert (await is_in(here, world), await is_in(elsewhere, world)) == (False, True)


async def test_revocation_ends_every_session_and_later_logins_live(world: World) -> None:
    firm = await world.firm()
    before = [await firm.log_in() for _ in range(2)]
    for session in before:
        await authenticate(session.token, world.views)

    await revoke_all(firm.id, world.views)

    assert [await is_in(s, world) for s in before] == [False, False]
    assert await is_in(await firm.log_in(), world)


async def test_strangers_sessions_survive(world: World) -> None:
    firm, stranger = await world.firm(), await world.firm()
    theirs = await stranger.log_in()

    await revoke_all(firm.id, world.views)

    assert await is_in(theirs, world)


async def test_without_views_the_database_answers(world: World) -> None:
    firm = await world.firm()
    world.views.is_down = True
    logged_in = await firm.log_in()

    assert await is_in(logged_in, world)
    await revoke_all(firm.id, world.views)
    assert not await is_in(logged_in, world)


async def revoked_behind_the_views(world: World) -> tuple[Party, LoggedIn]:
    """A login that is revoked while its view cannot be reached, and goes on looking alive there."""
    firm = await world.firm()
    logged_in = await firm.log_in()
    await authenticate(logged_in.token, world.views)
    world.views.is_down = True
    await revoke_all(firm.id, world.views)
    world.views.is_down = False
    return firm, logged_in


async def test_a_raise_the_views_missed_is_replayed(world: World) -> None:
    firm, logged_in = await revoked_behind_the_views(world)
    assert await is_in(logged_in, world)  # an old view, for at most its 60 seconds

    await replay_epoch_raises(world.views)

    assert not await is_in(logged_in, world)
    assert not await EpochRaise.filter(account_id=firm.id).exists()


async def test_a_view_that_missed_a_raise_does_not_put_itself_back(world: World, later: Later) -> None:
    """Else it would live on for its seconds from the use that it wrote down, and over 60 in all (D1)."""
    _, logged_in = await revoked_behind_the_views(world)

    later(minutes=6)

    assert not await is_in(logged_in, world)


async def test_two_missed_raises_are_one_row_with_the_later_epoch(world: World) -> None:
    firm = await world.firm()
    world.views.is_down = True

    await revoke_all(firm.id, world.views)
    await revoke_all(firm.id, world.views)

    assert [row.epoch for row in await EpochRaise.filter(account_id=firm.id)] == [2]


async def test_a_view_written_late_is_not_believed(world: World) -> None:
    firm = await world.firm()
    logged_in = await firm.log_in()
    await authenticate(logged_in.token, world.views)
    late = dict(world.views.views)

    await log_out(caller_of(logged_in.account, logged_in.session), world.views)
    world.views.views.update(late)

    assert not await is_in(logged_in, world)


async def test_disabled_account_is_out_at_once_and_back_when_enabled(world: World) -> None:
    firm = await world.firm()
    logged_in = await firm.log_in()

    await disable(firm.id, SYSTEM, "停业", views=world.views)

    assert not await is_in(logged_in, world)
    with pytest.raises(BadCredentials):
        await firm.log_in()
    with pytest.raises(NotFound):
        await disable(firm.id, SYSTEM, "停业", views=world.views)
    await enable(firm.id, SYSTEM, "恢复")
    assert await is_in(await firm.log_in(), world)


async def test_what_expired_long_ago_is_forgotten(world: World) -> None:
    firm = await world.firm()
    old, new = await firm.log_in(), await firm.log_in()
    await LoginSession.filter(id=old.session.id).update(expires_at=clock.now() - timedelta(days=2))

    await forget_expired()

    assert [s.id for s in await LoginSession.filter(account_id=firm.id)] == [new.session.id]


async def test_a_session_of_an_older_epoch_is_dead_even_if_nobody_marked_it(world: World) -> None:
    firm = await world.firm()
    logged_in = await firm.log_in()

    await Account.filter(id=firm.id).update(epoch=1)

    assert not await is_in(logged_in, world)
