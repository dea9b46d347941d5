"""Parties, applications and channels for the stories of messages and deliveries."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from models.accounts import Account, AccountKind, Realm, WechatApp, WechatBinding
from models.applications import Application, State
from models.appointments import Appointment
from models.base import new_id
from models.messages import Channel, Delivery, Message
from server import clock, crypto
from server.businesses.catalogue import current_edition
from server.messages.announce import announce
from server.messages.channels import Delivered, Failed, Outcome, Outgoing, Receipt, Refused, Sent
from server.messages.credits import grant
from server.messages.deliver import Deliverer
from server.messages.events import ApplicationEvent, AppointmentEvent, Person
from server.messages.leases import due, take
from server.messages.tries import Try
from server.transactions import in_transaction


@dataclass
class FakeSender:
    """Answers as `plan` says by address, else accepts; remembers every call."""

    plan: dict[str, list[Outcome]] = field(default_factory=dict)
    calls: list[Outgoing] = field(default_factory=list)
    with_receipts: bool = True

    async def send(self, outgoing: Outgoing) -> Outcome:
        self.calls.append(outgoing)
        await asyncio.sleep(0)
        if planned := self.plan.get(outgoing.address):
            return planned.pop(0) if len(planned) > 1 else planned[0]
        return Sent(outgoing.client_msg_id if self.with_receipts else "")

    def to(self, address: str) -> list[Outgoing]:
        return [call for call in self.calls if call.address == address]


@dataclass
class Outside:
    """WeChat and SMS as one worker sees them."""

    wechat: FakeSender = field(default_factory=FakeSender)
    mini_program: FakeSender = field(default_factory=FakeSender)
    sms: FakeSender = field(default_factory=lambda: FakeSender(with_receipts=False))

    def deliverer(self) -> Deliverer:
        senders = {Channel.WECHAT: self.wechat, Channel.MINI_PROGRAM: self.mini_program, Channel.SMS: self.sms}
        return Deliverer(senders)

    async def deliver_all(self) -> None:
        """Send until nothing is due."""
        deliverer = self.deliverer()
        while await deliverer.start_due():
            await deliverer.drain()

    async def deliver_over(self, later: Callable[..., None], *minutes: float) -> None:
        """As often, each time so many minutes after the test began."""
        for passed in minutes:
            later(minutes=passed)
            await self.deliver_all()


async def lease_due(channel: Channel, limit: int) -> list[Try]:
    """What a worker takes and is about to send."""
    return await take(await due(channel, limit))


async def lease_of(account: Account) -> list[Try]:
    """What a worker takes of its WeChat deliveries, with whatever else is due."""
    taken = await lease_due(Channel.WECHAT, 1000)
    ids = {row.id for row in await deliveries_of(account)}
    return [row for row in taken if row.id in ids]


class MessageWorld:
    """Makes a party of its own for every story."""

    async def firm(self, *, name: str = "测试单位201", mobile: str | None = None) -> Account:
        return await self._account(AccountKind.FIRM, name, mobile)

    async def custody(self, *, name: str = "陈静", mobile: str | None = None) -> Account:
        return await self._account(AccountKind.CUSTODY, name, mobile)

    async def _account(self, kind: AccountKind, name: str, mobile: str | None) -> Account:
        id_ = new_id()
        return await Account.create(
            id=id_,
            created_at=clock.now(),
            kind=kind,
            realm=Realm.APPLICANT,
            number=id_.hex[-12:],
            name=name,
            contact_name="张成",
            contact_mobile=crypto.seal(mobile or new_mobile(), f"account.contact_mobile:{id_}"),
        )

    async def binding(self, account: Account, *, reachable: bool = True) -> str:
        """A follower's openid, bound to the account."""
        return await self._bound(account, WechatApp.OFFICIAL_ACCOUNT, reachable=reachable)

    async def phone(self, account: Account, *agreed: str) -> str:
        """An openid of the mini program, bound to the account, whose owner has agreed to these templates (WeChat's
        ids), once for each time that one is named."""
        openid = await self._bound(account, WechatApp.MINI_PROGRAM)
        for time, template_id in enumerate(agreed):
            await grant(openid, template_id, f"popup:{openid}:{time}")
        return openid

    async def _bound(self, account: Account, app: WechatApp, *, reachable: bool = True) -> str:
        openid = f"o{new_id().hex}"
        await WechatBinding.create(
            created_at=clock.now(), app=app, openid=openid, account_id=account.id, reachable=reachable
        )
        return openid

    async def application(
        self, account: Account, name: str = "张三", business: str = "registration", *, mobile: str | None = None
    ) -> Application:
        id_ = new_id()
        form = json.dumps({"name": name, "mobile": mobile or new_mobile()}, ensure_ascii=False)
        return await Application.create(
            id=id_,
            created_at=clock.now(),
            updated_at=clock.now(),
            account_id=account.id,
            business=business,
            edition=current_edition(business).digest,
            form=crypto.seal(form, f"application.form:{id_}"),
            name=name,
            state=State.BOOKED,
        )

    async def appointment(self, account: Account, *applications: Application) -> Appointment:
        """2025-06-13 (星期五) 10:00-10:10, as in the manual."""
        return await Appointment.create(
            created_at=clock.now(),
            account_id=account.id,
            business=applications[0].business,
            desk="member_service",
            on_date=date(2025, 6, 13),
            start="10:00",
            window_from="10:00",
            window_to="10:10",
            people=len(applications),
        )

    async def booked(self, account: Account, *applications: Application) -> Appointment:
        appointment = await self.appointment(account, *applications)
        await self.announce("booked", appointment, *applications)
        return appointment

    async def announce(self, name: str, appointment: Appointment, *applications: Application) -> None:
        people = tuple(Person(application.id, application.name, application.edition) for application in applications)
        async with in_transaction():
            await announce(AppointmentEvent(name, appointment, people))

    async def step(self, appointment: Appointment) -> Appointment:
        """The appointment one version on, as every change to it leaves it."""
        appointment.version += 1
        await appointment.save()
        return appointment


def new_mobile() -> str:
    return f"139{new_id().int % 10**8:08}"


def mobile_of(application: Application) -> str:
    return str(json.loads(crypto.unseal(application.form, f"application.form:{application.id}"))["mobile"])


def contact_of(account: Account) -> str:
    return crypto.unseal(account.contact_mobile or "", f"account.contact_mobile:{account.id}")


def arrived(number: object) -> Receipt:
    return Receipt(str(number), Delivered())


def blocked(number: object) -> Receipt:
    """The person does not want the service account's messages."""
    return Receipt(str(number), Refused("user_block", "用户拒收服务号消息"))


def lost(number: object) -> Receipt:
    return Receipt(str(number), Failed("system_failed", "微信系统发送失败"))


async def messages_of(account: Account) -> list[str]:
    """Texts in the message centre, oldest first."""
    found: list[Any] = await Message.filter(account_id=account.id).order_by("id").values_list("text", flat=True)
    return found


async def deliveries_of(account: Account, **wanted: Any) -> list[Delivery]:
    return await Delivery.filter(account_id=account.id, **wanted).order_by("id")


async def states_of(account: Account, **wanted: Any) -> list[str]:
    return [str(delivery.state) for delivery in await deliveries_of(account, **wanted)]


async def only_delivery(account: Account, **wanted: Any) -> Delivery:
    (delivery,) = await deliveries_of(account, **wanted)
    return delivery


async def tell_done(world: MessageWorld, firm: Account) -> None:
    """Something to tell the account alone: 办理完成."""
    application = await world.application(firm)
    await announce(ApplicationEvent("done", application, f"history:{application.id}"))


async def bound_firm(world: MessageWorld) -> tuple[Account, str]:
    firm = await world.firm()
    return firm, await world.binding(firm)
