"""Demo data, written once: the firms, people and staff of the manual's story, with passwords everybody knows."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from models.accounts import Account, AccountKind, Realm
from models.base import new_id
from models.businesses import FilingWindow
from server import clock
from server.accounts.contact import sealed_mobile
from server.accounts.passwords import hash_password
from server.accounts.rights import roles
from server.roster.register import add_cpa, add_firm
from server.transactions import in_transaction

CUSTODY_NO, CUSTODY_ID_NUMBER = "110005", "110108198003070046"
_ROSTER_SIZE = 40
_SURNAMES = "王李张刘陈杨赵黄周吴徐孙"
_GIVEN = ("晓东", "丽华", "志强")
_REGIONS = ("110101", "110105", "110108")

# The manual's list of §3.2, numbers as printed (decisions D23).
_MANUAL_ROSTER = (
    ("王明", "110001", "10000000000000000001", None),
    ("张和", "110002", "10000000000000000002", None),
    ("陆军", "110003", "10000000000000000003", None),
    ("张健", "110004", "10000000000000000004", "10000000000000000002"),
)


@dataclass(frozen=True)
class DemoFirm:
    """`password` None: never logged in, the initial password still opens the completion of the profile."""

    number: str
    name: str
    initial_password: str
    password: str | None
    contact_name: str = "张成"
    contact_mobile: str = "13500000000"


_FIRMS = (
    DemoFirm("201", "测试单位201", "initial-201", "demo-201"),
    DemoFirm("202", "测试单位202", "initial-202", "demo-202", "赵敏", "13500000002"),
    DemoFirm("203", "测试单位203", "initial-203", None),
)


async def seed() -> None:
    """Nothing happens when demo data is there already; all of it is written or none."""
    if await demo_accounts_present():
        return
    hashes = await _hashes()
    async with in_transaction():
        for firm in _FIRMS:
            await _add_firm(firm, hashes)
        await _add_custody(hashes)
        for role in roles().roles:
            await _add_staff(role, hashes)
        await _open_filing_window(clock.today().year)


async def demo_accounts_present() -> bool:
    """A production start refuses a database in which this is true."""
    return await Account.filter(demo=True).exists()


async def _hashes() -> dict[str, str]:
    """Every demo password and its hash, made before the transaction begins."""
    firms = [p for firm in _FIRMS for p in (firm.initial_password, firm.password) if p]
    staff = [f"demo-{role}" for role in roles().roles]
    passwords = [*firms, f"demo-{CUSTODY_NO}", CUSTODY_ID_NUMBER, *staff]
    return {password: await hash_password(password) for password in passwords}


async def _add_firm(demo: DemoFirm, hashes: dict[str, str]) -> None:
    firm = await add_firm(demo.number, demo.name)
    if demo.number == _FIRMS[0].number:
        await _add_roster(firm.id)
    account = _account(AccountKind.FIRM, demo.number, demo.name, hashes[demo.initial_password])
    account.firm_id = firm.id
    if demo.password:
        _complete(account, hashes[demo.password], demo.contact_name, demo.contact_mobile)
    await account.save(force_create=True)


async def _add_roster(firm_id: UUID) -> None:
    for name, cpa_no, id_number, mobile in (*_MANUAL_ROSTER, *_generated()):
        await add_cpa(firm_id, name, cpa_no, id_number, mobile)


def _generated() -> list[tuple[str, str, str, str | None]]:
    """Made-up people, the same every time, with well-formed numbers; 110005 is the custody CPA's."""
    return [_person(n) for n in range(_ROSTER_SIZE - len(_MANUAL_ROSTER))]


def _person(n: int) -> tuple[str, str, str, str | None]:
    name = _SURNAMES[n % len(_SURNAMES)] + _GIVEN[n // len(_SURNAMES)]
    born = date(1965 + n % 30, 1 + n % 12, 1 + n % 28)
    digits = f"{_REGIONS[n % len(_REGIONS)]}{born:%Y%m%d}{n + 100:03}"
    return name, f"{110006 + n}", digits + _check_digit(digits), f"1380000{n + 100:04}"


def _check_digit(seventeen: str) -> str:
    """GB 11643."""
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return "10X98765432"[sum(int(d) * w for d, w in zip(seventeen, weights, strict=True)) % 11]


async def _add_custody(hashes: dict[str, str]) -> None:
    cpa = await add_cpa(None, "孙宁", CUSTODY_NO, CUSTODY_ID_NUMBER, "13500000005")
    account = _account(AccountKind.CUSTODY, CUSTODY_NO, cpa.name, hashes[CUSTODY_ID_NUMBER])
    account.cpa_id = cpa.id
    _complete(account, hashes[f"demo-{CUSTODY_NO}"], cpa.name, "13500000005")
    await account.save(force_create=True)


async def _add_staff(role: str, hashes: dict[str, str]) -> None:
    """Shown as in the manual: admin (系统管理员)."""
    account = _account(AccountKind.STAFF, role, f"{role} ({roles().roles[role].label})", None)
    account.role = role
    account.password_hash = hashes[f"demo-{role}"]
    account.profile_completed_at = clock.now()
    await account.save(force_create=True)


def _account(kind: AccountKind, number: str, name: str, initial_hash: str | None) -> Account:
    realm = Realm.STAFF if kind is AccountKind.STAFF else Realm.APPLICANT
    return Account(
        id=new_id(),
        created_at=clock.now(),
        kind=kind,
        realm=realm,
        number=number,
        name=name,
        initial_password_hash=initial_hash,
        demo=True,
    )


def _complete(account: Account, password_hash: str, contact_name: str, mobile: str) -> None:
    account.password_hash = password_hash
    account.contact_name = contact_name
    account.contact_mobile = sealed_mobile(account.id, mobile)
    account.profile_completed_at = clock.now()


async def _open_filing_window(year: int) -> None:
    """任职资格检查 can be tried on any day of the year (decisions D17)."""
    await FilingWindow.create(
        created_at=clock.now(),
        business="qualification_check",
        year=year,
        opens_on=date(year, 1, 1),
        closes_on=date(year, 12, 31),
    )
