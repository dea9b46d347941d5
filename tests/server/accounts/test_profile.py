"""补充信息 at the first login, and the settings of one's own account."""

import pytest

from models.audit import AuditEntry
from models.messages import Message
from server.accounts.contact import UnfitContact, masked_mobile_of, mobile_of
from server.accounts.guessing import TRIES, TooManyTries
from server.accounts.login import BadCredentials, LoggedIn
from server.accounts.passwords import UnfitPassword, WrongPassword
from server.accounts.profile import (
    Completion,
    Contact,
    ProfileAlreadyComplete,
    StaleProfile,
    change_contact,
    change_password,
    complete_profile,
)
from server.accounts.sessions import SessionExpired, authenticate
from tests.fakes_accounts import INITIAL, PASSWORD, Party, World, caller

NEW = "brand-new-7"


async def complete(party: Party, completion: Completion, password: str = INITIAL) -> LoggedIn:
    who = await caller(party, password=password)
    return await complete_profile(who, completion, phone=party.phone, views=party.views)


async def test_firm_completes_its_profile_and_is_fully_in(world: World) -> None:
    firm = await world.firm(complete=False)

    logged_in = await complete(firm, Completion("13500000000", NEW, "张成"))

    who = await authenticate(logged_in.token, world.views)
    stored = await firm.stored()
    assert not who.must_complete_profile
    assert (stored.contact_name, mobile_of(stored), masked_mobile_of(stored)) == ("张成", "13500000000", "135****0000")
    assert (await firm.log_in(NEW)).account.id == firm.id


async def test_completion_ends_the_session_that_did_it_and_the_initial_password(world: World) -> None:
    firm = await world.firm(complete=False)
    first = await firm.log_in(INITIAL)
    who = await authenticate(first.token, world.views)

    await complete_profile(who, Completion("13500000000", NEW, "张成"), phone=world.phone, views=world.views)

    with pytest.raises(SessionExpired):
        await authenticate(first.token, world.views)
    with pytest.raises(BadCredentials):
        await firm.log_in(INITIAL)


async def test_completion_happens_once(world: World) -> None:
    firm = await world.firm(complete=False)
    one, other = await caller(firm, password=INITIAL), await caller(firm, password=INITIAL)
    done = Completion("13500000000", NEW, "张成")

    await complete_profile(one, done, phone=world.phone, views=world.views)

    with pytest.raises(ProfileAlreadyComplete):
        await complete_profile(other, done, phone=world.phone, views=world.views)


async def test_custody_cpa_gives_only_mobile_and_password(world: World) -> None:
    cpa = await world.custody(complete=False)

    await complete(cpa, Completion("13500000009", NEW), password="110108198003070046")

    stored = await cpa.stored()
    assert (stored.contact_name, mobile_of(stored)) == (stored.name, "13500000009")


@pytest.mark.parametrize(
    ("completion", "refusal", "field"),
    [
        (Completion("13500000000", NEW), UnfitContact, "contact_name"),
        (Completion("13500000000", NEW, "   "), UnfitContact, "contact_name"),
        (Completion("135****0000", NEW, "张成"), UnfitContact, "contact_mobile"),
        (Completion("1350000000", NEW, "张成"), UnfitContact, "contact_mobile"),
        (Completion("13500000000", "short1", "张成"), UnfitPassword, "new_password"),
        (Completion("13500000000", INITIAL, "张成"), UnfitPassword, "new_password"),
    ],
)
async def test_faults_name_their_field_and_leave_nothing_behind(
    world: World, completion: Completion, refusal: type[UnfitContact], field: str
) -> None:
    firm = await world.firm(complete=False)

    with pytest.raises(refusal) as said:
        await complete(firm, completion)

    stored = await firm.stored()
    assert (said.value.field, stored.profile_completed_at, stored.contact_mobile) == (field, None, None)


async def test_mobile_is_sealed_at_rest(world: World) -> None:
    firm = await world.firm(mobile="13512345678")

    assert "13512345678" not in str((await firm.stored()).contact_mobile)


async def test_settings_change_what_is_given(world: World) -> None:
    firm = await world.firm()
    who = await caller(firm)

    changed = await change_contact(who, 0, Contact(name="李敏"), phone=world.phone)

    assert (changed.contact_name, mobile_of(changed), changed.version) == ("李敏", "13500000000", 1)


async def test_stale_settings_are_refused(world: World) -> None:
    firm = await world.firm()
    who = await caller(firm)
    await change_contact(who, 0, Contact(name="李敏"), phone=world.phone)

    with pytest.raises(StaleProfile) as refusal:
        await change_contact(who, 0, Contact(name="王敏"), phone=world.phone)

    assert refusal.value.status == 412
    assert (await firm.stored()).contact_name == "李敏"


async def test_login_does_not_make_settings_stale(world: World) -> None:
    firm = await world.firm()
    who = await caller(firm)
    await firm.log_in()

    assert (await change_contact(who, 0, Contact(mobile="13511111111"), phone=world.phone)).version == 1


async def test_the_account_is_told_of_a_new_mobile_and_not_of_a_new_name(world: World) -> None:
    """Whoever holds a login of another could make the reset's codes his own."""
    firm = await world.firm()
    who = await caller(firm)

    await change_contact(who, 0, Contact(name="李敏"), phone=world.phone)
    await change_contact(who, 1, Contact(mobile="13511111111"), phone=world.phone)

    assert await events_of(firm) == ["mobile_changed"]


async def test_audit_names_the_changed_columns_and_no_number(world: World) -> None:
    firm = await world.firm()

    await change_contact(await caller(firm), 0, Contact(name="李敏", mobile="13511111111"), phone=world.phone)

    entry = await AuditEntry.get(action="change_contact", object_id=str(firm.id))
    assert (entry.actor_id, entry.details) == (
        firm.id,
        {"changed": ["contact_mobile", "contact_mobile_verified_at", "contact_name"]},
    )


async def test_new_password_ends_the_other_sessions_and_keeps_this_one(world: World) -> None:
    firm = await world.firm()
    here, elsewhere = await firm.log_in(), await firm.log_in()
    who = await authenticate(here.token, world.views)
    await authenticate(elsewhere.token, world.views)

    await change_password(who, PASSWORD, NEW, limiter=world.limiter, views=world.views)

    assert (await authenticate(here.token, world.views)).account_id == firm.id
    with pytest.raises(SessionExpired):
        await authenticate(elsewhere.token, world.views)
    with pytest.raises(BadCredentials):
        await firm.log_in(PASSWORD)
    assert (await firm.log_in(NEW)).account.id == firm.id
    assert await events_of(firm) == ["password_changed"]


async def events_of(firm: Party) -> list[str]:
    told: list[str] = await Message.filter(account_id=firm.id).order_by("id").values_list("event", flat=True)
    return told


async def test_wrong_old_password_is_refused_and_limited(world: World) -> None:
    firm = await world.firm()
    who = await caller(firm)
    for _ in range(TRIES):
        with pytest.raises(WrongPassword):
            await change_password(who, "wrong-pass-9", NEW, limiter=world.limiter, views=world.views)

    with pytest.raises(TooManyTries):
        await change_password(who, PASSWORD, NEW, limiter=world.limiter, views=world.views)


async def test_new_password_must_be_new(world: World) -> None:
    firm = await world.firm()
    who = await caller(firm)

    for used in (PASSWORD, INITIAL, "1234567"):
        with pytest.raises(UnfitPassword):
            await change_password(who, PASSWORD, used, limiter=world.limiter, views=world.views)
