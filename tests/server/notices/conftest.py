"""An editor, firms to tell, and WeChat as one worker sees it, on both engines."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

import pytest

from models.accounts import Account, AccountKind, Realm, WechatApp, WechatBinding
from models.base import new_id
from models.messages import Delivery, Message
from models.notices import Notice
from server import clock
from server.audit.trail import Actor
from server.messages.undone import notice_occurrence
from server.notices.audience import Audience
from server.notices.drafts import NoticeText, find_notice, write_notice
from server.notices.publish import publish_notice
from server.notices.telling import tell_audience
from tests.engines.engine import Engine
from tests.fakes_messages import MessageWorld, Outside


@dataclass(frozen=True)
class Crowd:
    """Firms with one follower each."""

    accounts: list[Account]
    openids: list[str]

    @property
    def audience(self) -> Audience:
        return Audience(numbers=tuple(account.number for account in self.accounts))


class NoticeWorld(MessageWorld):
    editor = Actor(new_id(), "editor (通知编辑)")

    async def crowd(self, size: int, openids: Sequence[str] = ()) -> Crowd:
        """With these openids, or new ones."""
        accounts = [self._firm() for _ in range(size)]
        chosen = openids or [f"o{new_id().hex}" for _ in accounts]
        bindings = [_follower(account, openid) for account, openid in zip(accounts, chosen, strict=True)]
        await Account.bulk_create(accounts)
        await WechatBinding.bulk_create(bindings)
        return Crowd(accounts, [binding.openid for binding in bindings])

    def _firm(self) -> Account:
        id_ = new_id()
        number, now = id_.hex[-12:], clock.now()
        firm = {"kind": AccountKind.FIRM, "realm": Realm.APPLICANT, "name": "测试单位201"}
        return Account(id=id_, created_at=now, number=number, **firm)

    async def draft(self, audience: Audience, title: str = "关于年检的通知") -> Notice:
        return await write_notice(NoticeText(title, "请于月底前办理。", audience), self.editor)

    async def published(self, audience: Audience) -> Notice:
        return await publish_notice((await self.draft(audience)).id, self.editor)

    async def told(self, audience: Audience, *, chunk: int = 500) -> Notice:
        """Published, and everyone has it in the app; WeChat is still to be sent."""
        notice = await self.published(audience)
        await tell_audience(notice, chunk=chunk)
        return await find_notice(notice.id)


def _follower(account: Account, openid: str) -> WechatBinding:
    app = WechatApp.OFFICIAL_ACCOUNT
    return WechatBinding(created_at=clock.now(), app=app, openid=openid, account_id=account.id)


async def told_accounts(notice: Notice) -> list[UUID]:
    """Whom the notice was told, once for each message."""
    found = Message.filter(notice_id=notice.id).order_by("account_id")
    return await found.values_list("account_id", flat=True)  # type: ignore[return-value]


async def once_begun(notice: Notice) -> Notice:
    """The notice as soon as its first chunk is written."""
    while True:
        found = await find_notice(notice.id)
        if found.told:
            return found
        await asyncio.sleep(0)


async def states(notice: Notice) -> list[str]:
    found = await Delivery.filter(occurrence=notice_occurrence(notice.id)).order_by("id")
    return [str(delivery.state) for delivery in found]


def ids(crowd: Crowd) -> list[UUID]:
    return sorted(account.id for account in crowd.accounts)


@pytest.fixture
def world(engine: Engine) -> NoticeWorld:
    """Chunks, leases and cancellations are races: both engines."""
    return NoticeWorld()


@pytest.fixture
def outside() -> Outside:
    return Outside()


@pytest.fixture
def later() -> Iterator[Callable[..., None]]:
    """Move the clock to so long after the real one: later(minutes=9)."""

    def move(*, seconds: float = 0, minutes: float = 0) -> None:
        clock.set_offset(seconds + minutes * 60)

    yield move
    clock.set_offset(0)
