"""The phone button and the judge of texts: what the mini program adds to first login and settings."""

from collections.abc import Callable

import pytest

from models.accounts import WechatApp
from models.audit import AuditEntry
from models.messages import Message
from server import clock
from server.accounts.contact import UnfitContact, mobile_of
from server.accounts.guessing import TRIES, TooManyTries
from server.accounts.passwords import UnfitPassword
from server.accounts.profile import Completion, Contact, StaleProfile, change_contact, complete_profile
from server.accounts.wechat_identity import CodeRefused, TextRefused, WechatUnavailable
from server.errors import Refusal
from tests.fakes_accounts import INITIAL, Party, World, caller
from tests.fakes_binding import MINI, OFFICIAL, Page

NEW = "brand-new-7"


async def complete(world: World, firm: Party, completion: Completion) -> None:
    who = await caller(firm, password=INITIAL, client="mini_program")
    await complete_profile(who, completion, phone=world.phone, views=world.views)


async def test_first_login_takes_the_mobile_that_wechat_tells(world: World) -> None:
    firm, asked = await world.firm(complete=False), clock.now()

    await complete(world, firm, Completion(None, NEW, "张成", world.phones.code_of("13512340000")))

    stored = await firm.stored()
    assert mobile_of(stored) == "13512340000"
    assert stored.contact_mobile_verified_at is not None
    assert stored.contact_mobile_verified_at >= asked
    assert "13512340000" not in str(stored.contact_mobile)


async def test_first_login_from_a_browser_types_a_mobile_that_nobody_verified(world: World) -> None:
    firm = await world.firm(complete=False)

    await complete(world, firm, Completion("13512340000", NEW, "张成"))

    stored = await firm.stored()
    assert (mobile_of(stored), stored.contact_mobile_verified_at) == ("13512340000", None)
    assert world.phones.asked == 0


@pytest.mark.parametrize("refusal", [CodeRefused(), UnfitContact("请使用中国大陆手机号", field="phone_code")])
async def test_a_phone_code_that_tells_no_mobile_completes_nothing(world: World, refusal: Refusal) -> None:
    firm = await world.firm(complete=False)

    with pytest.raises(type(refusal)):
        await complete(world, firm, Completion(None, NEW, "张成", world.phones.code_of(refusal)))

    assert (await firm.stored()).profile_completed_at is None


async def test_without_wechat_the_first_login_waits(world: World) -> None:
    firm, world.phones.is_down = await world.firm(complete=False), True

    with pytest.raises(WechatUnavailable):
        await complete(world, firm, Completion(None, NEW, "张成", world.phones.code_of("13512340000")))

    assert (await firm.stored()).profile_completed_at is None


@pytest.mark.parametrize(
    ("completion", "refusal"),
    [
        (lambda code: Completion(None, "short1", "张成", code), UnfitPassword),
        (lambda code: Completion(None, NEW, None, code), UnfitContact),
        (lambda code: Completion(None, NEW, "  ", code), UnfitContact),
    ],
)
async def test_what_is_typed_wrong_spends_no_phone_code(
    world: World, completion: Callable[[str], Completion], refusal: type[Refusal]
) -> None:
    firm, code = await world.firm(complete=False), world.phones.code_of("13512340000")

    with pytest.raises(refusal):
        await complete(world, firm, completion(code))
    spent = world.phones.asked
    await complete(world, firm, Completion(None, NEW, "张成", code))

    assert spent == 0
    assert mobile_of(await firm.stored()) == "13512340000"


async def test_nothing_at_all_is_no_mobile(world: World) -> None:
    firm = await world.firm(complete=False)

    with pytest.raises(UnfitContact) as refusal:
        await complete(world, firm, Completion(None, NEW, "张成"))

    assert refusal.value.field == "contact_mobile"


async def test_phone_codes_of_one_account_are_counted(world: World) -> None:
    """Every one is paid for, whatever it is worth."""
    firm = await world.firm()
    who = await caller(firm)
    for _ in range(TRIES):
        with pytest.raises(CodeRefused):
            await change_contact(who, 0, Contact(phone_code="made-up"), phone=world.phone)

    with pytest.raises(TooManyTries):
        await change_contact(who, 0, Contact(phone_code=world.phones.code_of("13512340000")), phone=world.phone)

    assert world.phones.asked == TRIES


async def test_settings_take_the_mobile_that_wechat_tells_and_tell_the_account(world: World) -> None:
    firm = await world.firm()
    who = await caller(firm)

    changed = await change_contact(who, 0, Contact(phone_code=world.phones.code_of("13512340000")), phone=world.phone)

    assert mobile_of(changed) == "13512340000"
    assert changed.contact_mobile_verified_at is not None
    assert [m.event for m in await Message.filter(account_id=firm.id)] == ["mobile_changed"]


async def test_wechat_verifies_the_registered_mobile_without_alarm(world: World) -> None:
    firm = await world.firm(mobile="13512340000")
    who = await caller(firm)

    changed = await change_contact(who, 0, Contact(phone_code=world.phones.code_of("13512340000")), phone=world.phone)

    assert changed.contact_mobile_verified_at is not None
    assert await Message.filter(account_id=firm.id).count() == 0
    entry = await AuditEntry.get(action="change_contact", object_id=str(firm.id))
    assert entry.details == {"changed": ["contact_mobile_verified_at"]}


async def test_a_typed_mobile_in_place_of_a_verified_one_is_not_verified(world: World) -> None:
    firm = await world.firm()
    who = await caller(firm)
    await change_contact(who, 0, Contact(phone_code=world.phones.code_of("13512340000")), phone=world.phone)

    same = await change_contact(who, 1, Contact(mobile="13512340000"), phone=world.phone)
    other = await change_contact(who, 2, Contact(mobile="13511111111"), phone=world.phone)

    assert same.contact_mobile_verified_at is not None
    assert other.contact_mobile_verified_at is None


async def test_stale_settings_spend_no_phone_code(world: World) -> None:
    firm = await world.firm()
    who = await caller(firm)
    await change_contact(who, 0, Contact(name="李敏"), phone=world.phone)

    with pytest.raises(StaleProfile):
        await change_contact(who, 0, Contact(phone_code=world.phones.code_of("13512340000")), phone=world.phone)

    assert world.phones.asked == 0


async def used(world: World, *openids: str, app: WechatApp = MINI) -> Party:
    """A firm bound to these phones, the last of which was used last."""
    firm = await world.firm()
    for openid in openids:
        await (await Page.open(world, firm, app)).bind(openid)
    return firm


async def test_a_risky_name_typed_in_the_mini_program_is_not_written(world: World) -> None:
    firm = await used(world, "m-risky")
    who = await caller(firm, client="mini_program")

    with pytest.raises(TextRefused) as refusal:
        await change_contact(who, 0, Contact(name=f"张{world.texts.risky}"), phone=world.phone)

    assert refusal.value.field == "contact_name"
    assert (await firm.stored()).contact_name == "张成"
    assert world.texts.checked == [("m-risky", f"张{world.texts.risky}")]


async def test_a_risky_name_spends_no_phone_code(world: World) -> None:
    firm = await used(world, "m-risky-code")
    who = await caller(firm, client="mini_program")
    contact = Contact(name=world.texts.risky, phone_code=world.phones.code_of("13512340000"))

    with pytest.raises(TextRefused):
        await change_contact(who, 0, contact, phone=world.phone)

    assert world.phones.asked == 0


async def test_a_fit_name_is_judged_as_typed_by_the_phone_used_last(world: World) -> None:
    firm = await used(world, "m-earlier", "m-latest")
    who = await caller(firm, client="mini_program")

    changed = await change_contact(who, 0, Contact(name=" 李敏 "), phone=world.phone)

    assert changed.contact_name == "李敏"
    assert world.texts.checked == [("m-latest", "李敏")]


async def test_wechat_judges_no_name_typed_in_a_browser(world: World) -> None:
    firm = await used(world, "m-browser")
    who = await caller(firm)

    await change_contact(who, 0, Contact(name="李敏"), phone=world.phone)

    assert world.texts.checked == []


async def test_wechat_judges_no_name_where_it_does_not_know_the_person(world: World) -> None:
    """An openid of the service account is nobody to the mini program."""
    firm = await used(world, "o-only", app=OFFICIAL)
    who = await caller(firm, client="mini_program")

    await change_contact(who, 0, Contact(name="李敏"), phone=world.phone)

    assert world.texts.checked == []


async def test_wechat_judges_nothing_when_no_name_is_typed(world: World) -> None:
    firm = await used(world, "m-no-name")
    who = await caller(firm, client="mini_program")

    await change_contact(who, 0, Contact(mobile="13511111111"), phone=world.phone)

    assert world.texts.checked == []
