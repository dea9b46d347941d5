"""A delivery as staff may see it: whom it goes to, masked, what it says, how it stands, and what to do."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from models.accounts import Account
from models.applications import Application
from models.messages import Delivery, DeliveryState
from server import clock, crypto
from server.messages.addresses import addresses_of
from server.messages.events import EventName
from server.messages.outbox import UNREADABLE, text_of
from server.messages.pauses import held_scopes, scopes_of
from server.messages.texts import message_texts

STATE_LABELS = {
    DeliveryState.PENDING: "待发送",
    DeliveryState.SENDING: "发送中",
    DeliveryState.SENT: "已发出，待回执",
    DeliveryState.IN_DOUBT: "结果待确认",
    DeliveryState.DELIVERED: "已送达",
    DeliveryState.REFUSED: "对方无法接收",
    DeliveryState.FAILED: "发送失败",
    DeliveryState.SUPERSEDED: "已作废",
}
_ADVICE = {
    DeliveryState.IN_DOUBT: "系统会等待回执，服务号消息在安全时限内重发；24小时后仍无结果转为发送失败，无需操作",
    DeliveryState.REFUSED: "请联系用户处理后重试；站内消息已保存，用户登录后可见",
    DeliveryState.FAILED: "请按原因处理后重试；站内消息已保存，用户登录后可见",
}
_HELD = "已暂停，待恢复"
_HELD_ADVICE = "所用的渠道或模板已暂停发送：处理告警中的问题后恢复，待发的自动发出；微信暂停超过30分钟的改发短信"
_SILENT_FOR = timedelta(hours=24)
_SILENT_ADVICE = "已被接受，但超过24小时没有收到送达回执，用户可能没有看到；站内消息已保存"
RETRYABLE = frozenset({DeliveryState.REFUSED, DeliveryState.FAILED})
_SECRET = "（验证码，不显示）"  # noqa: S105 - a label


@dataclass(frozen=True)
class Entry:
    """One delivery as staff may see it: the recipient described and masked, the text shown."""

    delivery: Delivery
    account_name: str
    account_number: str
    recipient: str
    text: str
    held: bool

    @property
    def state_label(self) -> str:
        return _HELD if self.held else STATE_LABELS[self.delivery.state]

    @property
    def advice(self) -> str:
        if self.held:
            return _HELD_ADVICE
        return _SILENT_ADVICE if _is_silent(self.delivery) else _ADVICE.get(self.delivery.state, "")

    @property
    def can_retry(self) -> bool:
        return self.delivery.state in RETRYABLE and not is_secret(self.delivery)


async def describe(deliveries: list[Delivery]) -> list[Entry]:
    """The deliveries as staff may see them, in the order given; a handful of queries however many they are."""
    held = await held_scopes()
    accounts = {account.id: account for account in await Account.filter(id__in={d.account_id for d in deliveries})}
    addresses, names = await addresses_of(deliveries), await _person_names(deliveries)
    return [
        Entry(
            delivery=delivery,
            account_name=accounts[delivery.account_id].name,
            account_number=accounts[delivery.account_id].number,
            recipient=_recipient(delivery, accounts[delivery.account_id], names, addresses),
            text=_shown_text(delivery),
            held=delivery.state is DeliveryState.PENDING and not held.isdisjoint(scopes_of(delivery)),
        )
        for delivery in deliveries
    ]


async def _person_names(deliveries: Iterable[Delivery]) -> dict[str, str]:
    """recipient -> 姓名, for the CPAs concerned."""
    ids = {d.recipient.partition(":")[2] for d in deliveries if d.recipient.startswith("person:")}
    rows: list[Any] = await Application.filter(id__in=ids).values_list("id", "name") if ids else []
    return {f"person:{id_}": name for id_, name in rows}


def _recipient(delivery: Delivery, account: Account, names: dict[str, str], addresses: dict[str, str]) -> str:
    """注师本人 张三 138****5678; a WeChat id keeps four characters at either end."""
    address = addresses.get(delivery.recipient, "")
    if delivery.recipient.startswith("binding:"):
        return f"微信 {crypto.mask(address, 4, 4)}" if address else "微信（已解除绑定）"
    who, name = ("注师本人", names[delivery.recipient]) if delivery.recipient in names else _contact(account)
    return " ".join(part for part in (who, name, crypto.mask(address) or "（没有登记手机号）") if part)


def _contact(account: Account) -> tuple[str, str]:
    return "联系人", account.contact_name or account.name


def _is_silent(delivery: Delivery) -> bool:
    """Accepted long ago, and no receipt says more."""
    first = delivery.first_attempt_at or delivery.created_at
    return delivery.state is DeliveryState.SENT and first < clock.now() - _SILENT_FOR


def is_secret(delivery: Delivery) -> bool:
    return message_texts().events[EventName(delivery.event)].secret


def _shown_text(delivery: Delivery) -> str:
    if is_secret(delivery):
        return _SECRET
    try:
        return text_of(delivery)
    except UNREADABLE:
        return "（内容无法解密）"
