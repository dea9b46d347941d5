"""Demo data: exactly what the story needs, once."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from models.accounts import Account, AccountKind, Realm
from models.businesses import FilingWindow
from models.roster import Cpa, Firm
from server import clock, crypto
from server.accounts.login import BadCredentials, login
from server.roster.register import id_number_of, mobile_of
from server.roster.search import Scope, find_cpas
from server.run.schema import apply_migrations
from server.run.seed import demo_accounts_present, seed
from tests.engines.engine import KEYRING, Engine
from tests.fakes_accounts import FakeLimiter


@pytest.fixture(scope="module")
async def seeded(scratch: Path, embedded_engine: Engine) -> Engine:
    """A database of its own: the story begins with nobody in it."""
    home = scratch / "seed"
    home.mkdir()
    engine = Engine("sqlite+valkey", home, f"sqlite://{home / 'zcgl.sqlite3'}", embedded_engine.redis)
    crypto.use(KEYRING)
    await apply_migrations(engine.orm())
    async with engine.opened():
        assert not await demo_accounts_present()
        await seed()
    return engine


@pytest.fixture(autouse=True)
async def opened(seeded: Engine) -> AsyncIterator[None]:
    async with seeded.opened():
        yield


async def enter(number: str, password: str, realm: Realm = Realm.APPLICANT) -> bool:
    """Whether it opens a session, and a full one."""
    logged_in = await login(number, password, address="192.0.2.1", limiter=FakeLimiter(), realm=realm)
    return not logged_in.session.only_complete_profile


@pytest.mark.parametrize("number", ["201", "202", "110005"])
async def test_applicants_log_in_with_their_demo_password(number: str) -> None:
    assert await enter(number, f"demo-{number}")


@pytest.mark.parametrize("role", ["reviewer", "clerk", "editor", "admin"])
async def test_staff_log_in_with_theirs(role: str) -> None:
    assert await enter(role, f"demo-{role}", Realm.STAFF)


async def test_203_has_yet_to_complete_its_profile() -> None:
    assert not await enter("203", "initial-203")


@pytest.mark.parametrize(("number", "initial"), [("201", "initial-201"), ("202", "initial-202")])
async def test_initial_passwords_no_longer_log_in(number: str, initial: str) -> None:
    with pytest.raises(BadCredentials):
        await enter(number, initial)


async def test_admin_is_named_as_in_the_manual() -> None:
    assert (await Account.get(number="admin")).name == "admin (系统管理员)"


async def test_the_roster_of_201_begins_as_in_the_manual() -> None:
    firm = await Firm.get(number="201")
    page, more = await find_cpas(Scope(firm.id, None), "", cursor=None, limit=100)

    assert (len(page), more) == (40, None)
    assert [(c.name, c.cpa_no, id_number_of(c), mobile_of(c)) for c in page[:4]] == [
        ("王明", "110001", "10000000000000000001", ""),
        ("张和", "110002", "10000000000000000002", ""),
        ("陆军", "110003", "10000000000000000003", ""),
        ("张健", "110004", "10000000000000000004", "10000000000000000002"),
    ]
    assert len({c.cpa_no for c in page}) == len({id_number_of(c) for c in page}) == 40


async def test_the_custody_cpa_is_his_own_subject() -> None:
    account = await Account.get(number="110005")
    [himself], _ = await find_cpas(Scope(account.firm_id, account.cpa_id), "", cursor=None, limit=5)

    assert (account.kind, himself.cpa_no, himself.firm_id) == (AccountKind.CUSTODY, "110005", None)


async def test_this_years_window_is_open() -> None:
    window = await FilingWindow.get(business="qualification_check")

    assert window.opens_on <= clock.today() <= window.closes_on


async def test_a_second_time_changes_nothing() -> None:
    before = await Account.all().count(), await Firm.all().count(), await Cpa.all().count()

    await seed()

    assert (await Account.all().count(), await Firm.all().count(), await Cpa.all().count()) == before == (8, 3, 41)


async def test_a_production_start_can_tell() -> None:
    assert await demo_accounts_present()
    assert await Account.filter(demo=False).count() == 0
