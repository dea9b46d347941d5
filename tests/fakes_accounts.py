"""Hand-written stand-ins for what accounts ask of the outside, and the parties of an account's story."""

import itertools
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from argon2 import PasswordHasher

from models.accounts import Account, AccountKind, Realm
from models.base import new_id
from server import clock
from server.accounts.caller import Caller
from server.accounts.contact import sealed_mobile
from server.accounts.login import LoggedIn, login
from server.accounts.passwords import hash_password
from server.accounts.phone import Phone
from server.accounts.qr_image import draw_qr
from server.accounts.sessions import SessionView, caller_of
from server.accounts.wechat_identity import CodeRefused, TextRefused, WechatIdentity, WechatUnavailable
from server.errors import Refusal

INITIAL, PASSWORD = "initial-secret-1", "demo-pass-1"
_numbers = itertools.count(700_000)


class FakeLimiter:
    """Satisfies Limiter by counting in memory."""

    def __init__(self) -> None:
        self.events: defaultdict[str, list[datetime]] = defaultdict(list)

    async def hit(self, key: str, *, limit: int, seconds: int, alone: int = 0) -> int:
        wait = await self.peek(key, limit=limit, seconds=seconds)
        if not wait:
            self.events[key].append(clock.now())
        return wait

    async def peek(self, key: str, *, limit: int, seconds: int) -> int:
        since = clock.now() - timedelta(seconds=seconds)
        recent = [at for at in self.events[key] if at > since]
        return 0 if len(recent) < limit else int((recent[-limit] - since).total_seconds()) + 1

    async def forgive(self, key: str) -> None:
        self.events.pop(key, None)


@dataclass
class FakeViews:
    """Satisfies SessionViews. While `is_down` it forgets what it is told and knows nothing."""

    is_down: bool = False
    views: dict[str, SessionView] = field(default_factory=dict)
    epochs: dict[str, int] = field(default_factory=dict)

    def remembered(self, tag: str, token_hash: str) -> SessionView | None:
        return None  # it knows nothing by heart

    async def get(self, tag: str, token_hash: str) -> SessionView | None:
        view = None if self.is_down else self.views.get(token_hash)
        return view if view and view.caller.epoch >= self.epochs.get(tag, 0) else None

    async def put(self, tag: str, token_hash: str, view: SessionView, seconds: int) -> None:
        if not self.is_down:
            self.views[token_hash] = view

    async def raise_epoch(self, tag: str, epoch: int) -> bool:
        if not self.is_down:
            self.epochs[tag] = max(epoch, self.epochs.get(tag, 0))
        return not self.is_down


class FakeExchange:
    """Satisfies CodeExchange: each code is good once."""

    def __init__(self) -> None:
        self.people: dict[str, WechatIdentity] = {}
        self._codes = itertools.count(1)

    def code_of(self, openid: str, unionid: str | None = None) -> str:
        code = f"code-{next(self._codes)}"
        self.people[code] = WechatIdentity(openid, unionid)
        return code

    async def exchange(self, code: str) -> WechatIdentity:
        if code not in self.people:
            raise CodeRefused
        return self.people.pop(code)


@dataclass
class SlowExchange:
    """An exchange during whose wait something happens."""

    behind: FakeExchange
    meanwhile: Callable[[], Awaitable[object]]

    async def exchange(self, code: str) -> WechatIdentity:
        await self.meanwhile()
        return await self.behind.exchange(code)


@dataclass
class FakeQr:
    """Satisfies BindingQr and remembers the scenes it drew."""

    is_down: bool = False
    scenes: list[str] = field(default_factory=list)

    async def draw(self, scene: str, seconds: int) -> bytes:
        if self.is_down:
            raise WechatUnavailable
        self.scenes.append(scene)
        return draw_qr(f"https://weixin.example/q/{scene}")


class FakePhones:
    """Satisfies PhoneExchange: each code is good once. `asked` counts the calls, which are paid for."""

    def __init__(self) -> None:
        self.asked, self.is_down = 0, False
        self._answers: dict[str, str | Refusal] = {}
        self._codes = itertools.count(1)

    def code_of(self, answer: str | Refusal) -> str:
        """A code behind which there is this mobile, or this refusal."""
        code = f"phone-{next(self._codes)}"
        self._answers[code] = answer
        return code

    async def mobile(self, code: str) -> str:
        self.asked += 1
        if self.is_down:
            raise WechatUnavailable
        answer = self._answers.pop(code, CodeRefused())
        if isinstance(answer, Refusal):
            raise answer
        return answer


@dataclass
class FakeTexts:
    """Satisfies TextGuard: `risky` is refused. `checked` are the openids and texts it was asked about."""

    risky: str = "赌博"
    checked: list[tuple[str, str]] = field(default_factory=list)

    async def check(self, openid: str, text: str) -> None:
        self.checked.append((openid, text))
        if self.risky in text:
            raise TextRefused


class CountingHasher(PasswordHasher):
    """Does the work and leaves a mark for each."""

    def __init__(self) -> None:
        super().__init__(time_cost=2, memory_cost=19 * 1024, parallelism=1)
        self.verified = 0

    def verify(self, stored: str | bytes, password: str | bytes) -> bool:
        self.verified += 1
        return super().verify(stored, password)


@dataclass
class Party:
    """Somebody with an account, a password and a network address of his own."""

    account: Account
    limiter: FakeLimiter
    views: FakeViews
    phone: Phone
    password: str = PASSWORD
    address: str = "192.0.2.1"

    @property
    def number(self) -> str:
        return self.account.number

    @property
    def id(self) -> UUID:
        return self.account.id

    async def log_in(self, password: str | None = None, client: str = "browser") -> LoggedIn:
        return await login(
            self.number,
            password or self.password,
            address=self.address,
            limiter=self.limiter,
            realm=self.account.realm,
            client=client,
        )

    async def stored(self) -> Account:
        return await Account.get(id=self.id)


class World:
    """The parties of one test, each new, so that no test needs another's rows gone."""

    def __init__(self) -> None:
        self.limiter, self.views = FakeLimiter(), FakeViews()
        self.exchange, self.qr = FakeExchange(), FakeQr()
        self.phones, self.texts = FakePhones(), FakeTexts()
        self.phone = Phone(self.phones, self.texts, self.limiter)

    async def firm(self, *, complete: bool = True, mobile: str | None = "13500000000") -> Party:
        return await self._party(AccountKind.FIRM, complete, mobile, INITIAL)

    async def custody(self, *, complete: bool = True) -> Party:
        return await self._party(AccountKind.CUSTODY, complete, "13500000005", "110108198003070046")

    async def staff(self, role: str) -> Party:
        return await self._party(AccountKind.STAFF, True, None, None, role=role)

    async def _party(
        self, kind: AccountKind, complete: bool, mobile: str | None, initial: str | None, role: str | None = None
    ) -> Party:
        number = next(_numbers)
        account = Account(
            id=new_id(),
            created_at=clock.now(),
            kind=kind,
            realm=Realm.STAFF if role else Realm.APPLICANT,
            number=f"{number}",
            name=f"测试单位{number}",
            role=role,
            initial_password_hash=await hash_password(initial) if initial else None,
        )
        if complete:
            account.password_hash = await hash_password(PASSWORD)
            account.profile_completed_at = clock.now()
            account.contact_name = "张成"
            account.contact_mobile = sealed_mobile(account.id, mobile) if mobile else None
        await account.save(force_create=True)
        address = f"198.51.{number // 250 % 250}.{number % 250}"
        return Party(account, self.limiter, self.views, self.phone, address=address)


async def caller(party: Party, **options: str) -> Caller:
    logged_in = await party.log_in(**options)
    return caller_of(logged_in.account, logged_in.session)
